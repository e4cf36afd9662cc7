// Measures which kernel is fastest for a shape on the adapter at hand.

import { GpuRuntime } from "../gpu/runtime.ts";
import { expectNoMore, expectOptions, expectWhole } from "../tensor/checks.ts";
import { trialOf, type TunedShape } from "./tuning_trial.ts";

export type { TunedShape };

/** Options of `tuneFor`. */
export interface TuneOptions {
  /** number of models that advance together; default 1 */
  models?: number;
  /** begin no other shape after so many seconds of the Gpu's clock; default 20 */
  seconds?: number;
  /** once aborted, no other shape is begun */
  stop?: Pick<AbortSignal, "aborted">;
  /** called after each shape */
  onShape?: (found: TunedShape, done: number, total: number) => void;
}

/**
 * The shapes of all convolutions and products that `body` issues; it is recorded, not run.
 *
 * @throws {TypeError} for what is no Gpu, and where `body` uploads or reads
 */
export function shapesOf(gpu: GpuRuntime, body: () => void): string[] {
  expectNoMore("shapesOf", arguments, 2);
  expectGpu("shapesOf", gpu);
  const asked = new Set<string>();
  const { kernels } = gpu;
  using arena = gpu.arena();
  gpu.kernels = new AskedKernels(asked);
  try {
    gpu.record(arena, body);
  } finally {
    gpu.kernels = kernels;
  }
  return [...asked];
}

/** Knows no kernel, and remembers for which shapes one was asked for. */
class AskedKernels extends Map<string, string> {
  constructor(private readonly asked: Set<string>) {
    super();
  }

  override get(shape: string): undefined {
    this.asked.add(shape);
  }
}

/**
 * Measures all kernels for each shape, those with most work first, by timestamps where the adapter has them.
 *
 * @param shapes as `shapesOf()` gives them
 * @returns what was found, in the order of measurement; `kernelsOf()` makes `gpu.kernels` of it
 * @throws {TypeError} for what is no such shape
 */
export async function tuneFor(
  gpu: GpuRuntime,
  shapes: readonly string[],
  options: TuneOptions = {},
): Promise<TunedShape[]> {
  expectGpu("tuneFor", gpu);
  expectOptions("tuneFor", options, ["models", "seconds", "stop", "onShape"]);
  const { models = 1, seconds = 20, stop, onShape } = options;
  expectWhole("tuneFor", { models }, 1);
  if (!(seconds >= 0)) {
    throw new RangeError(
      `Cannot tune: seconds is ${seconds} but a number of at least 0 is expected`,
    );
  }
  if (!Array.isArray(shapes)) throw new TypeError(`Cannot tune: ${shapes} is no list of shapes`);
  const trials = shapes.map((shape) => trialOf(shape, models))
    .filter((trial) => trial.isMeasurable(gpu)).sort((a, b) => b.work - a.work);
  const found: TunedShape[] = [];
  const start = gpu.clock.now();
  for (const trial of trials) {
    if (found.length > 0 && gpu.clock.now() - start > 1000 * seconds || stop?.aborted) break;
    const tuned = await trial.measure(gpu);
    found.push(tuned);
    onShape?.(tuned, found.length, trials.length);
  }
  return found;
}

/** For `gpu.kernels`: what is better than the rules. */
export function kernelsOf(found: readonly TunedShape[]): Map<string, string> {
  if (!Array.isArray(found)) {
    throw new TypeError("Cannot make a table of kernels: a list, as of tuneFor(), is expected");
  }
  return new Map(
    found.filter(({ best, rule }) => best !== rule).map(({ shape, best }) => [shape, best]),
  );
}

function expectGpu(op: string, gpu: unknown): void {
  if (gpu instanceof GpuRuntime) return;
  throw new TypeError(`Cannot apply ${op}: gpu is ${gpu} but a Gpu is expected`);
}
