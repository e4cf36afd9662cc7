// One communication against the official server's, of whole networks.

import { prrfl } from "../../src/federated/methods/prrfl.ts";
import { communicate } from "../../src/federated/server/communicate.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { loadStateDict, stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { goldenTest, readDescription } from "../golden.ts";
import { gpu } from "../gpu.ts";

type State = Map<string, HostTensor>;

/** Sums in double precision and the values at ⌊j·n/8⌋. */
interface Fingerprint {
  readonly sum: number;
  readonly sumsq: number;
  readonly samples: readonly number[];
}

interface Communication {
  /** in words: how each client's tensors are made from the start */
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly rate: number;
  readonly inputs_fingerprints: readonly Record<string, Fingerprint>[];
  readonly outputs_fingerprints: readonly Record<string, Fingerprint>[];
  readonly deputy_fc2_bias: readonly (readonly number[])[];
}

goldenTest(
  "communicate() does to four vgg_b deputies what the official server does",
  async (folder) => {
    const expected = await readDescription<Communication>(`${folder}/pfa`, "communication");
    const start = readSafetensors(await Deno.readFile(`${folder}/nn/vgg_nb_start.safetensors`));
    const offset = shiftOf(expected);
    const states = [0, 1, 2, 3].map((k) => deputyState(start.tensors, k, offset));
    // Personal models and deputies of three clients in one stack, of the fourth in another.
    const stacks = [6, 2].map((stack) => vgg(gpu, { stack, numClasses: 3, bias: true }));
    const places = [[0, 1], [0, 3], [0, 5], [1, 1]].map(([stack, index]) => ({
      ...{ model: stacks[stack], index, weight: 1, sends: true },
    }));
    places.forEach(({ model, index }, k) => {
      loadStateDict(model, states[k], index - 1);
      loadStateDict(model, states[k], index);
    });

    communicate(prrfl.sharing!, places, expected.rate);

    for (const [k, { model, index }] of places.entries()) {
      assertEquals(await stateDict(model, index - 1), states[k], "the personal model has changed");
      const deputy = await stateDict(model, index);
      for (const [name, { data }] of deputy) {
        if (name === "fc2.linear.bias") {
          assertAllClose(name, data as Float32Array, expected.deputy_fc2_bias[k], 1e-7);
        } else if (isNorm(name)) {
          assertEquals(data, states[k].get(name)!.data, `${name} has changed`);
        } else {
          checkFingerprint(`input ${name}`, states[k], expected.inputs_fingerprints[k], name);
          checkFingerprint(`output ${name}`, deputy, expected.outputs_fingerprints[k], name);
        }
      }
    }
    stacks.forEach((model) => model.dispose());
  },
);

/** By how many positions the first client's weights are shifted, as the description has it. */
function shiftOf({ inputs }: Communication): number {
  const shift = JSON.stringify(inputs).match(/\(1000\*k\+(\d+)\)/);
  assert(shift, "communication.json does not say how weights are shifted");
  return Number(shift[1]);
}

/** The k-th deputy before the communication, as `communication.json` defines it. */
function deputyState(
  start: ReadonlyMap<string, HostTensor>,
  k: number,
  offset: number,
): State {
  const state: State = new Map();
  for (const [name, { shape, data }] of start) {
    if (data instanceof BigInt64Array) {
      state.set(name, { shape, data: data.map((value) => value + BigInt(k)) });
    } else {
      const values = data as Float32Array<ArrayBuffer>;
      const changed = isNorm(name)
        ? values.map((v) => v + k)
        : withShifted(values, 1000 * k + offset);
      state.set(name, { shape, data: changed });
    }
  }
  const bias = new Float32Array([k / 8, 2 * k / 8, -k / 8]);
  return state.set("fc2.linear.bias", { shape: [3], data: bias });
}

/** w + 0.25·(w moved `places` positions on), in single precision. */
function withShifted(w: Float32Array<ArrayBuffer>, places: number): Float32Array<ArrayBuffer> {
  const n = w.length;
  return w.map((value, i) => value + 0.25 * w[((i - places) % n + n) % n]);
}

function isNorm(name: string): boolean {
  return name.includes(".bn.");
}

function checkFingerprint(
  label: string,
  state: State,
  fingerprints: Record<string, Fingerprint>,
  name: string,
): void {
  const values = state.get(name)!.data as Float32Array;
  const { sum, sumsq, samples } = fingerprints[name];
  const actual = samples.map((_, j) => values[Math.floor(j * values.length / samples.length)]);
  assertAllClose(label, actual, samples, 1e-6, {
    op: "communicate",
    result: "parameters",
    oracle: "official code",
    reason: "ten times what single precision loses on the large layers",
  });
  assertAlmostEquals(total(values), sum, 1e-7 * values.length, `${label}, sum`);
  assertAlmostEquals(total(values.map((v) => v * v)), sumsq, 1e-5 * sumsq, `${label}, squares`);
}

/** In double precision. */
function total(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
