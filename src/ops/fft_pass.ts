// Runs the passes of a planned Fourier transform on the GPU.

import source from "../../kernels/fft.wgsl" with { type: "text" };
import complex from "../../kernels/shared/complex.wgsl" with { type: "text" };
import fftStages from "../../kernels/shared/fft_stages.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import quotient from "../../kernels/shared/quotient.wgsl" with { type: "text" };
import type { BufferView } from "../gpu/buffers.ts";
import { kernelFile } from "../gpu/kernel.ts";
import type { GpuRuntime } from "../gpu/runtime.ts";
import { linearWorkgroups } from "../gpu/workgroups.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { type Pass, planStages, planTransform } from "./fft_plan.ts";
import { chirp, twiddles } from "./twiddles.ts";

const file = kernelFile("fft.wgsl", source, invocation, quotient, complex, fftStages);

/** Two copies of a complex number of eight bytes each. */
const bytesPerElement = 16;
/** Eight stages fit a kernel's parameters; longer lines could need more. */
const maxLine = 4096;

/** Where the lines of a transform lie: complex numbers `[outer, length, stride]`. */
export interface Lines {
  readonly outer: number;
  readonly length: number;
  readonly stride: number;
}

/**
 * Transforms all lines.
 *
 * @param input any shape of `outer · length · stride` complex numbers
 * @param options `inverse`: the other sign; `scale`: factor on the result
 * @returns the same shape
 */
export function transformLines(
  input: Tensor,
  { outer, length, stride }: Lines,
  options: { inverse: boolean; scale: number },
): Tensor {
  const { gpu, shape } = input;
  const { passes, convolution } = planTransform(length, longestLine(gpu), options);
  const run = { outer, stride, passes };
  if (!convolution) {
    using result = runPasses(gpu, input, run);
    return result.view(shape);
  }
  const table = chirp(gpu, length, convolution.length);
  // The filter is one line more, made anew each time: what a recording uses must not depend on what ran before.
  using filter = runPasses(gpu, table, { outer: 1, stride: 1, passes: convolution.filterPasses });
  using result = runPasses(gpu, input, { ...run, chirp: table, filter });
  return result.view(shape);
}

/** Passes over `[outer, …, stride]` complex numbers. */
interface Run {
  readonly outer: number;
  readonly stride: number;
  readonly passes: readonly Pass[];
  /** tables of passes that multiply by them */
  readonly chirp?: BufferView;
  readonly filter?: BufferView;
}

function runPasses(gpu: GpuRuntime, input: BufferView, run: Run): Tensor {
  const [first, ...others] = run.passes;
  let result = runPass(gpu, input, first, run);
  for (const pass of others) {
    using previous = result;
    result = runPass(gpu, previous, pass, run);
  }
  return result;
}

function runPass(gpu: GpuRuntime, input: BufferView, pass: Pass, run: Run): Tensor {
  const { length, parts, inputLength, outputLength } = pass;
  const { outer, stride } = run;
  const lines = outer * parts * stride;
  const { first, others, last, anyRadix } = planStages(length);
  const { workgroupSize, capacity, lineBits } = chooseWorkgroup(gpu, 2 * length, lines);
  const output = emptyTensor(gpu, [outer, outputLength, stride, 2]);
  gpu.dispatch({
    file,
    entryPoint: "transform",
    constants: {
      workgroup_size: workgroupSize,
      capacity,
      first_radix: first,
      last_radix: last,
      any_radix: Number(anyRadix),
      turned: Number(pass.factors === "roots"),
      weighted: Number(pass.factors === "filter" || pass.factors === "chirp"),
    },
    params: {
      length,
      lines,
      stride,
      parts,
      interleaved: Number(pass.interleaved),
      input_length: inputLength,
      output_length: outputLength,
      line_bits: lineBits,
      stages: others.length,
      radices: others.reduceRight((list, radix) => list << 4 | radix, 0) >>> 0,
      input_sign: pass.conjugateInput ? -1 : 1,
      output_sign: pass.conjugateOutput ? -1 : 1,
      scale: pass.scale,
    },
    buffers: {
      twiddles: twiddles(gpu, length),
      chirp: pass.chirped ? run.chirp! : null,
      factors: factorsOf(gpu, pass, run),
      input,
      output,
    },
    workgroups: linearWorkgroups(lines, 1 << lineBits),
    work: 5 * lines * length * Math.log2(length), // as one counts for powers of two
  });
  return output;
}

function factorsOf(gpu: GpuRuntime, pass: Pass, run: Run): BufferView | null {
  switch (pass.factors) {
    case "none":
      return null;
    case "roots":
      return twiddles(gpu, pass.length * pass.parts);
    case "filter":
      return run.filter!;
    case "chirp":
      return run.chirp!;
  }
}

/**
 * How many lines share a workgroup. A CPU runs a workgroup's lanes one after the other, so it wants few and
 * much work for each; a GPU wants many, and memory for several workgroups at once.
 *
 * @param room complex numbers that a line takes in workgroup memory
 */
function chooseWorkgroup(
  gpu: GpuRuntime,
  room: number,
  lines: number,
): { workgroupSize: number; capacity: number; lineBits: number } {
  const longest = 2 * longestLine(gpu);
  const onCpu = gpu.adapter.kind === "cpu";
  const workgroupSize = onCpu ? 8 : 128;
  const capacity = onCpu || room > 2048 ? longest : 2048;
  const most = Math.min(workgroupSize, capacity / room);
  let lineBits = 0;
  while (2 << lineBits <= most && 1 << lineBits < lines) lineBits++;
  return { workgroupSize, capacity, lineBits };
}

/** The longest line that fits the adapter's workgroup memory; every adapter has room for 1024 numbers. */
function longestLine(gpu: GpuRuntime): number {
  const bytes = gpu.adapter.limits.maxComputeWorkgroupStorageSize;
  return Math.min(maxLine, Math.floor(bytes / bytesPerElement));
}
