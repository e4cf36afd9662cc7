// Fourier transforms against double precision, and each other.

import { fft, fft2, ifft, ifft2 } from "../../src/ops/fft.ts";
import { RandomStream } from "../../src/random.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import { Gpu } from "../../src/tensor/gpu.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { emptyTensor, type Tensor } from "../../src/tensor/tensor.ts";
import { assertAccuracy } from "../accuracy.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertAllClose, relativeError } from "../close.ts";
import { gpu } from "../gpu.ts";
import {
  type Complex,
  dft,
  dft2,
  dftByDefinition,
  interleaved,
  inverse,
  separated,
} from "../reference/fft.ts";

/** Numbers in −1…1. */
function randomData(size: number, seed: number): Float32Array<ArrayBuffer> {
  const stream = new RandomStream(seed);
  return Float32Array.from({ length: size }, () => 2 * stream.uniform() - 1);
}

/** Reads a result and gives all memory back. */
async function valuesOf(compute: () => Tensor): Promise<Float32Array> {
  using _scope = gpu.scope();
  return await compute().read() as Float32Array;
}

/** Asserts that a transform of n numbers is as near to the reference, by Euclidean length, as f32 allows. */
function checkTransform(
  { op, n, label }: { op: string; n: number; label: string },
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): void {
  assertAccuracy(label, {
    op,
    result: "output",
    oracle: "f64 loop",
    error: relativeError(actual, expected),
    tolerance: 3e-7 * (1 + Math.log2(n)),
    reason: "3e-7·(1 + log2 n): about log2 n additions in a row",
  });
}

Deno.test("the reference equals the definition", () => {
  for (const n of [...Array(65).keys()].slice(1).concat(97, 134, 201, 251)) {
    const x = separated(randomData(2 * n, n));
    const expected = interleaved(dftByDefinition(x));
    assert(relativeError(interleaved(dft(x)), expected) <= 1e-14, `n = ${n}`); // f64, 251 terms
  }
});

/** Compares both directions, on some lines at once. */
async function checkLength(n: number, rows: number): Promise<void> {
  const data = randomData(rows * n * 2, n);
  const forward = await valuesOf(() => fft(gpu.tensor(data, [rows, n, 2])));
  const back = await valuesOf(() => ifft(gpu.tensor(data, [rows, n, 2])));
  for (let row = 0; row < rows; row++) {
    const part = [row * 2 * n, (row + 1) * 2 * n] as const;
    const x = separated(data.subarray(...part));
    const about = { n, label: `n = ${n}` };
    checkTransform({ op: "fft", ...about }, forward.subarray(...part), interleaved(dft(x)));
    checkTransform({ op: "ifft", ...about }, back.subarray(...part), interleaved(inverse(dft, x)));
  }
}

Deno.test("fft() and ifft() match double precision for every length up to 64", async () => {
  for (let n = 1; n <= 64; n++) await checkLength(n, 3); // odd: the last workgroup is not full
});

const lengths: Readonly<Record<string, readonly number[]>> = {
  "twos and threes": [96, 243, 384, 486, 768, 972, 1024, 1152, 1536, 2048, 2187, 4096, 6561, 65536],
  "fives and sevens": [105, 343, 625, 945, 1000, 1920, 2401, 3150, 15625, 16807, 36015],
  "primes": [67, 127, 251, 509, 1021, 2039, 4099, 8191, 65521],
  "mixtures with larger primes": [77, 130, 1001, 1111, 2310, 4394, 30030],
};

for (const [kind, list] of Object.entries(lengths)) {
  Deno.test(`fft() and ifft() match double precision for ${kind}, up to the longest`, async () => {
    for (const n of list) await checkLength(n, n < 10000 ? 3 : 1);
  });
}

Deno.test("fft2() and ifft2() match double precision for ugly shapes", async () => {
  const shapes = [[1, 1, 1], [5, 1, 9], [1, 27, 1], [2, 3, 2, 3], [257, 2, 3], [3, 9, 96], [
    64,
    81,
  ]];
  const anyFactors = [[1, 7, 11], [3, 13, 10], [2, 1, 17], [2, 67, 5], [1, 3, 2500], [2, 2500, 3]];
  const longPrimes = [[1, 2, 1031], [2, 1031, 2]]; // several passes along either axis
  for (const shape of [...shapes, ...anyFactors, ...longPrimes, [2, 3, 4, 6, 12], [1, 768, 96]]) {
    const [height, width] = shape.slice(-2);
    const area = height * width;
    const data = randomData(sizeOf(shape) * 2, area);
    const forward = await valuesOf(() => fft2(gpu.tensor(data, [...shape, 2])));
    const back = await valuesOf(() => ifft2(gpu.tensor(data, [...shape, 2])));
    const both = (x: Complex) => dft2(x, height, width);
    for (let start = 0; start < data.length; start += 2 * area) {
      const part = [start, start + 2 * area] as const;
      const x = separated(data.subarray(...part));
      const about = { n: area, label: `[${shape}]` };
      const undone = interleaved(inverse(both, x));
      checkTransform({ op: "fft2", ...about }, forward.subarray(...part), interleaved(both(x)));
      checkTransform({ op: "ifft2", ...about }, back.subarray(...part), undone);
    }
  }
});

Deno.test("ifft2() undoes fft2() on the largest layer of the network", async () => {
  const data = randomData(768 * 768 * 2, 1);
  const back = await valuesOf(() => ifft2(fft2(gpu.tensor(data, [768, 768, 2]))));
  checkTransform({ op: "ifft2", n: 768 * 768, label: "there and back" }, back, data);
});

Deno.test("fft() takes more lines than workgroups fit in one dimension", async () => {
  const data = randomData(2 ** 22 * 2, 2);
  const [first, last] = [0, data.length - 4];
  const result = await valuesOf(() => fft(gpu.tensor(data, [2 ** 21, 2, 2])));
  for (const start of [first, last]) {
    const [a, b, c, d] = data.subarray(start, start + 4);
    assertAllClose("pair", result.subarray(start, start + 4), [a + c, b + d, a - c, b - d], 3e-7);
  }
});

Deno.test("gradients of the transforms are their adjoints", async () => {
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
  const shapes = [[2, 6, 9, 2], [1, 10, 11, 2], [2, 2187, 2]]; // the last in two passes
  const cases = [fft, ifft, fft2, ifft2].flatMap((op) => shapes.map((shape) => ({ op, shape })));
  for (const { op, shape } of cases) {
    using _scope = gpu.scope();
    const upstream = randomData(sizeOf(shape), 3);
    const x = gpu.tensor(randomData(sizeOf(shape), 4), shape, { requiresGrad: true });
    backward(op(x), gpu.tensor(upstream, shape));
    const gradient = await gradOf(x).read() as Float32Array;
    for (let seed = 10; seed < 20; seed++) {
      // The transforms are linear: ⟨upstream, op(direction)⟩ is the exact directional derivative.
      const direction = randomData(sizeOf(shape), seed);
      const expected = dot(upstream, await valuesOf(() => op(gpu.tensor(direction, shape))));
      const scale = Math.sqrt(dot(gradient, gradient) * dot(direction, direction));
      assertAccuracy(op.name, {
        op: op.name,
        result: "gradient",
        oracle: "f64 loop",
        error: Math.abs(dot(gradient, direction) - expected) / scale,
        tolerance: 1e-6,
        reason: "the transform's own error, by projections on random directions",
      });
    }
  }
});

Deno.test("transforms match with a GPU's workgroups and the limits that every adapter has", async () => {
  const limits = { ...gpu.adapter.limits, maxComputeWorkgroupStorageSize: 16384 };
  const modest = new Gpu(gpu.device, { ...gpu.adapter, kind: "gpu", limits });
  const sizes = [[3, 1], [2, 96], [768, 6], [9, 1024], [10, 21], [2, 1152], [521, 3], [1, 4099]];
  for (const [height, width] of sizes) {
    using _scope = modest.scope();
    const data = randomData(height * width * 2, 9);
    const actual = await fft2(modest.tensor(data, [height, width, 2])).read() as Float32Array;
    const expected = interleaved(dft2(separated(data), height, width));
    const label = `[${height}, ${width}]`;
    checkTransform({ op: "fft2", n: height * width, label }, actual, expected);
  }
});

Deno.test("transforms work within a recording, tables included, and can be replayed", async () => {
  for (const n of [80, 83, 3072, 3001]) { // lengths whose tables no other test has made
    using arena = gpu.arena();
    using x = gpu.tensor(randomData(n * 2, 5), [n, 2]);
    using output = emptyTensor(gpu, [n, 2]);
    const recording = gpu.record(arena, () => gpu.copy(fft(x), output));
    for (const seed of [6, 7]) {
      const data = randomData(n * 2, seed);
      gpu.write(x, data);
      recording.replay();
      const expected = interleaved(dft(separated(data)));
      checkTransform({ op: "fft", n, label: `n = ${n}` }, await output.read(), expected);
    }
  }
});

Deno.test("transforms give all memory back but their result, and repeat bit for bit", async () => {
  for (const [height, width] of [[9, 96], [11, 3], [1, 3072], [2, 1031]]) {
    const shape = [height, width, 2];
    using x = gpu.tensor(randomData(sizeOf(shape), 8), shape);
    const live = gpu.live;
    const first = fft2(x);
    const second = fft2(x);
    assertEquals(gpu.live, live + 2);
    assertEquals(await first.read(), await second.read());
    first.dispose();
    second.dispose();
    assertEquals(gpu.live, live);
  }
});

Deno.test("transforms reject what they cannot do", () => {
  using _scope = gpu.scope();
  const expected = "1 to 65536 is expected";
  assertThrows(() => fft(gpu.zeros([65537, 2])), RangeError, `a length is 65537 but ${expected}`);
  assertThrows(() => ifft2(gpu.zeros([65538, 3, 2])), RangeError, "(x [65538, 3, 2])");
  assertThrows(() => fft(gpu.zeros([8, 3])), TypeError, "[…, n, 2] is expected");
  assertThrows(() => ifft2(gpu.zeros([8, 2])), TypeError, "[…, h, w, 2] is expected");
  assertThrows(() => fft(gpu.zeros([8, 2], "i32")), TypeError, "x is i32 but f32 is expected");
});
