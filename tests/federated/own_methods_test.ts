// What the shape of a method carries besides the built-in ones: phases that freeze a part, features, server optimizers.

import { ConfigError, DivergenceError } from "../../src/federated/errors.ts";
import type { SimulationState } from "../../src/federated/recovery/state.ts";
import { averaged, averaging } from "../../src/federated/methods/exchanges.ts";
import { crossEntropyLoss } from "../../src/federated/methods/local_losses.ts";
import {
  defineMethod,
  type FederatedMethod,
  type LocalBatch,
  type ServerUpdate,
} from "../../src/federated/methods/method.ts";
import { fedavg } from "../../src/federated/methods/fedavg.ts";
import { add, mul, scale, sub } from "../../src/ops/arithmetic.ts";
import { reshape } from "../../src/ops/rearrange.ts";
import { mean } from "../../src/ops/reduce.ts";
import { Conv2d, Linear } from "../../src/nn/layers.ts";
import { GlobalAvgPool2d } from "../../src/nn/plain_layers.ts";
import { Sequential } from "../../src/nn/module.ts";
import type { Network } from "../../src/nn/network.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { type Changes, clientNames, eventsOf, finalsOf } from "./small_federation.ts";

async function statesOf(changes: Changes): Promise<SimulationState[]> {
  const events = await eventsOf({ stateEvery: "epoch", ...changes });
  return events.flatMap((event) => event.type === "state" ? [event.state] : []);
}

function numbers({ tensors }: SimulationState, name: string): Float64Array {
  return Float64Array.from(tensors.get(name)!.data, Number);
}

const classifier = "parameters.fc1.linear.weight";
const features = "parameters.layer2.0.conv.weight";

/** FedRep (Collins et al. 2021): the classifier is trained first and stays, then the features, which are averaged. */
const fedrep = defineMethod({
  title: "FedRep",
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: averaged("local", "linear", "bias"),
  trains: (epoch) => epoch === 0 ? "classifier" : "features",
});

for (const optimizer of ["sgd", "adam"] as const) {
  Deno.test(`a local epoch with ${optimizer} changes the part of the network that the method trains`, async () => {
    const run = { method: fedrep, localEpochs: 2, rounds: 1, optimizer, momentum: 0 };
    const [start, first, second] = await statesOf(run);
    for (const k of clientNames.keys()) {
      const [classifiers, convolutions] = [classifier, features].map((name) =>
        [start, first, second].map((state) => numbers(state, `${k}.local.${name}`))
      );
      assertNotEquals(classifiers[1], classifiers[0]);
      assertEquals(classifiers[2], classifiers[1]);
      assertEquals(convolutions[1], convolutions[0]);
      assertNotEquals(convolutions[2], convolutions[1]);
    }
  });
}

Deno.test("a run goes on within an epoch that trains a part as if it had not been stopped", async () => {
  const run: Changes = { method: fedrep, localEpochs: 2, rounds: 1, stateEvery: "round" };
  let looks = 0;
  const stop = {
    get aborted() {
      return ++looks >= 7;
    },
  };
  const told = (await eventsOf({ ...run, stop })).at(-1)!;
  assert(told.type === "state" && told.state.position.at === "step", told.type);
  const rest = await eventsOf({ ...run, resumeFrom: told.state });
  assertEquals(finalsOf(rest), finalsOf(await eventsOf(run)));
});

Deno.test("a loss of the features reaches the layers before them", async () => {
  const method = defineMethod({
    ...fedavg,
    localLoss: (batch: LocalBatch) => {
      assertEquals(batch.features!.shape.slice(0, 2), batch.logits.shape.slice(0, 2));
      return scale(mean(mul(batch.features!, batch.features!)), 0.1);
    },
  });
  const [start, trained] = await statesOf({ method, rounds: 1 });
  const names = [features, classifier].map((name) => `0.local.${name}`);
  const [moved, stayed] = names.map((name) => [start, trained].map((s) => numbers(s, name)));
  assertNotEquals(moved[1], moved[0]);
  // Weight decay alone: a millionth of a hundredth.
  assertAllClose("classifier", stayed[1], stayed[0], 1e-7);
});

/** FedAvgM (Hsu et al. 2019): the server has momentum. */
const fedavgm = defineMethod({
  title: "FedAvgM",
  settings: { beta: { default: 0.5, source: "ours", min: 0, below: 1, help: "server's momentum" } },
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: {
    role: "local",
    receivers: "all",
    exchange: () => averaging,
    server: {
      memory: { weights: "weights", momentum: "zeros" },
      sent: [],
      update(mean, memory, _share, { beta }) {
        const momentum = add(scale(memory.momentum, beta), sub(mean.parameter, memory.weights));
        const weights = add(memory.weights, momentum);
        return { parameter: weights, server: { weights, momentum } };
      },
    },
  },
});

Deno.test("a server optimizer remembers its momentum from round to round, and resumes with it", async () => {
  const run: Changes = { method: fedavgm, methodSettings: { beta: 0.5 }, rounds: 3 };
  const states = await statesOf(run);
  const [x0, x1, x2] = states.filter(({ position }) => position.at === "round")
    .map((state) => numbers(state, `server.weights.layer2.0.conv.weight`));
  const trained = states.filter(({ position }) => position.at === "epoch")[1];
  const local = [...clientNames.keys()].map((k) => numbers(trained, `${k}.local.${features}`));
  const mean = x1.map((_, i) => local.reduce((sum, own) => sum + own[i], 0) / local.length);
  const expected = x1.map((x, i) => x + 0.5 * (x - x0[i]) + (mean[i] - x));
  assertAllClose("weights after two rounds", x2, expected, 1e-6);
  const from = states.find(({ position }) => position.at === "round" && position.round === 2)!;
  const rest = await eventsOf({ ...run, resumeFrom: from });
  assertEquals(finalsOf(rest), finalsOf(await eventsOf(run)));
});

Deno.test("--keep-optimizer keeps momentum over a communication; by default it is new in every round", async () => {
  const run: Changes = {
    method: "fedavg",
    rounds: 2,
    momentum: 0.9,
    nesterov: true,
    onNan: "skip-client",
  };
  const anew = await eventsOf(run);
  const kept = await eventsOf({ ...run, keepOptimizer: true, stateEvery: "round" });
  const firsts = [anew, kept].map((events) => events.filter(({ type }) => type === "epoch"));
  assertEquals(firsts[0][0], firsts[1][0]);
  assertNotEquals(finalsOf(anew), finalsOf(kept));
  const states = kept.flatMap((event) => event.type === "state" ? [event.state] : []);
  const name = `0.local.momentum_buffer.${features.slice("parameters.".length)}`;
  assert(numbers(states[1], name).some((value) => value !== 0));
  const rest = await eventsOf({ ...run, keepOptimizer: true, resumeFrom: states[1] });
  assertEquals(finalsOf(rest), finalsOf(kept));
});

function withServer(changes: Partial<ServerUpdate>): FederatedMethod {
  const { sharing } = fedavgm;
  const server = { ...sharing!.server!, ...changes } as ServerUpdate;
  return { ...fedavgm, sharing: { ...sharing!, server } } as FederatedMethod;
}

/** A network that names no classifier. */
const headless: Network = (_gpu, { numClasses }) =>
  new Sequential([
    new Conv2d("conv", 3, 4, { kernelSize: 3, stride: 2, padding: 1 }),
    new GlobalAvgPool2d(),
    new Linear("fc", 4, numClasses),
  ]);

Deno.test("a setting of a method of one's own has its own default, whatever others of its name have", async () => {
  const told: number[] = [];
  const method = (default_: number) =>
    defineMethod({
      ...fedavg,
      settings: { proximalMu: { default: default_, source: "ours", help: "none" } },
      localLoss(batch: LocalBatch, { proximalMu }: { proximalMu: number }) {
        told.push(proximalMu);
        return crossEntropyLoss(batch);
      },
    });
  await eventsOf({ method: method(0.25) as FederatedMethod, rounds: 1 });
  const given = { methodSettings: { proximalMu: 0.5 } };
  await eventsOf({ method: method(0.25) as FederatedMethod, rounds: 1, ...given });
  assertEquals([...new Set(told)], [0.25, 0.5]);
});

Deno.test("where all clients receive, what is taken has to be one and the same for all", async () => {
  const method: FederatedMethod = {
    ...fedavg,
    sharing: {
      ...fedavg.sharing!,
      receivers: "all",
      exchange: () => ({ title: "kept", take: (own: Tensor) => scale(own, 1) }),
    },
  };
  const error = await assertRejects(() => eventsOf({ method, rounds: 1 }), TypeError);
  assertMatch(error.message, /one for each sender, but all 4 clients receive one and the same/);
});

Deno.test("what a server updates is a mean of the parameter's shape", async () => {
  const { sharing } = fedavgm;
  const half = (own: Tensor) => reshape(own, [own.shape[0], own.size / own.shape[0]]);
  const exchange = () => ({ title: "flat", send: half });
  const method = { ...fedavgm, sharing: { ...sharing!, exchange } } as FederatedMethod;
  const error = await assertRejects(() => eventsOf({ method, rounds: 1 }), TypeError);
  assertMatch(
    error.message,
    /^Cannot aggregate the mean of .*, which the server updates: the method/,
  );
});

Deno.test("memory that moves on from one name to another is what it was, in whatever order it is given", async () => {
  for (const isFirst of [true, false]) {
    const method = defineMethod({
      ...fedavg,
      memory: { current: "run", previous: "run" },
      afterTraining: ({ parameter, memory }) => {
        const [current, previous] = [scale(parameter, 1), memory.current];
        return isFirst ? { current, previous } : { previous, current };
      },
    });
    const states = (await statesOf({ method, rounds: 3 }))
      .filter(({ position }) => position.at === "round");
    const of = (state: number, name: string) =>
      numbers(states[state], `0.local.${name}.${features.slice("parameters.".length)}`);
    assertEquals(of(2, "previous"), of(1, "current"));
    assertNotEquals(of(2, "previous"), of(2, "current"));
  }
});

Deno.test("memory that is no longer finite ends the run, as weights do", async () => {
  const method = defineMethod({
    ...fedavg,
    memory: { own: "run" },
    afterTraining: ({ parameter }) => ({ own: scale(scale(parameter, 1e30), 1e30) }),
  });
  await assertRejects(() => eventsOf({ method, rounds: 1 }), DivergenceError, "not finite");
});

Deno.test("a server's memory that is no longer finite ends the run, before models follow it", async () => {
  const method = withServer({
    update: ({ parameter }, { weights, momentum }) => {
      const grown = scale(add(scale(momentum, 1e30), weights), 1e30);
      return { parameter, server: { weights, momentum: grown } };
    },
  });
  const error = await assertRejects(() => eventsOf({ method, rounds: 2 }), DivergenceError);
  assertMatch(
    error.message,
    /^What the server remembers has diverged in the communication of round 2: /,
  );
});

Deno.test("a state of one method of one's own is not taken for another's of the same roles", async () => {
  const other = defineMethod({ ...fedavg, title: "Other", memory: { own: "run" } });
  const [state] = await statesOf({ method: fedavgm, methodSettings: { beta: 0.5 }, rounds: 1 });
  const error = await assertRejects(
    () => eventsOf({ method: other, rounds: 1, resumeFrom: state }),
    ConfigError,
  );
  assertMatch(error.message, /title FedAvgM.* but now it is .*title Other; memory own for a run/);
});

const mistakes: readonly (readonly [Changes, string])[] = [
  [{ optimizer: "adam", momentum: 0.9 }, 'but optimizer "adam" takes neither'],
  [{ nesterov: true }, "nesterov is true but momentum is 0"],
  [{ keepOptimizer: true }, 'optimizer "sgd" with momentum 0 remembers nothing'],
  [{ method: { ...fedavg, memory: { exp_avg: "run" } } }, 'memory "exp_avg" has a name that'],
  [{ method: { ...fedavg, memory: { start_parameters: "run" } } }, "that the engine uses itself"],
  [{ method: { ...fedavg, memory: { "a.b": "run" } } }, '"a.b" has to be called by letters'],
  [
    { method: { ...fedavg, memory: { own: "ever" as "run" } } },
    'its memory "own" lasts "ever" but has to last one of training, round, run',
  ],
  [{ method: withServer({ sent: ["change"] }) }, 'clients send "change" but remember []'],
  [
    { method: { ...withServer({ sent: ["change"] }), memory: { change: "training" } } },
    'their memory "change", which ends with local training; let it last a "round"',
  ],
  [
    { method: withServer({ memory: { own: "ones" as "zeros" } }) },
    'the server\'s memory "own" begins with "ones" but has to begin with "zeros" or "weights"',
  ],
  [{ method: fedrep, network: headless }, "does not say what its classifier is"],
  [{ momentum: 1 }, "momentum is 1 but has to be a number of at least 0 and below 1"],
  [{ method: "scaffold", momentum: 0.9 }, "and momentum 0.9: its control variates are means of"],
  [
    { method: fedavgm, methodSettings: { beta: 1 } },
    "beta is 1 but has to be a number of at least 0 and below 1",
  ],
  [{ method: fedavgm, methodSettings: { bta: 0.5 } }, 'there is no option "bta"'],
  [{ method: "fedavg", methodSettings: { beta: 0.5 } }, 'there is no option "beta"'],
];

Deno.test("simulate() refuses what an optimizer or a method cannot be told", async () => {
  for (const [changes, message] of mistakes) {
    await assertRejects(() => eventsOf(changes), ConfigError, message);
  }
});
