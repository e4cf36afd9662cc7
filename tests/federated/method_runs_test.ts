// Whole runs of the methods: equal to a plain loop over clients, repeatable, whatever the grouping.

import { type SimulationConfig } from "../../src/federated/config.ts";
import { ConfigError } from "../../src/federated/errors.ts";
import type { FederatedMethod } from "../../src/federated/methods/method.ts";
import { builtInMethods, type MethodName } from "../../src/federated/methods/registry.ts";
import { sgd } from "../../src/nn/sgd.ts";
import { stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { crossEntropy } from "../../src/ops/losses.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "../assert.ts";
import { gpu } from "../gpu.ts";
import {
  config,
  dataset,
  distance,
  eventsOf,
  finalsOf,
  numbers,
  startState,
} from "./small_federation.ts";

for (const [name, { roles, beforeEpoch, sharing }] of Object.entries(builtInMethods)) {
  Deno.test(`${name} repeats bit for bit, also with clients in groups`, async () => {
    const method = name as MethodName;
    const events = await eventsOf({ method });
    const again = await eventsOf({ method, parallelClients: 3 });
    assertEquals(again.slice(1), events.slice(1)); // the first tells the number
    const [run] = events;
    assert(run.type === "run");
    assertEquals([run.roles, run.sharedRole], [roles, sharing?.role ?? null]);
    assertEquals(finalsOf(events).map(({ role }) => role).slice(0, roles.length), [...roles]);
    const stages = events.filter((event) => event.type === "stage");
    assertEquals(stages.length, beforeEpoch ? 2 : 0);
    for (const event of events) {
      if (event.type === "epoch") {
        assertEquals(event.clients.map(({ stage }) => stage === null), [
          ...new Array(4).fill(!beforeEpoch),
        ]);
      }
      if (event.type === "aggregation") {
        assertEquals(event.rate !== null, name === "pfa" || name === "prrfl");
      }
    }
  });
}

Deno.test("local trains every client as a plain loop over its batches does", async () => {
  // Small steps: the batch norm of a last batch of two images magnifies every rounding.
  const changes = { learningRate: 1e-3, rounds: 1, localEpochs: 2, shuffle: false };
  const start = await startState();
  const finals = finalsOf(await eventsOf({ ...changes, method: "local" }));
  assertEquals(finals.length, 4);
  for (const [k, { tensors }] of finals.entries()) {
    const expected = await plainLoop(k, changes);
    for (const name of tensors.keys()) {
      const error = distance(numbers(tensors, name), numbers(expected, name));
      const moved = distance(numbers(expected, name), numbers(start, name));
      assert(error < 1e-3 * moved, `client ${k} ${name}: error ${error} after ${moved}`);
    }
  }
});

/** One client by itself, with batches as short as they are. */
async function plainLoop(client: number, changes: Partial<SimulationConfig>) {
  const { train } = dataset.clients[client];
  const { batchSize, learningRate, weightDecay, width, seed, localEpochs } = {
    ...config,
    ...changes,
  };
  const model = vgg(gpu, { stack: 1, numClasses: 3, width, seed });
  const optimizer = sgd(model, { lr: learningRate, weightDecay });
  const pixels = 32 * 32;
  for (let epoch = 0; epoch < localEpochs; epoch++) {
    for (let first = 0; first < train.labels.length; first += batchSize) {
      using _scope = gpu.scope();
      const labels = train.labels.slice(first, first + batchSize);
      const rows = labels.length;
      const x = new Float32Array(rows * 3 * pixels);
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < pixels; i++) {
          for (let channel = 0; channel < 3; channel++) {
            const byte = train.images[((first + row) * pixels + i) * 3 + channel];
            x[(row * 3 + channel) * pixels + i] = (byte / 255 - 0.5) / 0.5;
          }
        }
      }
      const input = gpu.tensor(x, [1, rows, 3, 32, 32]);
      const logits = model.forward(input, { training: true });
      optimizer.zeroGrad();
      backward(crossEntropy(logits, gpu.tensor(labels, [1, rows])));
      optimizer.step();
    }
  }
  const state = await stateDict(model, 0);
  optimizer.dispose();
  model.dispose();
  return state;
}

Deno.test("fedavg leaves all clients with equal models but for what they have counted", async () => {
  const [first, ...others] = finalsOf(await eventsOf({ method: "fedavg" }));
  for (const { tensors } of others) {
    for (const [name, { data }] of tensors) {
      if (data instanceof Float32Array) assertEquals(data, first.tensors.get(name)!.data, name);
    }
  }
});

Deno.test("where all clients receive one whole model, one checkpoint of each reason is the server's", async () => {
  const told = async (changes: Partial<SimulationConfig>) =>
    (await eventsOf(changes)).flatMap((event) =>
      event.type === "checkpoint" && event.isServerModel
        ? [`${event.reason} ${event.client} ${event.role}`]
        : []
    );
  const first = (role: string) => [`best A ${role}`, `final A ${role}`];
  const changes = { rounds: 1, localEpochs: 1 };
  assertEquals(await told({ ...changes, method: "fedavg" }), first("local"));
  assertEquals(await told({ ...changes, method: "fml" }), first("deputy"));
  for (const method of ["local", "fedbn", "silobn", "pfa", "prrfl"] as const) {
    assertEquals(await told({ ...changes, method }), []);
  }
  assertEquals(await told({ ...changes, method: "fedavg", dropout: 0.999999 }), []);
});

Deno.test("fedprox is fedavg with mu 0, and stays nearer to the start the larger mu is", async () => {
  // Steps so small that all is linear, and the pull (learning rate times mu) a fifth and a half of the way back.
  const changes = { method: "fedprox", rounds: 1, localEpochs: 2, learningRate: 1e-4 } as const;
  const averaged = await eventsOf({ ...changes, method: "fedavg" });
  const unpulled = await eventsOf({ ...changes, proximalMu: 0 });
  assertEquals(unpulled.slice(1), averaged.slice(1)); // the first tells the method's title
  const start = await startState();
  const distances: number[] = [];
  for (const proximalMu of [0, 2000, 5000]) {
    const [{ tensors }] = finalsOf(await eventsOf({ ...changes, proximalMu }));
    const name = "layer3.1.conv.weight";
    distances.push(distance(numbers(tensors, name), numbers(start, name)));
  }
  assert(distances[0] > 1.1 * distances[1] && distances[1] > 1.1 * distances[2], `${distances}`);
});

Deno.test("fedprox pulls to the weights that each round begins with", async () => {
  const changes = { method: "fedprox", proximalMu: 5, learningRate: 0.1, localEpochs: 2 } as const;
  const start = await startState();
  const movedIn = async (rounds: number) => {
    const [{ tensors }] = finalsOf(await eventsOf({ ...changes, rounds }));
    const name = "layer3.1.conv.weight";
    return distance(numbers(tensors, name), numbers(start, name));
  };
  // If the anchor stayed where the first round began, all rounds would end about as far from there.
  const [one, three] = [await movedIn(1), await movedIn(3)];
  assert(three > 1.5 * one, `${one} after one round, ${three} after three`);
});

Deno.test("simulate() takes a method of one's own", async () => {
  const headless: FederatedMethod = {
    ...builtInMethods.fedavg,
    sharing: { ...builtInMethods.fedavg.sharing!, exchange: () => null },
  };
  const own = await eventsOf({ method: headless, rounds: 1 });
  const local = await eventsOf({ method: "local", rounds: 1 });
  assertEquals(finalsOf(own), finalsOf(local));
  const averaged = await eventsOf({ method: builtInMethods.fedavg, rounds: 1 });
  assertEquals(averaged, await eventsOf({ method: "fedavg", rounds: 1 }));
  assertNotEquals(finalsOf(averaged), finalsOf(local));
});

const { fedavg, prrfl } = builtInMethods;
const mistakes: readonly (readonly [string, FederatedMethod, string])[] = [
  ["without roles", { ...fedavg, roles: [] }, "its roles are [] but have to be different names"],
  ["with two equal roles", { ...prrfl, roles: ["a", "a"] }, "its roles are [a, a]"],
  ["judged by a role it lacks", { ...fedavg, personalRole: "me" }, 'it has no role "me"'],
  ["that shares a role it lacks", { ...prrfl, roles: ["personal"] }, 'it has no role "deputy"'],
];

for (const [name, method, message] of mistakes) {
  Deno.test(`simulate() rejects a method ${name}`, async () => {
    await assertRejects(() => eventsOf({ method }), ConfigError, message);
  });
}
