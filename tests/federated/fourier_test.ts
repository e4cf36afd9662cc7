// Progressive Fourier Aggregation against the official code's results and its own definition in double precision.

import {
  fourierRate,
  fourierWindow,
  progressiveFourierAggregation,
} from "../../src/federated/aggregate/fourier.ts";
import { RandomStream } from "../../src/random.ts";
import { openGpu } from "../../src/tensor/gpu.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { emptyTensor } from "../../src/tensor/tensor.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../assert.ts";
import { assertAllClose, relativeError } from "../close.ts";
import { goldenTest, readDescription, readVectors, vectorFolder } from "../golden.ts";
import { fourierAggregationReference } from "../reference/fourier_aggregation.ts";

const gpu = await openGpu();

/** The aggregated weights of each client. */
async function aggregate(
  weights: readonly ArrayLike<number>[],
  shape: readonly number[],
  rate: number,
): Promise<Float32Array[]> {
  using _scope = gpu.scope();
  const data = Float32Array.from(weights.flatMap((weight) => Array.from(weight)));
  const stacked = gpu.tensor(data, [weights.length, ...shape]);
  const result = await progressiveFourierAggregation(stacked, { rate }).read() as Float32Array;
  return weights.map((weight, k) => result.slice(k * weight.length, (k + 1) * weight.length));
}

function randomWeights(
  clients: number,
  shape: readonly number[],
  seed: number,
): Float32Array<ArrayBuffer>[] {
  return Array.from({ length: clients }, (_, client) => {
    const stream = new RandomStream(seed, client);
    return Float32Array.from({ length: sizeOf(shape) }, () => 2 * stream.uniform() - 1);
  });
}

Deno.test("the aggregation matches its definition for every way of pairing real numbers", async () => {
  const shapes = [
    [1, 1], // a single number
    [2, 1],
    [1, 2],
    [3, 64], // odd rows: the matrix is turned
    [27, 9], // both odd: no pairing
    [3, 1, 3, 3], // a convolution with both odd
    [6, 3, 3, 3], // odd rows, turned
    [1, 2, 1, 3],
    [12, 4, 3, 2], // kernel not square
    [128, 2, 3, 3], // rows fill more than one workgroup
  ];
  for (const shape of shapes) {
    for (const [clients, rate] of [[1, 0.7], [2, 0.5], [3, 0.825], [8, 1], [4, 0]]) {
      const weights = randomWeights(clients, shape, clients);
      const expected = fourierAggregationReference(weights, shape, rate);
      (await aggregate(weights, shape, rate)).forEach((actual, k) => {
        const error = relativeError(actual, expected[k]);
        // A phase is as uncertain as its bin is small, so a few bins carry errors above the typical 3e-7.
        assert(
          error <= 3e-6,
          `[${shape}], client ${k} of ${clients}, rate ${rate}: error ${error}`,
        );
      });
    }
  }
});

Deno.test("the aggregation does not depend on the scale of the weights", async () => {
  const weights = randomWeights(3, [6, 4, 3, 3], 1);
  const expected = await aggregate(weights, [6, 4, 3, 3], 0.8);
  const scale = 2 ** -80; // squares of amplitudes would be 0 in single precision
  const scaled = await aggregate(weights.map((w) => w.map((v) => v * scale)), [6, 4, 3, 3], 0.8);
  scaled.forEach((actual, k) => {
    assertAllClose(`client ${k}`, actual.map((value) => value / scale), expected[k], 1e-6);
  });
});

Deno.test("equal clients keep their weights, and no window changes nothing", async () => {
  const [weight, other] = randomWeights(2, [64, 96], 2);
  for (const result of await aggregate([weight, weight, weight], [64, 96], 0.9)) {
    assertAllClose("equal clients", result, weight, 1e-6); // two transforms of values up to 1
  }
  assertAllClose("no window", (await aggregate([weight, other], [64, 96], 0))[0], weight, 1e-6);
});

Deno.test("the aggregation can be recorded and replayed, and reads nothing back", async () => {
  const shape = [18, 2, 3, 3];
  using arena = gpu.arena();
  using weights = emptyTensor(gpu, [2, ...shape]);
  using result = emptyTensor(gpu, weights.shape);
  const recording = gpu.record(arena, () => {
    gpu.copy(progressiveFourierAggregation(weights, { rate: 0.7 }), result);
  });
  for (const seed of [3, 4]) {
    const data = randomWeights(2, shape, seed);
    gpu.write(weights, Float32Array.from(data.flatMap((weight) => [...weight])));
    recording.replay();
    const expected = (await aggregate(data, shape, 0.7)).flatMap((values) => [...values]);
    assertEquals(Array.from(await result.read()), expected);
  }
});

Deno.test("the aggregation gives all memory back but its result, and repeats bit for bit", async () => {
  using weights = gpu.tensor(randomWeights(1, [4, 32, 3, 3, 3], 5)[0], [4, 32, 3, 3, 3]);
  const live = gpu.live;
  using first = progressiveFourierAggregation(weights, { rate: 0.7 });
  using second = progressiveFourierAggregation(weights, { rate: 0.7 });
  assertEquals(gpu.live, live + 2);
  assertEquals(await first.read(), await second.read());
});

Deno.test("the aggregation rejects what it cannot do", () => {
  using _scope = gpu.scope();
  const run = (shape: number[], rate: number) => () =>
    progressiveFourierAggregation(gpu.zeros(shape), { rate });
  assertThrows(run([4, 3, 64], 1.01), RangeError, "the rate is 1.01 but a number from 0 to 1");
  assertThrows(run([4, 3, 64], NaN), RangeError, "the rate is NaN");
  assertThrows(run([4, 10, 7], 0.7), RangeError, "(weights [4, 10, 7], a matrix of 10 by 7)");
  assertThrows(run([4, 3], 0.7), TypeError, "3 or 5 axes are expected");
  assertThrows(
    () => progressiveFourierAggregation(gpu.zeros([4, 3, 64], "i32"), { rate: 0.7 }),
    TypeError,
    "weights is i32",
  );
});

Deno.test("fourierWindow() is half open around zero frequency, whatever the parity", () => {
  assertEquals(fourierWindow(9, 0.5), { begin: 2, end: 6 });
  assertEquals(fourierWindow(96, 0.1), { begin: 44, end: 52 });
  assertEquals(fourierWindow(3, 0.66), { begin: 1, end: 1 });
  assertEquals(fourierWindow(7, 1), { begin: 0, end: 6 });
  assertThrows(() => fourierWindow(7, -0.1), RangeError, "the rate is -0.1");
});

Deno.test("fourierRate() rejects rounds that do not exist", () => {
  assertEquals(fourierRate(10, 50, 0.7), 0.75);
  assertThrows(() => fourierRate(50, 50, 0.7), RangeError, "round is 50 of 50");
  assertThrows(() => fourierRate(0.5, 50, 0.7), RangeError, "round is 0.5");
  assertThrows(() => fourierRate(0, 50, 2), RangeError, "the rate is 2");
});

Deno.test("rates and windows equal the official ones exactly", () =>
  checkSchedule(vectorFolder, "pfa_schedule"));
Deno.test("small layers match the official code", async () => {
  await checkOfficial(vectorFolder, "pfa_linear_3x64");
  await checkOfficial(vectorFolder, "pfa_conv_32x3x3x3");
});
Deno.test("other numbers of clients divide by their own number", () =>
  checkOtherNumbers(vectorFolder, "pfa_generalised_clients"));

goldenTest(
  "all rates and windows equal the official ones exactly",
  (folder) => checkSchedule(`${folder}/pfa`, "schedule"),
);

goldenTest("all layers match the official code", async (folder) => {
  for (const name of ["linear_3x64", "linear_64x256", "conv_32x3x3x3", "conv_32x32x3x3"]) {
    await checkOfficial(`${folder}/pfa`, name);
  }
  for (const name of ["conv_64x32x3x3", "conv_128x128x3x3", "conv_256x256x3x3"]) {
    await checkOfficial(`${folder}/pfa`, name);
  }
});

goldenTest(
  "all numbers of clients divide by their own number",
  (folder) => checkOtherNumbers(`${folder}/pfa`, "generalised_clients"),
);

goldenTest("a whole communication of four networks matches the official server", async (folder) => {
  const start = await readVectors(`${folder}/nn`, "vgg_nb_start");
  const { rate, inputs_fingerprints, outputs_fingerprints } = await readDescription<Communication>(
    `${folder}/pfa`,
    "communication",
  );
  const names = Object.keys(outputs_fingerprints[0]).filter(isAggregated);
  assertEquals(names.length, 15);
  for (const name of names) {
    const { shape, data } = start.get(name);
    const weights = [0, 1, 2, 3].map((k) => shifted(Float32Array.from(data), 1000 * k + 17));
    const results = await aggregate(weights, shape, rate);
    for (let k = 0; k < 4; k++) {
      checkFingerprint(`input ${name}`, weights[k], inputs_fingerprints[k][name]);
      checkFingerprint(`output ${name}`, results[k], outputs_fingerprints[k][name]);
    }
  }
});

interface OfficialCase {
  readonly variant: "plain" | "client0zero" | "identical";
  readonly L: number;
  readonly output_prefix: string;
  /** clients whose result is stored; of the others there are sums only */
  readonly stored_clients: readonly number[];
  readonly output_checksums: readonly { readonly sum: number; readonly sumsq: number }[];
  readonly max_abs_diff_of_all_float32_version: number;
}

interface OtherNumberCase {
  readonly tag: string;
  readonly kind: "conv" | "linear";
  readonly shape: readonly number[];
  readonly clients: number;
  readonly L: number;
  readonly input_prefix: string;
  readonly output_prefix: string;
  /** differs from `clients` in the one case that shows the official code's literal 4 */
  readonly divisor: number;
}

interface Schedule {
  readonly layers: readonly { readonly folded: readonly [number, number] }[];
  readonly schedules: readonly {
    readonly iters: number;
    readonly l_rate: number;
    readonly rounds: readonly {
      readonly a_iter: number;
      readonly rate: number;
      readonly b: readonly (readonly [number, number])[];
    }[];
  }[];
}

interface Fingerprint {
  readonly sum: number;
  readonly sumsq: number;
  /** at flat positions ⌊j·n/8⌋ */
  readonly samples: readonly number[];
}

interface Communication {
  readonly rate: number;
  readonly inputs_fingerprints: readonly Record<string, Fingerprint>[];
  readonly outputs_fingerprints: readonly Record<string, Fingerprint>[];
}

async function checkSchedule(folder: string, name: string): Promise<void> {
  const { layers, schedules } = await readDescription<Schedule>(folder, name);
  for (const { iters, l_rate, rounds } of schedules) {
    for (const { a_iter, rate, b } of rounds) {
      assertEquals(fourierRate(a_iter, iters, l_rate), rate);
      layers.forEach(({ folded }, layer) => {
        folded.forEach((n, axis) => {
          const center = Math.floor(n / 2);
          const half = b[layer][axis];
          assertEquals(fourierWindow(n, rate), { begin: center - half, end: center + half });
        });
      });
    }
  }
}

async function checkOfficial(folder: string, name: string): Promise<void> {
  const vectors = await readVectors(folder, name);
  const { shape, cases } = await readDescription<{ shape: number[]; cases: OfficialCase[] }>(
    folder,
    name,
  );
  for (const { variant, L, output_prefix, stored_clients, ...figures } of cases) {
    const weights = [0, 1, 2, 3].map((client) => {
      if (variant === "identical") return vectors.get("in.c0").data;
      const zero = variant === "client0zero" && client === 0;
      return vectors.get(zero ? "client0zero.in.c0" : `in.c${client}`).data;
    });
    const results = await aggregate(weights, shape, L);
    const tolerance = 10 * figures.max_abs_diff_of_all_float32_version;
    results.forEach((actual, client) => {
      const label = `${name} ${variant}, L ${L}, client ${client}`;
      if (stored_clients.includes(client)) {
        assertAllClose(label, actual, vectors.get(`${output_prefix}${client}`).data, tolerance);
      }
      const { sum, sumsq } = figures.output_checksums[client];
      assertAlmostEquals(total(actual), sum, tolerance * actual.length, `${label}, sum`);
      assertAlmostEquals(total(actual.map((v) => v * v)), sumsq, 1e-5 * sumsq, `${label}, squares`);
    });
  }
}

async function checkOtherNumbers(folder: string, name: string): Promise<void> {
  const vectors = await readVectors(folder, name);
  const { cases } = await readDescription<{ cases: OtherNumberCase[] }>(folder, name);
  for (const { tag, shape, clients, L, divisor, ...names } of cases) {
    if (divisor !== clients || !isSupported(shape)) continue;
    const range = [...Array(clients).keys()];
    const weights = range.map((client) => vectors.get(`${names.input_prefix}${client}`).data);
    const results = await aggregate(weights, shape, L);
    results.forEach((actual, client) => {
      const expected = vectors.get(`${names.output_prefix}${client}`).data;
      // ten times what single precision loses on layers of this size in the official cases
      assertAllClose(`${tag}, L ${L}, client ${client}`, actual, expected, 5e-7);
    });
  }
}

/** Whether all sizes are 2^a·3^b. */
function isSupported(shape: readonly number[]): boolean {
  return !shape.some((size) => size % 5 === 0 || size % 7 === 0);
}

/** What PFA aggregates in VGG: weights of convolutions and linear layers. */
function isAggregated(name: string): boolean {
  return name.endsWith(".weight") && !name.includes(".bn.");
}

/** w + 0.25·(w moved `places` positions on), in single precision, as `communication.json` defines its inputs. */
function shifted(w: Float32Array, places: number): Float32Array {
  const n = w.length;
  return w.map((value, i) => value + 0.25 * w[((i - places) % n + n) % n]);
}

function checkFingerprint(label: string, values: Float32Array, expected: Fingerprint): void {
  const { sum, sumsq, samples } = expected;
  const actual = samples.map((_, j) => values[Math.floor(j * values.length / samples.length)]);
  assertAllClose(label, actual, samples, 1e-6); // ten times single precision's loss on the large layers
  assertAlmostEquals(total(values), sum, 1e-7 * values.length, `${label}, sum`);
  assertAlmostEquals(total(values.map((v) => v * v)), sumsq, 1e-5 * sumsq, `${label}, squares`);
}

function total(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0);
}
