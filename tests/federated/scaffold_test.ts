// SCAFFOLD's memory: what clients and the server remember, against the paper's equations in double precision.

import { ConfigError } from "../../src/federated/errors.ts";
import type { SimulationState } from "../../src/federated/recovery/state.ts";
import { learningRateOf } from "../../src/federated/clients/learning_rate.ts";
import { participantsOf } from "../../src/federated/clients/participation.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { gpu } from "../gpu.ts";
import { Poison } from "./poison.ts";
import { type Changes, config, dataset, eventsOf, simulated } from "./small_federation.ts";

/** Half of the clients train in each round, the server goes part of the way. */
const half = {
  ...{ method: "scaffold", participation: 0.5, rounds: 3, localEpochs: 2 },
  ...{ learningRateStep: 1, serverLearningRate: 0.6, stateEvery: "epoch" },
} as const satisfies Changes;
const clients = [...dataset.clients.keys()];

async function statesOf(changes: Changes): Promise<SimulationState[]> {
  const events = await eventsOf(changes);
  return events.flatMap((event) => event.type === "state" ? [event.state] : []);
}

const states = await statesOf(half);
const { tensors: first } = states[0];
const parameters = first.keys().filter((name) => name.startsWith("server.weights."))
  .map((name) => name.slice("server.weights.".length)).toArray();

function numbers({ tensors }: SimulationState, name: string): Float64Array {
  const tensor = tensors.get(name);
  assert(tensor, `there is no ${name}`);
  return Float64Array.from(tensor.data, Number);
}

function mean(values: readonly Float64Array[]): Float64Array {
  const sum = (i: number) => values.reduce((sum, value) => sum + value[i], 0);
  return values[0].map((_, i) => sum(i) / values.length);
}

Deno.test("clients and the server of scaffold begin without control variates, the server with the weights", () => {
  for (const name of parameters) {
    for (const set of ["0.local.control", "3.local.server_control", "server.control"]) {
      assert(numbers(states[0], `${set}.${name}`).every((value) => value === 0), `${set} ${name}`);
    }
    const weights = numbers(states[0], `server.weights.${name}`);
    assertEquals(weights, numbers(states[0], `0.local.parameters.${name}`), name);
  }
});

Deno.test("scaffold's control variates are the mean gradients of a client's round (option II)", () => {
  const [start, , trained] = states;
  const { localEpochs = 1, batchSize } = { ...config, ...half };
  const participants = participantsOf({ ...config, ...half, dataset }, 0);
  assertEquals(participants.length, 2);
  for (const client of clients) {
    const batches = Math.ceil(dataset.clients[client].train.labels.length / batchSize);
    const rateTimesSteps = learningRateOf({ ...config, ...half }, 0) * localEpochs * batches;
    for (const name of parameters) {
      const [x, y] = [start, trained].map((s) => numbers(s, `${client}.local.parameters.${name}`));
      const expected = participants.includes(client)
        ? x.map((value, i) => (value - y[i]) / rateTimesSteps)
        : x.map(() => 0);
      const label = `${name} of client ${client}`;
      // Weights of single precision, a thousandth of which is the way that they have gone.
      const options = [
        label,
        numbers(trained, `${client}.local.control.${name}`),
        expected,
      ] as const;
      assertAllClose(...options, 1e-6 / rateTimesSteps);
      const change = numbers(trained, `${client}.local.change.${name}`);
      assertEquals(change, numbers(trained, `${client}.local.control.${name}`), label);
    }
  }
});

Deno.test("scaffold's server variate stays the mean of all clients', whoever takes part", () => {
  const rounds = states.filter(({ position }) => position.at === "round");
  assertEquals(rounds.length, 3);
  for (const state of rounds) {
    for (const name of parameters) {
      const control = numbers(state, `server.control.${name}`);
      const controls = clients.map((client) => numbers(state, `${client}.local.control.${name}`));
      const largest = Math.max(1, ...controls.flatMap((values) => [...values.map(Math.abs)]));
      assertAllClose(name, control, mean(controls), 1e-6 * largest);
      for (const client of clients) {
        const received = numbers(state, `${client}.local.server_control.${name}`);
        assertEquals(received, control, `${name} of client ${client}`);
      }
    }
  }
});

Deno.test("scaffold's server goes its share of the way to the mean, and all clients receive that", () => {
  const at = (position: SimulationState["position"]) =>
    states.find((state) => JSON.stringify(state.position) === JSON.stringify(position))!;
  const before = at({ at: "round", round: 1 });
  const trained = at({ at: "epoch", round: 1, epoch: 2 });
  const after = at({ at: "round", round: 2 });
  const participants = participantsOf({ ...config, ...half, dataset }, 1);
  for (const name of parameters) {
    const x = numbers(before, `server.weights.${name}`);
    const y = mean(participants.map((k) => numbers(trained, `${k}.local.parameters.${name}`)));
    const expected = x.map((value, i) => value + 0.6 * (y[i] - value));
    assertAllClose(name, numbers(after, `server.weights.${name}`), expected, 5e-7);
    for (const client of clients) {
      const received = numbers(after, `${client}.local.parameters.${name}`);
      assertEquals(received, numbers(after, `server.weights.${name}`), `${name} of ${client}`);
    }
  }
});

Deno.test("a client of scaffold that is skipped keeps the control variate that it had", async () => {
  const run = { ...half, participation: 1, onNan: "skip-client" as const, rounds: 2 };
  using poison = new Poison(gpu, { ...config, ...run });
  const told: SimulationState[] = [];
  for await (const event of simulated(run)) {
    if (event.type !== "state") continue;
    told.push(event.state);
    const { position } = event.state;
    if (position.at === "epoch" && position.round === 1 && position.epoch === 1) {
      poison.give({ client: 2, role: "local", parameter: "fc2.linear.weight" });
    }
  }
  const before = told.find(({ position }) => position.at === "round" && position.round === 1)!;
  const after = told.findLast(({ position }) => position.at === "epoch" && position.epoch === 2)!;
  assertEquals(after.skipped, [2]);
  for (const name of parameters) {
    const [then, now] = [before, after].map((s) => numbers(s, `2.local.control.${name}`));
    assertEquals(now, then, name);
    assert(then.some((value) => value !== 0), name);
  }
});

Deno.test("simulate() refuses scaffold with an optimizer whose steps are no gradients", async () => {
  await assertRejects(
    () => eventsOf({ method: "scaffold", optimizer: "adam" }),
    ConfigError,
    'Cannot simulate scaffold with optimizer "adam": its control variates are means of plain SGD',
  );
});
