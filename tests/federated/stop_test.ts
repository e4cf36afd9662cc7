// A simulation that is told to stop, wherever it is: what it tells last is enough to go on as if it had not been.

import { ConfigError } from "../../src/federated/errors.ts";
import type { SimulationEvent, StateEvent } from "../../src/federated/events.ts";
import type { SimulationState } from "../../src/federated/recovery/state.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { gpu } from "../gpu.ts";
import { Poison } from "./poison.ts";
import { type Changes, config, eventsOf, simulated } from "./small_federation.ts";

const isState = (event: SimulationEvent): event is StateEvent => event.type === "state";

/** A signal that is there when it is looked for the so-manieth time: after so many steps. */
function stopAfter(steps: number): Changes["stop"] {
  let looks = 0;
  return {
    get aborted() {
      return ++looks >= steps;
    },
  };
}

/** Where a run is that goes on from a state, in a word that tests count. */
function kindOf({ position, tensors }: SimulationState): string {
  if (position.at === "communication") return "communicated";
  if (position.at !== "step") return position.at === "round" ? "between rounds" : "between epochs";
  if (position.steps.every((own) => own > 0)) return "within an epoch, all groups";
  const isEvaluated = tensors.keys().some((name) => name.includes(".outcomes.test."));
  return isEvaluated ? "within an epoch, evaluated" : "within an epoch";
}

/**
 * Stops a run after every few steps and goes on from the last state; after more, where that got it nowhere.
 *
 * @returns what a reader of its folder sees, and where it went on
 */
async function stoppedAgainAndAgain(changes: Changes, steps: number) {
  const told: SimulationEvent[] = [];
  const kinds = new Set<string>();
  let resumeFrom: SimulationState | null = null;
  for (let patience = steps;;) {
    const events: SimulationEvent[] = await eventsOf({
      ...changes,
      ...(resumeFrom?.position.at === "step" ? { parallelClients: "auto" } : {}),
      resumeFrom,
      stop: stopAfter(patience),
    });
    const isDone = events.at(-1)!.type === "done";
    const last = events.findLast(isState);
    const end = isDone ? events.length : last ? events.indexOf(last) : 0;
    const [begin, before] = resumeFrom === null ? [0, "nothing"] : [1, placeOf(resumeFrom)];
    told.push(...events.slice(begin, end).filter((event) => !isState(event)));
    if (isDone) return { told, kinds };
    resumeFrom = last?.state ?? resumeFrom;
    kinds.add(kindOf(resumeFrom!));
    patience = placeOf(resumeFrom!) === before ? patience + steps : steps;
  }
}

function placeOf({ position, tensors }: SimulationState): string {
  return JSON.stringify([position, tensors.size]);
}

/** Runs that differ in what they have to remember, and the steps between two stops. */
const runs: Record<string, { changes: Changes; steps: number }> = {
  "prrfl with evaluations within epochs": {
    changes: { method: "prrfl", localEpochs: 2, evaluateEvery: 1, augment: "full" },
    steps: 1,
  },
  "fedprox with Adam whose clients sit out rounds": {
    changes: {
      ...{ method: "fedprox", proximalMu: 1, optimizer: "adam", learningRate: 1e-3 },
      ...{ localEpochs: 2, participation: 0.5, onNan: "skip-client", stateEvery: "epoch" },
    },
    steps: 2,
  },
};

const kindsOf: Record<string, Set<string>> = {};

for (const [name, { changes, steps }] of Object.entries(runs)) {
  Deno.test(`simulate() that is stopped again and again tells the same of ${name}`, async () => {
    const live = gpu.live;
    const whole = { parallelClients: 3, stateEvery: "round", ...changes } as const;
    const expected = (await eventsOf(whole)).filter((event) => !isState(event));
    const { told, kinds } = await stoppedAgainAndAgain(whole, steps);
    assertEquals(told.map(({ type }) => type), expected.map(({ type }) => type));
    told.forEach((event, k) => assertEquals(event, expected[k], `${event.type}, ${k}`));
    assertEquals(gpu.live, live);
    kindsOf[name] = kinds;
  });
}

Deno.test("those runs went on from every kind of state", () => {
  const [first] = Object.values(kindsOf);
  assertEquals([...first].toSorted(), [
    "between epochs",
    "between rounds",
    "communicated",
    "within an epoch",
    "within an epoch, all groups",
    "within an epoch, evaluated",
  ]);
});

/** The last state of a run that is stopped after so many steps; the same run otherwise. */
async function stateAfter(steps: number, changes: Changes) {
  const stopped = await eventsOf({ ...changes, stop: stopAfter(steps) });
  const event = stopped.at(-1)!;
  assert(isState(event), event.type);
  return event.state;
}

const small: Changes = {
  ...{ method: "fedavg", localEpochs: 2, stateEvery: "epoch", parallelClients: 3 },
  evaluateEvery: 1,
};

Deno.test("simulate() goes on within a local epoch with the same groups only", async () => {
  const state = await stateAfter(2, small);
  const place = { round: 0, epoch: 0, parallelClients: 3, steps: [1, 0] };
  assertEquals(state.position, { at: "step", ...place });
  const resumed = (changes: Changes) => eventsOf({ ...small, resumeFrom: state, ...changes });
  for (const parallelClients of [1, 4]) {
    await assertRejects(
      () => resumed({ parallelClients }),
      ConfigError,
      "Cannot resume: the state was taken within a local epoch with 3 parallel clients and cannot go on with " +
        parallelClients,
    );
  }
  const [run] = await resumed({ parallelClients: "auto", stop: stopAfter(1) });
  assertEquals(run.type === "run" && run.parallelClients, 3);
  const whole = await stateAfter(1, { ...small, parallelClients: 4 });
  await resumed({ parallelClients: 9, resumeFrom: whole, stop: stopAfter(1) });
});

Deno.test("simulate() refuses a state that cannot be within a local epoch", async () => {
  const state = await stateAfter(4, small);
  const { position, tensors } = state;
  assert(position.at === "step");
  assertEquals(position.steps, [2, 0]);
  const evaluation = "0.local.outcomes.test.1";
  const training = "0.local.outcomes.train";
  const without = (name: string) => new Map([...tensors].filter(([other]) => other !== name));
  const { data } = tensors.get(training)!;
  const flat = { shape: [data.length], data };
  const at = (changes: Partial<typeof position>) => ({ position: { ...position, ...changes } });
  const broken: [Partial<SimulationState>, string][] = [
    [at({ steps: [1] }), "Cannot go on with 1 groups of clients: there are 2"],
    [at({ steps: [9, 0] }), "after step 9 of a local epoch of 2 steps"],
    [at({ steps: [1, 0] }), 'local.outcomes.train" of shape [8, 5] in f32 is'],
    [at({ parallelClients: 0, steps: [] }), "was taken with 0 parallel clients"],
    [at({ epoch: 2 }), "round 0, within epoch 2, but there are 2 rounds of 2"],
    [
      { position: { at: "communication", round: 2 } },
      "round 2, after the communication, but there are",
    ],
    [{ tensors: without(training) }, `"${training}" of shape [10, 5] in f32 is expected but is`],
    [{ tensors: new Map(tensors).set(training, flat) }, `but has shape [${data.length}]`],
    [{ tensors: without(evaluation) }, `"${evaluation}" of shape [7, 5] in f32 is expected but is`],
  ];
  for (const [changes, message] of broken) {
    const resumed = () => eventsOf({ ...small, resumeFrom: { ...state, ...changes } });
    await assertRejects(resumed, ConfigError, message);
  }
});

Deno.test("simulate() counts as done what was done of an epoch before it was stopped", async () => {
  const resumeFrom = await stateAfter(4, small);
  const events = simulated({ ...config, ...small, resumeFrom, stop: stopAfter(1) });
  const progress = (await Array.fromAsync(events)).filter(({ type }) => type === "progress");
  // Batches of training, thrice: two of A and of B, one of D, and now the one of C; of one evaluation four.
  assertEquals(progress.map((event) => event.type === "progress" && event.done), [3 * 6 + 4]);
});

/** When a run is stopped whose numbers have gone bad after the first local epoch. */
const moments = {
  "before that shows": { onNan: "stop", at: "state" },
  "when a client was put back": { onNan: "skip-client", at: "divergence" },
} as const;

for (const [when, { onNan, at }] of Object.entries(moments)) {
  Deno.test(`simulate() that is stopped within an epoch with bad numbers ${when} tells no state of it`, async () => {
    const run = { ...config, ...small, parallelClients: 4, evaluateEvery: null, onNan };
    using poison = new Poison(gpu, run);
    const states: SimulationState[] = [];
    let looks = Infinity;
    const stop = {
      get aborted() {
        return --looks <= 0;
      },
    };
    for await (const event of simulated({ ...run, stop })) {
      const isPoisoned = isState(event) && event.state.position.at === "epoch";
      if (isState(event)) states.push(event.state);
      if (isPoisoned) poison.give({ client: 2, role: "local", parameter: "fc2.linear.weight" });
      if (event.type === at && states.length === 2) looks = 1;
    }
    assertEquals(looks, 0);
    assertEquals(states.map(({ position }) => position), [
      { at: "round", round: 0 },
      { at: "epoch", round: 0, epoch: 1 },
    ]);
  });
}

Deno.test("simulate() that is stopped tells nothing where it tells no states", async () => {
  const types = (await eventsOf({ ...small, stateEvery: null, stop: stopAfter(1) }))
    .map(({ type }) => type);
  assertEquals(types, ["run", "round"]);
});
