// Progressive Fourier Aggregation against its definition in double precision.

import { meanOverClients } from "../../src/federated/aggregate/average.ts";
import {
  fourierRate,
  fourierWindow,
  lowAmplitudes,
  progressiveFourierAggregation,
  withAmplitudes,
} from "../../src/federated/aggregate/fourier.ts";
import { RandomStream } from "../../src/random.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { emptyTensor } from "../../src/tensor/tensor.ts";
import { assertAccuracy } from "../accuracy.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertAllClose, relativeError } from "../close.ts";
import { gpu } from "../gpu.ts";
import {
  fourierAggregationReference,
  fourierMessageReference,
} from "../reference/fourier_aggregation.ts";
import { aggregateClients } from "./aggregate_clients.ts";

/** Every way of pairing real numbers. */
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
  [10, 7], // prime factors 5 and 7
  [13, 34], // larger prime factors, turned
  [11, 19, 1, 1], // a convolution of single pixels, both odd
  [7, 5, 3, 3],
  [4, 3, 5, 5],
  [5, 2, 1, 7], // kernel not square, nor its sides products of twos and threes
  [3, 1024, 3, 1], // longer than a line in the least workgroup memory
];

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

/** Compares with double precision, by Euclidean length. */
function checkAggregation(
  label: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): void {
  assertAccuracy(label, {
    op: "progressiveFourierAggregation",
    result: "output",
    oracle: "f64 loop",
    error: relativeError(actual, expected),
    tolerance: 3e-6,
    reason: "a phase is as uncertain as its bin is small: a few carry more than the usual 3e-7",
  });
}

Deno.test("the aggregation matches its definition for every way of pairing real numbers", async () => {
  for (const shape of shapes) {
    for (const [clients, rate] of [[1, 0.7], [2, 0.5], [3, 0.825], [8, 1], [4, 0]]) {
      const weights = randomWeights(clients, shape, clients);
      const expected = fourierAggregationReference(weights, shape, rate);
      (await aggregateClients(gpu, weights, shape, rate)).forEach((actual, k) => {
        const label = `[${shape}], client ${k} of ${clients}, rate ${rate}`;
        checkAggregation(label, actual, expected[k]);
      });
    }
  }
});

Deno.test("what is sent, averaged and taken is what the aggregation at once gives", async () => {
  const cases = [[1, 0.7], [3, 0.05], [4, 0.3], [3, 0.7], [4, 0.95], [3, 1], [2, 0]];
  for (const shape of [...shapes, [256, 64, 3, 3]]) {
    for (const [clients, rate] of cases) {
      using _scope = gpu.scope();
      const values = randomWeights(clients, shape, clients);
      const all = Float32Array.from(values.flatMap((own) => [...own]));
      const weights = gpu.tensor(all, [clients, ...shape]);
      const clientWeights = gpu.tensor(Float32Array.from({ length: clients }, (_, i) => 1 + i));
      const sent = lowAmplitudes(weights, { rate });
      const mean = meanOverClients(sent, { clientWeights });
      const taken = await withAmplitudes(weights, mean, { rate }).read();
      const atOnce = await progressiveFourierAggregation(weights, { rate, clientWeights }).read();
      const label = `[${shape}], ${clients} clients, rate ${rate}`;
      // The same operations in the same order; a compiler may contract them otherwise. Where no side is even, the
      // aggregation at once has two roundings of each amplitude and a message one.
      assert(relativeError(taken, atOnce) < 3e-7, `${label}: ${relativeError(taken, atOnce)}`);
    }
  }
});

Deno.test("a message is half of the window's amplitudes, and nothing outside it", async () => {
  for (const shape of shapes) {
    for (const rate of [0, 0.05, 0.3, 0.7, 0.95, 1]) {
      using _scope = gpu.scope();
      const [weight] = randomWeights(1, shape, 9);
      const { sides, values } = fourierMessageReference(weight, shape, rate);
      const sent = lowAmplitudes(gpu.tensor(weight, [1, ...shape]), { rate });
      const label = `[${shape}], rate ${rate}`;
      assertEquals(sent.shape, [1, ...sides], label);
      const actual = await sent.read();
      if (values.some((value) => value > 0)) checkAggregation(label, actual, values);
      values.forEach((value, i) => assert(value !== 0 || actual[i] === 0, `${label}: ${i}`));
    }
  }
});

Deno.test("a message has about half as many numbers as its window, up to half as many as the weights", () => {
  using _scope = gpu.scope();
  const shares = [0.3, 0.7, 0.95, 1].map((rate) => {
    const sent = lowAmplitudes(gpu.zeros([1, 256, 64, 3, 3]), { rate }); // a matrix of 192 by 768
    return sizeOf(sent.shape) / (256 * 64 * 9);
  });
  const expected = [0.045, 0.248, 0.455, 0.505]; // of a window of 0.09, 0.49, 0.9, 1
  assertEquals(shares.map((share) => Math.round(share * 1000) / 1000), expected);
});

Deno.test("each client can send and take by itself: nothing depends on who else is there", async () => {
  using _scope = gpu.scope();
  const shape = [6, 3, 3, 3];
  const values = randomWeights(3, shape, 4);
  const rate = 0.7;
  const ones = values.map((own) => gpu.tensor(own, [1, ...shape]));
  const sent = await Promise.all(ones.map((own) => lowAmplitudes(own, { rate }).read()));
  const window = lowAmplitudes(ones[0], { rate }).shape.slice(1);
  const all = gpu.tensor(Float32Array.from(sent.flatMap((own) => [...own])), [3, ...window]);
  const mean = meanOverClients(all);
  const together = await progressiveFourierAggregation(
    gpu.tensor(Float32Array.from(values.flatMap((own) => [...own])), [3, ...shape]),
    { rate },
  ).read();
  const size = sizeOf(shape);
  for (const [k, own] of ones.entries()) {
    const taken = await withAmplitudes(own, mean, { rate }).read();
    const expected = together.subarray(k * size, (k + 1) * size);
    assert(relativeError(taken, expected) < 3e-7, `client ${k}`);
  }
});

Deno.test("clients can count differently in the mean amplitude", async () => {
  const counts = [5, 1, 2.5];
  for (const shape of [[3, 64], [27, 9], [6, 3, 3, 3], [7, 5, 3, 3]]) {
    const weights = randomWeights(3, shape, 8);
    const expected = fourierAggregationReference(weights, shape, 0.8, counts);
    (await aggregateClients(gpu, weights, shape, 0.8, counts)).forEach((actual, k) =>
      checkAggregation(`[${shape}], client ${k}`, actual, expected[k])
    );
  }
});

Deno.test("a single client keeps its weights, up to rounding", async () => {
  for (const shape of [[8, 4, 3, 3], [7, 5, 3, 3], [13, 34], [11, 19, 1, 1]]) {
    const [weight] = randomWeights(1, shape, 6);
    const [result] = await aggregateClients(gpu, [weight], shape, 0.825);
    assertAllClose(`[${shape}]`, result, weight, 1e-6); // two transforms of values up to 1
  }
});

Deno.test("frequencies that a client lacks get the mean amplitude and phase 0", async () => {
  const cases = [
    { shape: [8, 16], value: 1 }, // only one frequency, in sums that are exact
    { shape: [8, 16], value: 0 },
    { shape: [7, 5, 3, 3], value: 0 },
    { shape: [13, 34], value: 0 },
  ];
  for (const { shape, value } of cases) {
    const weights = randomWeights(3, shape, 7);
    weights[0].fill(value);
    const expected = fourierAggregationReference(weights, shape, 1);
    (await aggregateClients(gpu, weights, shape, 1)).forEach((actual, k) => {
      checkAggregation(`[${shape}] of ${value}, client ${k}`, actual, expected[k]);
    });
  }
});

Deno.test("the aggregation does not depend on the scale of the weights", async () => {
  const weights = randomWeights(3, [6, 4, 3, 3], 1);
  const expected = await aggregateClients(gpu, weights, [6, 4, 3, 3], 0.8);
  const scale = 2 ** -80; // squares of amplitudes would be 0 in single precision
  const scaled = await aggregateClients(gpu, weights.map((w) => w.map((v) => v * scale)), [
    6,
    4,
    3,
    3,
  ], 0.8);
  scaled.forEach((actual, k) => {
    assertAllClose(`client ${k}`, actual.map((value) => value / scale), expected[k], 1e-6);
  });
});

Deno.test("equal clients keep their weights, and no window changes nothing", async () => {
  const [weight, other] = randomWeights(2, [64, 96], 2);
  for (const result of await aggregateClients(gpu, [weight, weight, weight], [64, 96], 0.9)) {
    assertAllClose("equal clients", result, weight, 1e-6); // two transforms of values up to 1
  }
  assertAllClose(
    "no window",
    (await aggregateClients(gpu, [weight, other], [64, 96], 0))[0],
    weight,
    1e-6,
  );
});

Deno.test("the aggregation can be recorded and replayed, and reads nothing back", async () => {
  const shape = [18, 2, 3, 3];
  using arena = gpu.arena();
  using weights = emptyTensor(gpu, [2, ...shape]);
  using result = emptyTensor(gpu, weights.shape);
  const recording = gpu.record(arena, () => {
    gpu.copy(progressiveFourierAggregation(weights, { rate: 0.7 }), result);
  });
  const dispatches = recording.commands.filter(({ kind }) => kind === "dispatch");
  assertEquals(dispatches.length, 8); // equal client weights; fold, two transforms, blend, two back, unfold
  for (const seed of [3, 4]) {
    const data = randomWeights(2, shape, seed);
    gpu.write(weights, Float32Array.from(data.flatMap((weight) => [...weight])));
    recording.replay();
    const expected = (await aggregateClients(gpu, data, shape, 0.7)).flatMap((
      values,
    ) => [...values]);
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
  assertThrows(
    run([2, 1, 65537], 0.7),
    RangeError,
    "a length is 65537 but 1 to 65536 is expected (weights [2, 1, 65537], a matrix of 1 by 65537)",
  );
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
