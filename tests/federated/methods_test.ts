// What each method shares, to what it becomes, and what stays as it is, to the bit.

import { meanOverClients } from "../../src/federated/aggregate/average.ts";
import { defaultConfig } from "../../src/federated/config.ts";
import type { SharedKind } from "../../src/federated/methods/method.ts";
import { builtInMethods, type MethodName } from "../../src/federated/methods/registry.ts";
import { communicate } from "../../src/federated/server/communicate.ts";
import { loadStateDict, stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertAllClose, relativeError } from "../close.ts";
import { gpu } from "../gpu.ts";
import { fourierAggregationReference } from "../reference/fourier_aggregation.ts";
import { numbers, randomState, weightedMean } from "./small_federation.ts";

/** What a method does to a kind of tensor: the mean over clients, PFA, or nothing. */
type Effect = "mean" | "pfa" | "own";

const [all, none] = (["mean", "own"] as const).map((effect) => ({
  ...{ conv: effect, linear: effect, bias: effect, norm: effect, statistics: effect },
}));
const withoutNorms = { norm: "own", statistics: "own" } as const;
const fourier = { conv: "pfa", linear: "pfa" } as const;

/** The definitions of the methods, as their papers have them. */
const effects: Readonly<Record<MethodName, Readonly<Record<SharedKind, Effect>>>> = {
  local: none,
  fedavg: all,
  fedprox: all,
  scaffold: all,
  fedbn: { ...all, ...withoutNorms },
  silobn: { ...all, statistics: "own" },
  fml: all,
  pfa: { ...all, ...fourier, ...withoutNorms },
  det: { ...all, ...withoutNorms },
  prrfl: { ...all, ...fourier, ...withoutNorms },
};

const clients = 3;
const rate = 0.7;

for (const [name, effect] of Object.entries(effects)) {
  const { roles, sharing } = builtInMethods[name as MethodName];

  Deno.test(`${name} shares what it should, and nothing else changes`, async () => {
    const model = vgg(gpu, {
      ...{ stack: clients * roles.length, numClasses: 3, bias: true, width: 0.125, seed: 1 },
    });
    const kinds = new Map<string, SharedKind | "counter">([
      ...model.module.parameters.map(({ name, kind }) => [name, kind] as const),
      ...model.module.buffers.map(({ name, integer }) =>
        [name, integer ? "counter" : "statistics"] as const
      ),
    ]);
    const before = Array.from({ length: model.stack }, (_, k) => randomState(model, k));
    before.forEach((state, k) => loadStateDict(model, state, k));
    const sharedRole = sharing ? roles.indexOf(sharing.role) : -1;
    const places = Array.from(
      { length: sharing ? clients : 0 },
      (_, k) => ({ model, index: k * roles.length + sharedRole, weight: 1, sends: true }),
    );
    if (sharing) communicate(sharing, places, rate);

    for (let k = 0; k < model.stack; k++) {
      const after = await stateDict(model, k);
      for (const [tensor, { shape }] of after) {
        const kind = kinds.get(tensor)!;
        const isShared = k % roles.length === sharedRole && kind !== "counter";
        const values = numbers(after, tensor);
        const sent = places.map(({ index }) => numbers(before[index], tensor));
        const label = `${tensor} of model ${k}`;
        switch (isShared ? effect[kind] : "own") {
          case "own":
            assertEquals(values, numbers(before[k], tensor), label);
            break;
          case "mean": // of numbers up to 1
            assertAllClose(label, values, weightedMean(sent), 2e-7);
            break;
          case "pfa": {
            const client = Math.floor(k / roles.length);
            const expected = fourierAggregationReference(sent, shape, rate)[client];
            const error = relativeError(values, expected);
            assert(error < 3e-6, `${label}: error ${error}`); // as in fourier_test.ts
          }
        }
      }
    }
    model.dispose();
  });
}

Deno.test("methods hold the models that their papers have, and PRR-FL is the default", () => {
  const rolesOf = (name: MethodName) => builtInMethods[name].roles.length;
  const single = ["local", "fedavg", "fedprox", "scaffold", "fedbn", "silobn", "pfa"] as const;
  assertEquals(single.map(rolesOf), [1, 1, 1, 1, 1, 1, 1]);
  assertEquals((["fml", "det", "prrfl"] as const).map(rolesOf), [2, 2, 2]);
  assertEquals(defaultConfig.method, "prrfl");
});

Deno.test("communicate() refuses an aggregation that gives something else than it was sent", () => {
  const model = vgg(gpu, { stack: 2, numClasses: 3, width: 0.125 });
  const places = [0, 1].map((index) => ({ model, index, weight: 1, sends: true }));
  const together = (sent: Parameters<typeof meanOverClients>[0]) =>
    meanOverClients(sent).view(sent.shape.slice(1));
  const exchange = () => ({ title: "aggregated", together });
  assertThrows(
    () => communicate({ role: "local", receivers: "all", exchange }, places, rate),
    TypeError,
    "Cannot aggregate layer1.0.conv.weight: the method makes f32 [4, 3, 3, 3] of f32 [2, 4, 3, 3, 3]",
  );
  model.dispose();
});
