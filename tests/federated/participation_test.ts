// Clients that sit out, updates that are lost, and clients that count by their images.

import { type SimulationConfig } from "../../src/federated/config.ts";
import { ConfigError } from "../../src/federated/errors.ts";
import { builtInMethods } from "../../src/federated/methods/registry.ts";
import { participantsOf, updateArrives } from "../../src/federated/clients/participation.ts";
import { communicate } from "../../src/federated/server/communicate.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { loadStateDict, stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "../assert.ts";
import { assertAllClose, relativeError } from "../close.ts";
import { gpu } from "../gpu.ts";
import { fourierAggregationReference } from "../reference/fourier_aggregation.ts";
import {
  clientNames,
  config,
  dataset,
  distance,
  eventsOf,
  finalsOf,
  numbers,
  randomState,
  startState,
  type State,
  weightedMean,
} from "./small_federation.ts";

Deno.test("participantsOf() draws as many clients as it should, each of them sooner or later", () => {
  for (const [participation, count] of [[1, 4], [0.5, 2], [0.6, 2], [0.7, 3], [0.01, 1]]) {
    const times = clientNames.map(() => 0);
    for (let round = 0; round < 400; round++) {
      const drawn = participantsOf({ ...config, participation }, round);
      assertEquals(drawn, [...new Set(drawn)].sort());
      assertEquals(drawn.length, count);
      drawn.forEach((client) => times[client]++);
    }
    const expected = 400 * count / 4;
    const deviation = Math.sqrt(400 * (count / 4) * (1 - count / 4));
    times.forEach((time) => assert(Math.abs(time - expected) <= 4 * deviation, `${times}`));
  }
  const draw = (seed: number) =>
    Array.from(
      { length: 9 },
      (_, round) => participantsOf({ ...config, participation: 0.5, seed }, round),
    );
  assertEquals(draw(1), draw(1));
  assertNotEquals(draw(1), draw(2));
});

Deno.test("updateArrives() loses the share of updates that it is told to", () => {
  for (const dropout of [0, 0.25, 0.9]) {
    let lost = 0;
    for (let round = 0; round < 1000; round++) {
      for (const client of clientNames.keys()) {
        if (!updateArrives({ ...config, dropout }, round, client)) lost++;
      }
    }
    const deviation = Math.sqrt(4000 * dropout * (1 - dropout));
    assert(Math.abs(lost - 4000 * dropout) <= 4 * deviation, `${lost} of 4000 at ${dropout}`);
  }
});

/**
 * A seed under which clients come and go in every way that matters: one comes back after it sat out, one is
 * behind others of its group, and updates are lost, but not all of a round.
 */
function seedOfChange(changes: Pick<SimulationConfig, "participation" | "dropout" | "rounds">) {
  for (let seed = 0; seed < 100; seed++) {
    const rounds = Array.from({ length: changes.rounds }, (_, round) => {
      const drawn = participantsOf({ ...config, ...changes, seed }, round);
      const senders = drawn.filter((k) => updateArrives({ ...config, ...changes, seed }, round, k));
      return { drawn, senders };
    });
    const comesBack = clientNames.keys().some((k) => {
      const pattern = rounds.map(({ drawn }) => Number(drawn.includes(k))).join("");
      return /10+1/.test(pattern);
    });
    const losesSome = rounds.some(({ drawn, senders }) =>
      senders.length > 0 && senders.length < drawn.length
    );
    if (comesBack && losesSome && rounds.some(({ drawn }) => !drawn.includes(0))) return seed;
  }
  throw new Error("no seed makes clients come and go");
}

for (const method of ["fedavg", "fedprox", "prrfl"] as const) {
  Deno.test(`${method} gives the same bits in groups of any size while clients come and go`, async () => {
    const share = { participation: 0.5, dropout: 0.3, rounds: 4 } as const;
    // FedProx's pull is strong enough to show in every bit, and weak enough not to diverge.
    const changes = {
      ...{ ...share, method, localEpochs: 2, proximalMu: 10, learningRate: 0.01 },
      seed: seedOfChange(share),
    } as const;
    const events = await eventsOf(changes);
    for (const parallelClients of [1, 3]) {
      assertEquals((await eventsOf({ ...changes, parallelClients })).slice(1), events.slice(1));
    }
  });
}

Deno.test("fedprox pulls those who take part to where this round began, not an earlier one", async () => {
  const changes = { participation: 0.5, localEpochs: 3, learningRate: 0.01, rounds: 2 } as const;
  const trained = async (method: "fedavg" | "fedprox", rounds: number) => {
    const finals = finalsOf(await eventsOf({ ...changes, method, rounds, proximalMu: 50 }));
    return numbers(finals[0].tensors, "layer3.1.conv.weight");
  };
  const begin = await trained("fedprox", 1);
  const pulled = await trained("fedprox", 2);
  const free = await trained("fedavg", 2);
  assert(distance(pulled, begin) < distance(free, begin));
  assert(distance(pulled, begin) > 0);
});

Deno.test("clients that sit out keep their models, and events say who they are", async () => {
  const changes = { method: "local", participation: 0.5, rounds: 4 } as const;
  const before = new Map<string, State>();
  // The state after each round, from runs that end there: round by round, nothing else differs.
  for (let rounds = 1; rounds <= 4; rounds++) {
    const events = await eventsOf({ ...changes, rounds });
    const round = events.findLast((event) => event.type === "round")!;
    const epoch = events.findLast((event) => event.type === "epoch")!;
    assertEquals(round.participants.length, 2);
    assertEquals(
      round.participants,
      participantsOf({ ...config, ...changes }, rounds - 1).map((index) => clientNames[index]),
    );
    for (const { client, train, batchLosses, stage } of epoch.clients) {
      const trained = round.participants.includes(client);
      assertEquals([train !== null, batchLosses !== null, stage], [trained, trained, null]);
    }
    for (const { client, tensors } of finalsOf(events)) {
      const earlier = before.get(client) ?? await startState();
      for (const [name, { data }] of tensors) {
        if (round.participants.includes(client)) {
          if (name === "layer1.0.conv.weight") assertNotEquals(data, earlier.get(name)!.data);
        } else assertEquals(data, earlier.get(name)!.data, `${name} of ${client}`);
      }
      before.set(client, tensors);
    }
  }
});

Deno.test("clients train the same whether others sit out or not", async () => {
  const changes = { method: "local", rounds: 1, localEpochs: 2 } as const;
  const whole = finalsOf(await eventsOf(changes));
  const some = await eventsOf({ ...changes, participation: 0.5 });
  const { participants } = some.find((event) => event.type === "round")!;
  for (const [k, { client, tensors }] of finalsOf(some).entries()) {
    assertEquals(tensors, participants.includes(client) ? whole[k].tensors : await startState());
  }
});

Deno.test("prrfl decides stages for those who train only", async () => {
  const events = await eventsOf({ participation: 0.5, localEpochs: 2, rounds: 2 });
  let participants: readonly string[] = [];
  for (const event of events) {
    if (event.type === "round") ({ participants } = event);
    if (event.type === "stage") {
      assertEquals(event.clients.map(({ client }) => client), [...participants]);
    }
    if (event.type === "epoch") {
      const staged = event.clients.filter(({ stage }) => stage !== null);
      assertEquals(staged.map(({ client }) => client), [...participants]);
    }
  }
});

Deno.test("a later participant of fedavg starts from the current global weights", async () => {
  const finals = finalsOf(await eventsOf({ method: "fedavg", participation: 0.5, rounds: 1 }));
  for (const { tensors } of finals) {
    for (const [name, { data }] of tensors) {
      if (data instanceof Float32Array) assertEquals(data, finals[0].tensors.get(name)!.data);
    }
  }
});

Deno.test("a round whose updates are all lost changes no model", async () => {
  const changes = { method: "fedavg", rounds: 1 } as const;
  const dropout = 1 - 1e-9;
  const lost = await eventsOf({ ...changes, dropout });
  const alone = await eventsOf({ ...changes, method: "local" });
  assertEquals(finalsOf(lost), finalsOf(alone));
  const end = lost.find((event) => event.type === "aggregation")!;
  assertEquals([end.senders, end.receivers], [[], []]);
});

Deno.test("events tell who received something: all, or those who sent", async () => {
  const names = config.dataset.clients.map(({ name }) => name);
  const changes = { participation: 0.5, rounds: 1 } as const;
  for (const method of ["fedavg", "prrfl", "local"] as const) {
    const events = await eventsOf({ method, ...changes });
    const { senders, receivers } = events.find((event) => event.type === "aggregation")!;
    assertEquals(receivers, method === "fedavg" ? names : senders);
  }
});

Deno.test("rounds with other participants hold no more memory", async () => {
  const counts: string[] = [];
  const changes = { participation: 0.5, dropout: 0.2, rounds: 12 } as const;
  for await (const event of simulate(gpu, { ...config, ...changes })) {
    if (event.type === "aggregation") counts.push(`${gpu.live} ${gpu.pooled} ${gpu.pipelines}`);
  }
  assertEquals(counts.at(-1), counts.at(-6));
});

const parts = [
  { weight: 5, sends: true },
  { weight: 100, sends: false },
  { weight: 11, sends: true },
  { weight: 2, sends: true },
];
const senders = [0, 2, 3];

for (const name of ["fedavg", "prrfl"] as const) {
  Deno.test(`${name} weighs those who send, and gives to those who receive`, async () => {
    const model = vgg(gpu, { stack: 4, numClasses: 3, bias: true, width: 0.125 });
    const before = parts.map((_, index) => randomState(model, index));
    before.forEach((state, index) => loadStateDict(model, state, index));
    const sharing = builtInMethods[name].sharing!;
    communicate(sharing, parts.map((part, index) => ({ model, index, ...part })), 0.7);

    const weights = senders.map((index) => parts[index].weight);
    for (let k = 0; k < 4; k++) {
      const after = await stateDict(model, k);
      for (const tensor of ["layer2.0.conv.weight", "fc2.linear.weight", "fc2.linear.bias"]) {
        const values = numbers(after, tensor);
        const sent = senders.map((index) => numbers(before[index], tensor));
        if (name === "prrfl" && !senders.includes(k)) {
          assertEquals(values, numbers(before[k], tensor));
        } else if (name === "prrfl" && tensor.endsWith("weight")) {
          const { shape } = after.get(tensor)!;
          const expected = fourierAggregationReference(sent, shape, 0.7, weights);
          const error = relativeError(values, expected[senders.indexOf(k)]);
          assert(error < 3e-6, `${tensor} of ${k}: error ${error}`); // as in fourier_test.ts
        } else {
          assertAllClose(`${tensor} of ${k}`, values, weightedMean(sent, weights), 2e-7);
        }
      }
    }
    model.dispose();
  });
}

Deno.test("clients can count by their training images", async () => {
  const alone = finalsOf(await eventsOf({ method: "local", rounds: 1 }));
  const sizes = dataset.clients.map(({ train }) => train.labels.length);
  for (const [clientWeights, weights] of [["equal", [1, 1, 1, 1]], ["samples", sizes]] as const) {
    const events = await eventsOf({ method: "fedavg", rounds: 1, clientWeights });
    const [{ tensors }] = finalsOf(events);
    for (const name of ["layer3.1.conv.weight", "layer1.0.bn.running_var", "fc1.bn.weight"]) {
      const mean = weightedMean(alone.map((client) => numbers(client.tensors, name)), weights);
      assertAllClose(name, numbers(tensors, name), mean, 5e-7); // four roundings of numbers up to 2
    }
  }
});

Deno.test("simulate() rejects shares that are none", async () => {
  const mistakes: [Partial<SimulationConfig>, string][] = [
    [{ participation: 0 }, "participation is 0 but has to be a number above 0 and at most 1"],
    [{ participation: 1.5 }, "participation is 1.5"],
    [{ dropout: 1 }, "dropout is 1 but has to be a number of at least 0 and below 1"],
    [{ dropout: NaN }, "dropout is NaN"],
    [
      { clientWeights: "size" as "equal" },
      'clientWeights is "size" but has to be one of equal, samples',
    ],
  ];
  for (const [changes, message] of mistakes) {
    await assertRejects(() => eventsOf(changes), ConfigError, message);
  }
});
