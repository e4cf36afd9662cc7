// The network that is trained: the paper's vgg_nb, its start, its batch, and gradients known beforehand.

import gradients32 from "./gradients_32.json" with { type: "json" };
import gradients64 from "./gradients_64.json" with { type: "json" };
import { batch, normal, type Workload } from "./workloads.ts";

/** Channels of the convolutions; each is followed by batch norm and ReLU, each block by a max pooling. */
export const blocks = [[32, 32], [64, 64], [128, 128, 128], [128, 128, 128], [
  256,
  256,
  256,
]];
export const hidden = 64;
export const classes = 3;
export const eps = 1e-5;
export const learningRate = 1e-2;

/** A parameter at the start. */
export interface Parameter {
  readonly name: string;
  readonly kind: "convolution" | "scale" | "shift" | "linear";
  /** `[outputs, inputs, 3, 3]`, `[channels]` or, of a linear layer, `[inputs, outputs]` */
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** All parameters, in the order of layers. */
export function parameters(): Parameter[] {
  const all: Parameter[] = [];
  let seed = 100;
  const norm = (name: string, channels: number) => {
    const shape = [channels];
    const scale = new Float32Array(channels).fill(1);
    all.push({ name: `${name}.scale`, kind: "scale", shape, data: scale });
    all.push({
      name: `${name}.shift`,
      kind: "shift",
      shape,
      data: new Float32Array(channels),
    });
  };
  const linear = (name: string, inputs: number, outputs: number) => {
    const data = normal(inputs * outputs, seed++, Math.sqrt(1 / inputs));
    all.push({ name, kind: "linear", shape: [inputs, outputs], data });
  };
  let inputs = 3;
  blocks.flat().forEach((outputs, index) => {
    const data = normal(
      outputs * inputs * 9,
      seed++,
      Math.sqrt(2 / (inputs * 9)),
    );
    const shape = [outputs, inputs, 3, 3];
    all.push({ name: `convolution${index}`, kind: "convolution", shape, data });
    norm(`norm${index}`, outputs);
    inputs = outputs;
  });
  linear("hidden", inputs, hidden);
  norm("hiddenNorm", hidden);
  linear("classifier", hidden, classes);
  return all;
}

/** Images `[batch, 3, pixels, pixels]`, and their classes: as numbers and as rows of 0 and 1. */
export function trainingData(pixels: number) {
  const labels = Int32Array.from({ length: batch }, (_, row) => row % classes);
  const oneHot = new Float32Array(batch * classes);
  labels.forEach((label, row) => oneHot[row * classes + label] = 1);
  return { images: normal(batch * 3 * pixels ** 2, 7), labels, oneHot };
}

/** Height and width of the images. */
export function pixelsOf(workload: Workload): number {
  return workload === "training-32" ? 32 : 64;
}

/** One element of some parameters, whose gradients are compared: where it lies in `data`. */
export const probes: Readonly<Record<string, number>> = {
  convolution0: 4,
  convolution1: 5 * 288 + 7 * 9 + 2,
  convolution3: 1234,
  convolution5: 4321,
  convolution9: 777,
  convolution12: 99999,
  "norm1.scale": 3,
  "norm8.shift": 10,
  "norm12.scale": 200,
  hidden: 1000,
  "hiddenNorm.shift": 5,
  classifier: 50,
};

/** Loss and gradients of the probes at the start, in double precision; made by gradients.ts. */
export function expectedGradients(
  pixels: number,
): Readonly<Record<string, number>> {
  return pixels === 32 ? gradients32 : gradients64;
}
