// The command `tune`: measures which kernels are fastest for a network on the adapter at hand, and keeps that.

import { systemClock } from "../clock.ts";
import { modelsThatFit } from "../federated/clients/capacity.ts";
import { Model } from "../nn/model.ts";
import type { Module } from "../nn/module.ts";
import { makeModule } from "../nn/network.ts";
import { builtInNetworks } from "../nn/networks.ts";
import { crossEntropy } from "../ops/losses.ts";
import { kernelsOf, shapesOf, type TunedShape, tuneFor } from "../ops/tuning.ts";
import { duration } from "../report/format.ts";
import { tableLines } from "../report/table_lines.ts";
import { backward } from "../tensor/autograd.ts";
import { type Gpu, openGpu } from "../tensor/gpu.ts";
import { type OptionsOf, tuneFlags } from "./flags.ts";
import { expectImageSize, loadNetwork } from "./own_modules.ts";
import { resolveOptions } from "./options.ts";
import { ReadingLine } from "./reading_line.ts";
import { keepKernels } from "./tuned_gpu.ts";

/**
 * Measures, keeps and shows it.
 *
 * @throws {UsageError | GpuError} saying what is wrong and what to do
 */
export async function tune(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { options } = resolveOptions(args, tuneFlags);
  const network = await loadNetwork(options.network);
  expectImageSize(network, options.imageSize);
  const gpu = await openGpu({ adapter: options.adapter });
  const make = typeof network === "string" ? builtInNetworks[network] : network;
  const { imageSize, width, batchSize } = options;
  const module = makeModule(gpu, make, { numClasses: options.numClasses, imageSize, width });
  const fitting = modelsThatFit(gpu, { module, imageSize, batchSize });
  const models = Math.max(1, Math.min(options.models, fitting)); // as training does
  const shapes = trainingShapes(gpu, module, models, options);
  const start = systemClock.now();
  const found: TunedShape[] = [];
  let measurable = 0;
  {
    using line = new ReadingLine(true, `Measuring on ${gpu.adapter.name}`);
    await tuneFor(gpu, shapes, {
      models,
      seconds: options.seconds,
      stop: signal,
      onShape: (shape, done, total) => {
        found.push(shape);
        measurable = total;
        line.show(done, total);
      },
    });
  }
  const kernels = kernelsOf(found);
  const path = await keepKernels(gpu.adapter, found.map(({ shape }) => shape), kernels);
  const took = duration(systemClock.now() - start);
  const rest = measurable - found.length;
  const measured = `${found.length} of ${measurable} shapes measured in ${took}` +
    (rest > 0 ? `; for the other ${rest} take more --seconds` : "");
  console.log([...tableOf(found), "", measured, resultText(kernels.size, path)].join("\n"));
  gpu.dispose();
  signal.throwIfAborted(); // what was measured by then is kept
}

/** Of a training step; its recording is never run. */
function trainingShapes(
  gpu: Gpu,
  module: Module,
  models: number,
  { imageSize, batchSize }: OptionsOf<typeof tuneFlags>,
): string[] {
  const model = new Model(gpu, module, { stack: models });
  const shapes = shapesOf(gpu, () => {
    const images = gpu.zeros([models, batchSize, 3, imageSize, imageSize]);
    const labels = gpu.zeros([models, batchSize], "i32");
    backward(crossEntropy(model.forward(images, { training: true }), labels));
  });
  model.dispose();
  return shapes;
}

function tableOf(found: readonly TunedShape[]): string[] {
  const rows = found.map(({ shape, tried, rule, ruleTime, best, bestTime }) => [
    shapeText(shape),
    String(tried),
    ruleTime.toFixed(2),
    best === rule ? "" : bestTime.toFixed(2),
    best === rule ? rule : best,
  ]);
  return tableLines([["shape", "tried", "rule ms", "best ms", "kernel"], ...rows], "lrrrl");
}

/** "weight gradient 3×3 32→32 @ 16×16, batch 16" */
function shapeText(shape: string): string {
  const at = shape.indexOf("{");
  const sizes = JSON.parse(shape.slice(at));
  if ("terms" in sizes) {
    const { rows, terms, columns } = sizes;
    return `product ${rows}×${terms} · ${terms}×${columns}`;
  }
  const operation = sizes.transposed ? "input gradient" : shape.slice(0, at - 1);
  const { kernel_height, kernel_width, in_channels, out_channels, out_height, out_width } = sizes;
  return `${operation} ${kernel_height}×${kernel_width} ${in_channels}→${out_channels} @ ` +
    `${out_height}×${out_width}, batch ${sizes.batch}`;
}

function resultText(better: number, path: string | null): string {
  const found = better === 0
    ? "The rules are as fast as anything else here."
    : `Faster than the rules: ${better}.`;
  const kept = path === null
    ? "Not kept: there is no cache folder that may be written."
    : `Kept in ${path}`;
  return `${found} ${kept}`;
}
