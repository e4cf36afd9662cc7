// The long form of the test that kills and stops the program: train and compare, again and again.

import { RandomStream } from "../../src/random.ts";
import { killAgainAndAgain, type Killed, type KillPlan, killPlans, undisturbed } from "./kills.ts";
import type { TorturePart, TortureRow } from "./part.ts";

/** Kills of one run; then it is let go on to its end. */
const most = 6;
/** Of all runs. */
const leastKills = 50;

/** Every plan in turn until the time is over and there were enough kills; a run that has begun is ended. */
export const killPart: TorturePart = {
  name: "kill",
  async run(seed, milliseconds, onProgress) {
    const end = performance.now() + milliseconds;
    const plans: { plan: KillPlan; whole: Awaited<ReturnType<typeof undisturbed>> }[] = [];
    for (const plan of killPlans) plans.push({ plan, whole: await undisturbed(plan) });
    const runs: { plan: KillPlan; killed: Killed; number: number }[] = [];
    const count = () => runs.reduce((sum, { killed }) => sum + killed.kills.length, 0);
    for (let number = 0; performance.now() < end || count() < leastKills; number++) {
      const { plan, whole } = plans[number % plans.length];
      const killed = await killAgainAndAgain(plan, whole, new RandomStream(seed, number), most);
      runs.push({ plan, killed, number });
      onProgress(`${count()} kills in ${runs.length} runs`);
    }
    return killPlans.map((plan) => rowOf(plan, seed, runs.filter((run) => run.plan === plan)));
  },
};

function rowOf(
  { name }: KillPlan,
  seed: number,
  runs: readonly { readonly killed: Killed; readonly number: number }[],
): TortureRow {
  const kills = runs.flatMap(({ killed }) => killed.kills);
  const stops = kills.filter(({ by }) => by === "SIGTERM").length;
  const resumed = kills.filter(({ resumed }) => resumed).length;
  const failures = runs.flatMap(({ killed: { kills, problem }, number }) => {
    const moments = kills.map(({ by, after }) => `${after} (${by})`).join(", ");
    return problem === null
      ? []
      : [`${name}, seed ${seed}, run ${number}, killed after ${moments} ms: ${problem}`];
  });
  return {
    what: name,
    count: kills.length,
    outcome: `kills, ${stops} of them with SIGTERM, ${resumed} of a process that had gone on; ` +
      `${runs.length} runs, ${runs.length - failures.length} as undisturbed`,
    failures,
  };
}
