// Fourier transforms against double precision, NumPy, and each other.

import { GpuError } from "../../src/gpu/errors.ts";
import { fft, fft2, ifft, ifft2 } from "../../src/ops/fft.ts";
import { RandomStream } from "../../src/random.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import { Gpu, openGpu } from "../../src/tensor/gpu.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { emptyTensor, type Tensor } from "../../src/tensor/tensor.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertAllClose, relativeError } from "../close.ts";
import { goldenTest, readDescription, readVectors, vectorFolder, type Vectors } from "../golden.ts";
import { type Complex, dft, dft2, interleaved, inverse, separated } from "../reference/fft.ts";

const gpu = await openGpu();
const longest = Math.floor(gpu.adapter.limits.maxComputeWorkgroupStorageSize / 16);

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

/** Rounding grows with the number of stages; a transform of n numbers has about log2 n additions in a row. */
const allowedError = (n: number) => 3e-7 * (1 + Math.log2(n));

Deno.test("fft() and ifft() match double precision for every kind of length", async () => {
  const lengths = [1, 2, 3, 4, 6, 8, 9, 12, 16, 27, 32, 54, 64, 81, 96, 128, 243, 256, 384, 486];
  lengths.push(512, 576, 648, 729, 768, 864, 972, 1024, 1152, 1458, 1536, 1944, 2048, 2187, 4096);
  for (const n of lengths.filter((length) => length <= longest)) {
    const rows = 3; // an odd number: the last workgroup is not full
    const data = randomData(rows * n * 2, n);
    const forward = await valuesOf(() => fft(gpu.tensor(data, [rows, n, 2])));
    const back = await valuesOf(() => ifft(gpu.tensor(data, [rows, n, 2])));
    for (let row = 0; row < rows; row++) {
      const part = [row * 2 * n, (row + 1) * 2 * n] as const;
      const x = separated(data.subarray(...part));
      const errors = [
        relativeError(forward.subarray(...part), interleaved(dft(x))),
        relativeError(back.subarray(...part), interleaved(inverse(dft, x))),
      ];
      for (const error of errors) assert(error <= allowedError(n), `n = ${n}, error ${error}`);
    }
  }
});

Deno.test("fft2() and ifft2() match double precision for ugly shapes", async () => {
  const shapes = [[1, 1, 1], [5, 1, 9], [1, 27, 1], [2, 3, 2, 3], [257, 2, 3], [3, 9, 96], [
    64,
    81,
  ]];
  for (const shape of [...shapes, [2, 3, 4, 6, 12], [1, 768, 96]]) {
    const [height, width] = shape.slice(-2);
    const area = height * width;
    const data = randomData(sizeOf(shape) * 2, area);
    const forward = await valuesOf(() => fft2(gpu.tensor(data, [...shape, 2])));
    const back = await valuesOf(() => ifft2(gpu.tensor(data, [...shape, 2])));
    const both = (x: Complex) => dft2(x, height, width);
    for (let start = 0; start < data.length; start += 2 * area) {
      const part = [start, start + 2 * area] as const;
      const x = separated(data.subarray(...part));
      const errors = [
        relativeError(forward.subarray(...part), interleaved(both(x))),
        relativeError(back.subarray(...part), interleaved(inverse(both, x))),
      ];
      for (const error of errors) assert(error <= allowedError(area), `[${shape}]: error ${error}`);
    }
  }
});

Deno.test("ifft2() undoes fft2() on the largest layer of the network", async () => {
  const data = randomData(768 * 768 * 2, 1);
  const back = await valuesOf(() => ifft2(fft2(gpu.tensor(data, [768, 768, 2]))));
  assert(relativeError(back, data) <= 2 * allowedError(768 * 768));
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
  const shape = [2, 6, 9, 2];
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
  for (const op of [fft, ifft, fft2, ifft2]) {
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
      assertAllClose(op.name, [dot(gradient, direction)], [expected], 1e-6 * scale);
    }
  }
});

Deno.test("transforms match with a GPU's workgroups and the limits that every adapter has", async () => {
  const limits = { ...gpu.adapter.limits, maxComputeWorkgroupStorageSize: 16384 };
  const modest = new Gpu(gpu.device, { ...gpu.adapter, kind: "gpu", limits });
  for (const [height, width] of [[3, 1], [2, 96], [768, 6], [9, 1024]]) {
    using _scope = modest.scope();
    const data = randomData(height * width * 2, 9);
    const actual = await fft2(modest.tensor(data, [height, width, 2])).read() as Float32Array;
    const expected = interleaved(dft2(separated(data), height, width));
    const error = relativeError(actual, expected);
    assert(error <= allowedError(height * width), `[${height}, ${width}]: error ${error}`);
  }
  assertThrows(() => fft(modest.zeros([1152, 2])), GpuError, "holds lengths up to 1024");
});

Deno.test("transforms work within a recording, tables included, and can be replayed", async () => {
  using arena = gpu.arena();
  using x = gpu.tensor(randomData(24 * 2, 5), [24, 2]); // a length that no other test uses
  using output = emptyTensor(gpu, [24, 2]);
  const recording = gpu.record(arena, () => gpu.copy(fft(x), output));
  for (const seed of [6, 7]) {
    const data = randomData(24 * 2, seed);
    gpu.write(x, data);
    recording.replay();
    const error = relativeError(
      await output.read() as Float32Array,
      interleaved(dft(separated(data))),
    );
    assert(error <= allowedError(24));
  }
});

Deno.test("transforms give all memory back but their result, and repeat bit for bit", async () => {
  using x = gpu.tensor(randomData(9 * 96 * 2, 8), [9, 96, 2]);
  const live = gpu.live;
  const first = fft2(x);
  const second = fft2(x);
  assertEquals(gpu.live, live + 2);
  assertEquals(await first.read(), await second.read());
  first.dispose();
  second.dispose();
  assertEquals(gpu.live, live);
});

Deno.test("transforms reject what they cannot do", () => {
  using _scope = gpu.scope();
  assertThrows(() => fft(gpu.zeros([7, 2])), RangeError, "a length of 7 is not a product of twos");
  assertThrows(() => fft2(gpu.zeros([10, 3, 2])), RangeError, "(x [10, 3, 2])");
  assertThrows(() => ifft(gpu.zeros([8192, 2])), GpuError, `holds lengths up to`);
  assertThrows(() => fft(gpu.zeros([8, 3])), TypeError, "[…, n, 2] is expected");
  assertThrows(() => ifft2(gpu.zeros([8, 2])), TypeError, "[…, h, w, 2] is expected");
  assertThrows(() => fft(gpu.zeros([8, 2], "i32")), TypeError, "x is i32 but f32 is expected");
});

Deno.test("fft() and ifft() match NumPy", () => checkLines(vectorFolder, "fft_1d"));

goldenTest(
  "fft() and ifft() match NumPy up to the longest line",
  (folder) => checkLines(`${folder}/fft`, "fft1d"),
);

goldenTest("fft2() and ifft2() match NumPy", async (folder) => {
  const vectors = await readVectors(`${folder}/fft`, "fft2d");
  const { cases } = await readDescription<{ cases: MatrixCase[] }>(`${folder}/fft`, "fft2d");
  for (const { shape: [height, width], rows, ...figures } of cases) {
    if (![height, width].every(isSupported)) continue;
    const name = `${height}x${width}`;
    const x = pairs(vectors, `${name}.x`);
    for (const op of [fft2, ifft2]) {
      const actual = await valuesOf(() => op(gpu.tensor(x, [height, width, 2])));
      const expected = pairs(vectors, rows ? `${name}.${op.name}_rows` : `${name}.${op.name}`);
      const stored = rows?.flatMap((
        row,
      ) => [...actual.subarray(row * 2 * width).slice(0, 2 * width)]);
      const scale = op === fft2 ? 1 : 1 / (height * width);
      const tolerance = 10 * figures.max_abs_diff_of_float32_fft * scale;
      assertAllClose(`${op.name} ${name}`, stored ?? actual, expected, tolerance);
    }
  }
});

interface LineCase {
  readonly n: number;
  /** what SciPy's transform in single precision loses on the same data */
  readonly max_abs_diff_of_float32_fft: number;
}

interface MatrixCase {
  readonly shape: readonly [number, number];
  /** where only these rows of the result are stored */
  readonly rows?: readonly number[];
  readonly max_abs_diff_of_float32_fft: number;
}

async function checkLines(folder: string, name: string): Promise<void> {
  const vectors = await readVectors(folder, name);
  const { cases } = await readDescription<{ cases: LineCase[] }>(folder, name);
  for (const { n, max_abs_diff_of_float32_fft: float32Error } of cases) {
    if (!isSupported(n)) continue;
    const x = pairs(vectors, `n${n}.x`);
    for (const op of [fft, ifft]) {
      const actual = await valuesOf(() => op(gpu.tensor(x, [3, n, 2])));
      const tolerance = 10 * float32Error / (op === fft ? 1 : n);
      assertAllClose(`${op.name} n = ${n}`, actual, pairs(vectors, `n${n}.${op.name}`), tolerance);
    }
  }
}

function pairs(vectors: Vectors, name: string): Float32Array<ArrayBuffer> {
  const [re, im] = [`${name}_re`, `${name}_im`].map((part) => vectors.get(part).data);
  return Float32Array.from({ length: 2 * re.length }, (_, i) => (i % 2 ? im : re)[i >> 1]);
}

/** Whether n is 2^a·3^b and fits the adapter. */
function isSupported(n: number): boolean {
  const powers = [2, 3].flatMap((prime) => [...Array(12).keys()].map((a) => prime ** a));
  return n <= longest && powers.some((power) => powers.includes(n / power));
}
