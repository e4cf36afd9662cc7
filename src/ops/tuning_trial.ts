// Measuring one shape of an operation: what it takes to run it, which kernels are tried, and how long each takes.

import type { GpuRuntime } from "../gpu/runtime.ts";
import type { Shape } from "../tensor/shape.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import { type ConvSizes, workOf } from "./conv2d_plan.ts";
import { choiceName, choicesFor, type KernelChoice, runChoice, shapeKey } from "./kernel_choice.ts";
import { convolution, kernelFor, type Operation, product, weightGradient } from "./kernel_table.ts";
import type { ProductSizes } from "./tiles.ts";

/** What was found for one shape. */
export interface TunedShape {
  /** an operation and its sizes, without the number of models: a key of `gpu.kernels` */
  readonly shape: string;
  /** kernels, and ways to run them, that were measured */
  readonly tried: number;
  /** what the rules take */
  readonly rule: string;
  /** milliseconds that it takes */
  readonly ruleTime: number;
  /** what is fastest, the rule's if others are not clearly so */
  readonly best: string;
  /** milliseconds that it takes */
  readonly bestTime: number;
}

/** Another kernel is taken if it needs less than this share of the rule's time: clocks are not exact. */
const clearlyFaster = 0.95;
/** Ways to run one kernel that are measured: those that are best by count, more of them on a card, which compiles faster. */
const mostVariants = { cpu: 3, gpu: 8 };
/** Measurements of each, of which the shortest counts: other programs can only slow the adapter down. */
const attempts = 3;

/** One shape, to be measured. */
export interface Trial {
  /** arithmetic operations */
  readonly work: number;
  /** whether the rule's kernel takes the shape as it is, without rows being filled up */
  isMeasurable(gpu: GpuRuntime): boolean;
  measure(gpu: GpuRuntime): Promise<TunedShape>;
}

/** What has to be made to run an operation. */
interface Run<Operands> {
  readonly work: number;
  readonly output: Shape;
  readonly inputs: (make: (shape: Shape) => Tensor) => Operands;
}

/**
 * @param shape a key of `gpu.kernels`
 * @throws {TypeError} if it is none
 */
export function trialOf(shape: string, models: number): Trial {
  const [, name, text] = shape.match(/^([a-z ]+) (\{.*\})$/) ?? [];
  try {
    const trial = name === undefined ? null : namedTrial(name, JSON.parse(text), models);
    if (trial !== null && trial.work > 0) return trial; // without some size it is NaN
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new TypeError(
    `Cannot tune for "${shape}": an operation and its sizes are expected, as shapesOf() gives them`,
  );
}

// deno-lint-ignore no-explicit-any
function namedTrial(name: string, parsed: any, models: number): Trial | null {
  switch (name) {
    case convolution.name: {
      const { transposed, ...rest } = parsed;
      const sizes: ConvSizes = { stack: models, ...rest };
      const { stack, batch, in_channels, in_height, in_width, ...out } = sizes;
      const channels = transposed ? [in_channels, out.out_channels] : [
        out.out_channels,
        in_channels,
      ];
      return trial(convolution, { sizes, transposed }, {
        work: workOf(sizes),
        output: [stack, batch, out.out_channels, out.out_height, out.out_width],
        inputs: (make) => ({
          source: make([stack, batch, in_channels, in_height, in_width]),
          weight: make([stack, ...channels, out.kernel_height, out.kernel_width]),
          bias: null,
        }),
      });
    }
    case weightGradient.name: {
      const sizes: ConvSizes = { stack: models, ...parsed };
      const { stack, batch, in_channels, in_height, in_width, ...out } = sizes;
      return trial(weightGradient, sizes, {
        work: workOf(sizes),
        output: [stack, out.out_channels, in_channels, out.kernel_height, out.kernel_width],
        inputs: (make) => ({
          x: make([stack, batch, in_channels, in_height, in_width]),
          upstream: make([stack, batch, out.out_channels, out.out_height, out.out_width]),
        }),
      });
    }
    case product.name: {
      const { leftTransposed, rightTransposed, ...rest } = parsed;
      const sizes: ProductSizes = { matrices: models, ...rest };
      const { matrices, rows, columns, terms } = sizes;
      return trial(product, { sizes, leftTransposed, rightTransposed }, {
        work: 2 * matrices * rows * columns * terms,
        output: [matrices, rows, columns],
        inputs: (make) => ({
          left: make([matrices, rows * terms]),
          right: make([matrices, terms * columns]),
        }),
      });
    }
  }
  return null;
}

function trial<Case, Operands>(
  operation: Operation<Case, Operands>,
  one: Case,
  run: Run<Operands>,
): Trial {
  return {
    work: run.work,
    isMeasurable: (gpu) =>
      takesAsItIs(kernelFor(operation.rows, gpu.adapter.kind, one)!, operation.shape(one)),
    measure: (gpu) => measure(gpu, operation, one, run),
  };
}

async function measure<Case, Operands>(
  gpu: GpuRuntime,
  operation: Operation<Case, Operands>,
  one: Case,
  { work, output, inputs }: Run<Operands>,
): Promise<TunedShape> {
  using _scope = gpu.scope();
  const operands = inputs((shape) => {
    const tensor = emptyTensor(gpu, shape);
    gpu.write(tensor, variedNumbers(tensor.size));
    return tensor;
  });
  const timeOf = async (choice: KernelChoice<Case, Operands>) => {
    using arena = gpu.arena();
    const issue = () => runChoice(choice, one, operands, { gpu, shape: output, work }).dispose();
    return await shortestTime(gpu, gpu.record(arena, issue).replay);
  };
  const choices = worthTrying(operation, one, gpu);
  const [rule] = choices;
  let [fastest, bestTime] = [rule, await timeOf(rule)];
  let ruleTime = bestTime;
  for (const choice of choices.slice(1)) {
    const time = await timeOf(choice);
    if (time < bestTime) [fastest, bestTime] = [choice, time];
  }
  if (fastest !== rule) { // both once more, next to each other
    bestTime = await timeOf(fastest);
    ruleTime = await timeOf(rule);
  }
  if (bestTime >= clearlyFaster * ruleTime) [fastest, bestTime] = [rule, ruleTime];
  return {
    shape: shapeKey(operation, one),
    tried: choices.length,
    rule: choiceName(rule),
    ruleTime,
    best: choiceName(fastest),
    bestTime,
  };
}

/** Of zeros a card would take less power, and so run faster. */
function variedNumbers(length: number): Float32Array<ArrayBuffer> {
  const numbers = new Float32Array(length);
  const period = Float32Array.from({ length: 65_537 }, (_, at) => Math.sin(at * at));
  for (let at = 0; at < length; at += period.length) {
    numbers.set(period.subarray(0, length - at), at);
  }
  return numbers;
}

/** The rule's choice, then the others that can run as they are. */
function worthTrying<Case, Operands>(
  operation: Operation<Case, Operands>,
  one: Case,
  gpu: GpuRuntime,
): KernelChoice<Case, Operands>[] {
  const most = mostVariants[gpu.adapter.kind];
  const ofRow = new Map<unknown, number>();
  return choicesFor(operation, one, gpu).filter(({ row }) => {
    const count = (ofRow.get(row) ?? 0) + 1;
    ofRow.set(row, count);
    return count <= most && takesAsItIs(row, operation.shape(one));
  });
}

function takesAsItIs(
  { wholeQuads = false }: { readonly wholeQuads?: boolean },
  { in_width = 0 }: { readonly in_width?: unknown },
): boolean {
  return !wholeQuads || Number(in_width) % 4 === 0;
}

/** Milliseconds of one replay. */
async function shortestTime(gpu: GpuRuntime, replay: () => void): Promise<number> {
  replay(); // compiles
  await gpu.finish();
  let best = Infinity;
  for (let attempt = 0; attempt < attempts; attempt++) {
    best = Math.min(best, await timeOnce(gpu, replay));
  }
  return best;
}

async function timeOnce(gpu: GpuRuntime, replay: () => void): Promise<number> {
  if (gpu.device.features.has("timestamp-query")) {
    const { runs } = await gpu.profile(replay);
    return runs.reduce((sum, { duration }) => sum + duration, 0);
  }
  const start = gpu.clock.now();
  for (let i = 0; i < replaysWithoutTimestamps; i++) replay();
  await gpu.finish();
  return (gpu.clock.now() - start) / replaysWithoutTimestamps;
}

/** So many that the wait for their end counts for little. */
const replaysWithoutTimestamps = 20;
