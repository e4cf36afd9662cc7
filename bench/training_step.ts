// A training step of a stack of models on one random batch, recorded.

import type { Recording } from "../src/gpu/recording.ts";
import { sgd } from "../src/nn/sgd.ts";
import { vgg } from "../src/nn/vgg.ts";
import { RandomStream } from "../src/random.ts";
import { backward } from "../src/tensor/autograd.ts";
import type { Gpu } from "../src/tensor/gpu.ts";
import { sizeOf } from "../src/tensor/shape.ts";
import { emptyTensor, type Tensor } from "../src/tensor/tensor.ts";

export const batch = 16;
export const numClasses = 3;

/** What is trained, and on what. */
export interface StepOptions {
  readonly stack: number;
  readonly width: number;
  /** height and width of the images */
  readonly pixels: number;
  /** from logits and labels, one value for each model or pair of models */
  readonly lossOf: (logits: Tensor, labels: Tensor) => Tensor;
}

/** The step, and where each replay leaves its losses. */
export interface TrainingStep {
  readonly step: Recording;
  readonly losses: Tensor;
  /** gives back its models and memory */
  readonly dispose: () => void;
}

/** Records a step of SGD of `vgg_nb`: forward, backward, update. */
export function recordTrainingStep(
  gpu: Gpu,
  { stack, width, pixels, lossOf }: StepOptions,
): TrainingStep {
  const model = vgg(gpu, { stack, numClasses, width });
  const optimizer = sgd(model, { lr: 1e-2 });
  const shape = [stack, batch, 3, pixels, pixels];
  const random = new RandomStream(stack);
  const images = Float32Array.from({ length: sizeOf(shape) }, () => 2 * random.uniform() - 1);
  const x = gpu.tensor(images, shape);
  const classes = Int32Array.from({ length: stack * batch }, (_, row) => row % numClasses);
  const labels = gpu.tensor(classes, [stack, batch]);
  const losses = emptyTensor(gpu, [stack === 1 ? 1 : stack / 2]);
  const arena = gpu.arena();
  const step = gpu.record(arena, () => {
    const loss = lossOf(model.forward(x, { training: true }), labels);
    optimizer.zeroGrad();
    backward(loss);
    optimizer.step();
    gpu.copy(loss, losses);
  });
  const dispose = () => {
    arena[Symbol.dispose]();
    optimizer.dispose();
    model.dispose();
  };
  return { step, losses, dispose };
}

/** 10⁹ operations of a step of one model: the convolutions forward, and twice that for their gradients. */
export function stepWork(width: number, pixels: number): number {
  const blocks = [[32, 32], [64, 64], [128, 128, 128], [128, 128, 128], [256, 256, 256]];
  let inputs = 3;
  let side = pixels;
  let sum = 0;
  for (const block of blocks) {
    for (const channels of block) {
      const outputs = channels * width;
      sum += 2 * 9 * inputs * outputs * side ** 2;
      inputs = outputs;
    }
    side /= 2;
  }
  return 3 * batch * sum / 1e9;
}
