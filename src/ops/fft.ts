// Discrete Fourier transforms of complex numbers, along the last axis or the last two.

import source from "../../kernels/fft.wgsl" with { type: "text" };
import { GpuError } from "../gpu/errors.ts";
import { kernelFile } from "../gpu/kernel.ts";
import type { GpuRuntime } from "../gpu/runtime.ts";
import { record } from "../tensor/autograd.ts";
import { linearWorkgroups } from "../tensor/elementwise.ts";
import { showShape, sizeOf } from "../tensor/shape.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { expectFloats } from "./checks.ts";
import { twiddles } from "./twiddles.ts";

const file = kernelFile("fft.wgsl", source);

/** Two copies of a complex number of eight bytes each. */
const bytesPerElement = 16;
/** Eight stages fit a kernel's parameters; lengths beyond this could need more. */
const maxLength = 4096;

/**
 * The discrete Fourier transform along the last axis, as `numpy.fft.fft`: Σ_j x[j] exp(−2πi jk/n).
 * Differentiable; complex gradients are pairs (∂/∂re, ∂/∂im), as in PyTorch.
 *
 * @param x `[…, n, 2]`, the trailing axis holding real and imaginary part; n = 2^a·3^b
 * @returns the same shape
 * @throws {TypeError} unless x is f32 with a trailing axis of 2 behind at least one other
 * @throws {RangeError} if n has another prime factor than 2 and 3
 * @throws {GpuError} of kind "limit" if n complex numbers do not fit the adapter's workgroup memory twice
 */
export function fft(x: Tensor): Tensor {
  return transform("fft", x, 1, "forward");
}

/** The inverse of {@link fft}, as `numpy.fft.ifft`: 1/n Σ_k x[k] exp(2πi jk/n). Same shapes and errors. */
export function ifft(x: Tensor): Tensor {
  return transform("ifft", x, 1, "inverse");
}

/**
 * {@link fft} along the last two axes, as `numpy.fft.fft2`.
 *
 * @param x `[…, h, w, 2]`; h and w as n there
 * @returns the same shape
 * @throws as {@link fft}
 */
export function fft2(x: Tensor): Tensor {
  return transform("fft2", x, 2, "forward");
}

/** The inverse of {@link fft2}, as `numpy.fft.ifft2`, scaled by 1/(h·w). Same shapes and errors. */
export function ifft2(x: Tensor): Tensor {
  return transform("ifft2", x, 2, "inverse");
}

/**
 * Checks that transforms of these lengths can be done.
 *
 * @param subject what is to be transformed, for the message
 * @throws {RangeError} if a length has another prime factor than 2 and 3
 * @throws {GpuError} of kind "limit" if a line does not fit the adapter's workgroup memory
 */
export function expectLengths(
  op: string,
  gpu: GpuRuntime,
  lengths: readonly number[],
  subject: string,
): void {
  const longest = longestLine(gpu);
  for (const length of lengths) {
    if (!isSupported(length)) {
      throw new RangeError(
        `Cannot apply ${op}: a length of ${length} is not a product of twos and threes (${subject})`,
      );
    }
    if (length > longest) {
      throw new GpuError(
        "limit",
        `Cannot apply ${op}: a length of ${length} is too long (${subject}); ` +
          `the workgroup memory of adapter "${gpu.adapter.name}" holds lengths up to ${longest}`,
      );
    }
  }
}

type Direction = "forward" | "inverse";

const opposite: Readonly<Record<Direction, Direction>> = { forward: "inverse", inverse: "forward" };

/** The transform is linear, so its gradient is the conjugate one: the other direction, the same scale. */
function transform(op: string, x: Tensor, axes: 1 | 2, direction: Direction): Tensor {
  expectFloats(op, "x", x);
  if (x.shape.length <= axes || x.shape.at(-1) !== 2) {
    throw new TypeError(
      `Cannot apply ${op}: x has shape ${showShape(x.shape)} but ` +
        `${axes === 1 ? "[…, n, 2]" : "[…, h, w, 2]"} is expected (real and imaginary part last)`,
    );
  }
  const lengths = x.shape.slice(-1 - axes, -1);
  expectLengths(op, x.gpu, lengths, `x ${showShape(x.shape)}`);
  const scale = direction === "forward" ? 1 : 1 / sizeOf(lengths);
  const run = (input: Tensor, way: Direction) => {
    if (axes === 1) return transformAxis(input, -2, way, scale);
    using rows = transformAxis(input, -2, way, 1);
    return transformAxis(rows, -3, way, scale);
  };
  return record(run(x, direction), [x], (upstream) => [run(upstream, opposite[direction])]);
}

/** `axis` counts from the end, where -1 is the axis of real and imaginary part. */
function transformAxis(x: Tensor, axis: -2 | -3, direction: Direction, scale: number): Tensor {
  const length = x.shape.at(axis)!;
  const stride = axis === -2 ? 1 : x.shape.at(-2)!;
  const lines = x.size / 2 / length;
  const { workgroupSize, capacity, lineBits } = chooseWorkgroup(x.gpu, length, lines);
  const radices = factorize(length);
  const output = emptyTensor(x.gpu, x.shape);
  x.gpu.dispatch({
    file,
    entryPoint: "transform",
    constants: { workgroup_size: workgroupSize, capacity },
    params: {
      length,
      lines,
      stride,
      line_bits: lineBits,
      stages: radices.length,
      radices: radices.reduceRight((list, radix) => list << 4 | radix, 0) >>> 0,
      sign: direction === "forward" ? 1 : -1,
      scale,
    },
    buffers: { twiddles: twiddles(x.gpu, length), input: x, output },
    workgroups: linearWorkgroups(lines, 1 << lineBits),
  });
  return output;
}

/**
 * How many lines share a workgroup. A CPU runs a workgroup's lanes one after the other, so it wants few and
 * much work for each; a GPU wants many, and memory for several workgroups at once.
 */
function chooseWorkgroup(
  gpu: GpuRuntime,
  length: number,
  lines: number,
): { workgroupSize: number; capacity: number; lineBits: number } {
  const longest = longestLine(gpu);
  const onCpu = gpu.adapter.kind === "cpu";
  const workgroupSize = onCpu ? 32 : 128;
  const capacity = onCpu || length > 1024 ? longest : 1024;
  const most = Math.min(workgroupSize, capacity / length);
  let lineBits = 0;
  while (2 << lineBits <= most && 1 << lineBits < lines) lineBits++;
  return { workgroupSize, capacity, lineBits };
}

/** The longest transform that fits the adapter's workgroup memory. */
function longestLine(gpu: GpuRuntime): number {
  const bytes = gpu.adapter.limits.maxComputeWorkgroupStorageSize;
  return Math.min(maxLength, Math.floor(bytes / bytesPerElement));
}

function isSupported(length: number): boolean {
  return length > 0 && factorize(length).reduce((product, radix) => product * radix, 1) === length;
}

/** Radices 8, 4, 2 and 3 whose product is the length's part of twos and threes; few large ones are fastest. */
function factorize(length: number): number[] {
  const twos = exponentOf(2, length);
  const eights = twos % 3 === 1 && twos > 1 ? (twos - 4) / 3 : Math.floor(twos / 3);
  const rest = twos - 3 * eights; // 4 is better done as 4·4 than as 8·2
  return [
    ...Array(eights).fill(8),
    ...Array(Math.floor(rest / 2)).fill(4),
    ...Array(rest % 2).fill(2),
    ...Array(exponentOf(3, length)).fill(3),
  ];
}

/** How often a prime divides a number. */
function exponentOf(prime: number, value: number): number {
  let exponent = 0;
  for (; value > 0 && value % prime === 0; value /= prime) exponent++;
  return exponent;
}
