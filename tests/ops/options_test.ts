// Options that an operation does not know, lacks or cannot have are refused, with the nearest known one.

import { adam } from "../../src/nn/adam.ts";
import { sgd } from "../../src/nn/sgd.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { batchNorm } from "../../src/ops/batch_norm.ts";
import { conv2d } from "../../src/ops/conv2d.ts";
import { linear } from "../../src/ops/linear.ts";
import { crossEntropy, deputyTransferLoss, klDiv } from "../../src/ops/losses.ts";
import { maxPool2d } from "../../src/ops/pool2d.ts";
import { mean, sum } from "../../src/ops/reduce.ts";
import { logSoftmax, softmax } from "../../src/ops/softmax.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { gpu } from "../gpu.ts";

const images = gpu.zeros([1, 2, 3, 4, 4]);
const rows = gpu.zeros([1, 2, 3]);
const labels = gpu.zeros([1, 2], "i32");
const channel = gpu.zeros([1, 3]);
const norm = {
  ...{ weight: channel, bias: channel, runningMean: channel, runningVar: channel },
  training: false,
};
const weight = gpu.zeros([1, 3, 3, 1, 1]);
const model = vgg(gpu, { numClasses: 2, width: 0.0625 });

/** As JavaScript would call them. */
// deno-lint-ignore no-explicit-any
type Any = any;
const calls: Readonly<Record<string, (options: Any) => unknown>> = {
  conv2d: (options) => conv2d(images, weight, options),
  maxPool2d: (options) => maxPool2d(images, options),
  batchNorm: (options) => batchNorm(images, options),
  linear: (options) => linear(rows, gpu.zeros([1, 3, 3]), options),
  crossEntropy: (options) => crossEntropy(rows, labels, options),
  klDiv: (options) => klDiv(rows, rows, options),
  deputyTransferLoss: (options) => deputyTransferLoss(rows, rows, labels, options),
  sum: (options) => sum(rows, options),
  mean: (options) => mean(rows, options),
  vgg: (options) => vgg(gpu, options),
  sgd: (options) => sgd(model, options),
  adam: (options) => adam(model, options),
};

const misuses: readonly [op: keyof typeof calls, options: Any, message: string][] = [
  ["conv2d", { dilation: 2 }, 'there is no option "dilation"; known: bias, stride, padding'],
  ["conv2d", { groups: 7 }, 'no option "groups"'],
  ["conv2d", { strides: 2 }, 'no option "strides", did you mean stride?'],
  ["conv2d", { pad: 1 }, 'no option "pad", did you mean padding?'],
  ["conv2d", { paddingMode: "same" }, "did you mean padding?"],
  ["conv2d", 2, "its options are 2 but an object with bias, stride, padding is expected"],
  ["conv2d", null, "its options are null"],
  ["maxPool2d", undefined, "its options are undefined but an object with kernelSize, stride"],
  ["maxPool2d", {}, "the option kernelSize is missing"],
  ["maxPool2d", { kernelSize: 2, padding: 1 }, 'no option "padding"'],
  ["maxPool2d", { kernelSize: 2, ceilMode: true }, 'no option "ceilMode"'],
  ["maxPool2d", { kernel_size: 2 }, 'no option "kernel_size", did you mean kernelSize?'],
  ["batchNorm", {}, "the option weight is missing"],
  ["batchNorm", undefined, "its options are undefined"],
  ["batchNorm", { ...norm, epsilon: 1e-3 }, 'no option "epsilon", did you mean eps?'],
  ["batchNorm", { ...norm, running_mean: channel }, "did you mean runningMean?"],
  ["batchNorm", { ...norm, activation: "gelu" }, 'activation is "gelu" but one of none, relu'],
  ["batchNorm", { ...norm, pool: "avg2x2" }, 'pool is "avg2x2" but one of none, max2x2'],
  ["linear", { transB: true }, 'no option "transB"'],
  ["linear", { b: channel }, 'no option "b", did you mean bias?'],
  ["crossEntropy", { reduction: "sum" }, 'no option "reduction"'],
  ["crossEntropy", { ignoreIndex: 0 }, 'no option "ignoreIndex"'],
  ["crossEntropy", { weight: channel }, 'no option "weight"'],
  ["crossEntropy", { labelSmoothing: 0.1 }, 'no option "labelSmoothing"'],
  ["klDiv", { reduction: "batchmean" }, 'no option "reduction"'],
  ["klDiv", { logTarget: true }, 'no option "logTarget"'],
  ["klDiv", { temp: 2 }, "did you mean temperature?"],
  ["deputyTransferLoss", {}, "the option stages is missing"],
  ["deputyTransferLoss", { stage: labels }, "did you mean stages?"],
  ["sum", { axes: 1 }, "axes is 1 but a list such as [1] is expected"],
  ["sum", { axis: [1] }, 'no option "axis"'],
  ["sum", { dim: 1 }, 'no option "dim"'],
  ["sum", { keepdims: true }, "did you mean keepDims?"],
  ["sum", 1, "its options are 1"],
  ["mean", { axes: 0 }, "axes is 0 but a list such as [0] is expected"],
  ["mean", { keepdim: true }, "did you mean keepDims?"],
  ["vgg", { numClasses: 3, dropout: 0.5 }, 'no option "dropout"'],
  ["vgg", {}, "the option numClasses is missing"],
  ["vgg", { num_classes: 3 }, "did you mean numClasses?"],
  ["vgg", { numClasses: 3, pretrained: true }, 'no option "pretrained"'],
  ["sgd", { lr: 1, momentum: 0.9 }, 'no option "momentum"; known: lr, weightDecay'],
  ["sgd", { lr: 1, nesterov: true }, 'no option "nesterov"'],
  ["sgd", { learningRate: 1 }, 'no option "learningRate"'],
  ["sgd", { lr: 1, weight_decay: 1 }, "did you mean weightDecay?"],
  ["sgd", {}, "the option lr is missing"],
  ["adam", { lr: 1, amsgrad: true }, 'no option "amsgrad"'],
  ["adam", { lr: 1, beta1: 0.9 }, "did you mean betas?"],
  ["adam", undefined, "its options are undefined"],
];

Deno.test("options that would be ignored, or are missing, are errors that name them", () => {
  for (const [op, options, message] of misuses) {
    assertThrows(() => calls[op](options), TypeError, message);
  }
});

Deno.test("a surplus argument is an error", () => {
  for (const op of [softmax, logSoftmax] as Any[]) {
    assertThrows(
      () => op(rows, 1),
      TypeError,
      "the argument 1 is one too many; it works along the last axis",
    );
  }
});

Deno.test("a learning rate that is none, and more models than there are, are errors", () => {
  const pair = vgg(gpu, { stack: 2, numClasses: 2, width: 0.0625 });
  for (const optimizer of [sgd(pair, { lr: 1 }), adam(pair, { lr: 1 })]) {
    for (const lr of [NaN, -1, Infinity]) {
      assertThrows(() => optimizer.setLearningRate(lr), RangeError, `lr is ${lr} but a finite`);
    }
    for (const models of [5, -1, 0.5]) {
      assertThrows(
        () => optimizer.step(models),
        RangeError,
        `for ${models} models of a stack of 2`,
      );
    }
    optimizer.dispose();
  }
  pair.dispose();
});

Deno.test("known options, also those that are undefined, are taken", () => {
  assertEquals(conv2d(images, weight, { bias: undefined, stride: 2 }).shape, [1, 2, 3, 2, 2]);
  assertEquals(batchNorm(images, { ...norm, eps: undefined, pool: "max2x2" }).shape, [
    1,
    2,
    3,
    2,
    2,
  ]);
  model.dispose();
});
