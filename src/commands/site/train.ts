// The command `site train`: one round's local training, and what the site sends.

import { writeFileAtomic } from "../../io/files.ts";
import { siteTrainFlags } from "../flags/site.ts";
import { resolveOptions } from "../options.ts";
import { UsageError } from "../usage_error.ts";
import { encodeMessage, type MessageFacts, readMean } from "./message_file.ts";
import { neededFlag } from "./needed_flag.ts";
import { planTraining } from "./plan.ts";
import { printResult, SiteRows } from "./results.ts";
import { SiteFolder } from "./site_folder.ts";
import { SiteRun } from "./site_run.ts";

/**
 * Trains, writes the message and prints what came of it. The same round again gives the same, and changes nothing.
 *
 * @param signal ends it after the step under way
 * @throws {UsageError} for a round that is over, or a mean that is missing or of another round
 * @throws {DataError | ConfigError | GpuError | DivergenceError | RunFolderError} saying what is wrong and what to do
 */
export async function siteTrain(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { options } = resolveOptions(args, siteTrainFlags);
  const round = neededFlag("round", options.round);
  const out = neededFlag("message", options.message);
  using site = await SiteFolder.open(neededFlag("state", options.state));
  using run = await SiteRun.open(site, options);
  const rows = await SiteRows.read(site.run);
  const plan = planTraining(run.standing, round, run.course);
  const { agreement } = site.record;
  const facts: MessageFacts = { agreement, method: run.method, round };
  const weight = run.weight(rows.images.train);
  let bytes = await site.sent(round);
  if (plan.kind === "go" || bytes === null) {
    if (rows.training(round) === null && plan.kind === "repeat") throw notTrained(round);
    const { takes } = plan.kind === "go" ? plan : { takes: null };
    const mean = takes === null ? null : await readMean(
      neededFlag("mean", options.mean),
      { ...facts, round: takes },
    );
    await run.go({
      plan: plan.kind === "go" ? plan : { kind: "go", from: "state", takes: null },
      meanElsewhere: async (sent, { round: at }) => {
        if (at === takes) return mean;
        await site.keepSent(at, encodeMessage(sent!, facts, weight)); // it has trained
        return null;
      },
      endsAfter: () => false,
    }, signal);
    bytes = (await site.sent(round))!;
  }
  await writeFileAtomic(out, bytes);
  const training = (await SiteRows.read(site.run)).training(round)!;
  const { client } = site.record;
  printResult({
    ...{ type: "train", round, client, agreement, rate: run.rates[round], weight },
    trainImages: rows.images.train,
    message: { bytes: bytes.length },
    ...training,
  });
}

function notTrained(round: number): UsageError {
  return new UsageError(
    `Cannot train round ${round}: it is over, and this site was away; go on with the round that the others are at`,
  );
}
