// Every public function refuses what it would ignore or could not mean, in words that say what is wrong.

import * as api from "../mod.ts";
import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "./assert.ts";
import { gpu } from "./gpu.ts";

const images = gpu.zeros([1, 2, 3, 4, 4]);
const rows = gpu.zeros([1, 2, 3]);
const labels = gpu.zeros([1, 2], "i32");
const channel = gpu.zeros([1, 3]);
const norm = {
  ...{ weight: channel, bias: channel, runningMean: channel, runningVar: channel },
  training: false,
};
const weight = gpu.zeros([1, 3, 3, 1, 1]);
const model = api.vgg(gpu, { numClasses: 2, width: 0.0625 });
const dataset = await api.demoDataset({ seed: 1, trainSize: 36, validSize: 24, testSize: 24 });

/** As JavaScript would call them. */
// deno-lint-ignore no-explicit-any
type Any = any;
const untyped = api as Readonly<Record<string, Any>>;

/** What comes before the options. */
const before: Readonly<Record<string, readonly unknown[]>> = {
  conv2d: [images, weight],
  maxPool2d: [images],
  batchNorm: [images],
  linear: [rows, gpu.zeros([1, 3, 3])],
  crossEntropy: [rows, labels],
  klDiv: [rows, rows],
  deputyTransferLoss: [rows, rows, labels],
  sum: [rows],
  mean: [rows],
  vgg: [gpu],
  sgd: [model],
  adam: [model],
  openGpu: [],
  averageOverClients: [rows],
  meanOverClients: [rows],
  progressiveFourierAggregation: [rows],
  lowAmplitudes: [rows],
  withAmplitudes: [rows, rows],
  transferStage: [0, 1, 1],
  readDatasetFolder: ["."],
  demoDataset: [],
  checkGradients: [api.relu, [gpu.tensor(Float32Array.of(1), [1], { requiresGrad: true })]],
  loadModel: [gpu],
};

const options: readonly [op: string, options: Any, message: string][] = [
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
  ["sum", { keepDims: "no" }, 'keepDims is "no" but true or false is expected'],
  ["batchNorm", { ...norm, training: "false" }, 'training is "false" but true or false'],
  ["vgg", { numClasses: 3, bias: 0 }, "bias is 0 but true or false is expected"],
  ["vgg", { numClasses: 3, seed: 1.5 }, "seed is 1.5 but a whole number of at least 0"],
  ["vgg", { numClasses: 3, width: "0.25" }, "width is 0.25 but a finite number above 0"],
  ["readDatasetFolder", { imageSize: 32, clients: "A" }, 'clients is "A" but a list is expected'],
  ["demoDataset", { seed: 1, clients: "AB" }, 'clients is "AB" but a list is expected'],
  ["sum", { keepdims: true }, "did you mean keepDims?"],
  ["sum", 1, "its options are 1"],
  ["mean", { axes: 0 }, "axes is 0 but a list such as [0] is expected"],
  ["mean", { keepdim: true }, "did you mean keepDims?"],
  ["vgg", { numClasses: 3, dropout: 0.5 }, 'no option "dropout"'],
  ["vgg", {}, "the option numClasses is missing"],
  ["vgg", { num_classes: 3 }, "did you mean numClasses?"],
  ["vgg", { numClasses: 3, pretrained: true }, 'no option "pretrained"'],
  ["sgd", { lr: 1, dampening: 0.1 }, 'no option "dampening"; known: lr, weightDecay, momentum'],
  ["sgd", { lr: 1, momentum: "0.9" }, "momentum is 0.9 but a finite number"],
  ["sgd", { lr: 1, momentum: 0.9, nesterov: 1 }, "nesterov is 1 but true or false is expected"],
  ["sgd", { lr: 1, nesterov: true }, "momentum is 0 but a momentum above 0 is expected"],
  ["sgd", { learningRate: 1 }, 'no option "learningRate"'],
  ["sgd", { lr: 1, weight_decay: 1 }, "did you mean weightDecay?"],
  ["sgd", {}, "the option lr is missing"],
  ["adam", { lr: 1, amsgrad: true }, 'no option "amsgrad"'],
  ["adam", { lr: 1, beta1: 0.9 }, "did you mean betas?"],
  ["adam", undefined, "its options are undefined"],
  [
    "linear",
    channel,
    "its options are a tensor of shape [1, 3] but an object with bias is expected",
  ],
  ["openGpu", { adaptor: "gpu" }, 'no option "adaptor"'],
  ["openGpu", { adapter: "cuda" }, 'adapter is "cuda" but one of auto, gpu, cpu is expected'],
  ["averageOverClients", { weights: channel }, 'no option "weights"'],
  ["meanOverClients", { rate: 0.5 }, 'no option "rate"'],
  ["progressiveFourierAggregation", {}, "the option rate is missing"],
  ["lowAmplitudes", { rate: 2 }, "the rate is 2 but a number"],
  ["withAmplitudes", { rate: 0.9 }, "mean"],
  ["progressiveFourierAggregation", { rate: 0.5, clientWeight: 1 }, "did you mean clientWeights?"],
  ["progressiveFourierAggregation", { rate: "0.5" }, "the rate is 0.5 but a number"],
  ["transferStage", { alpha: 0.7 }, "did you mean alpha1?"],
  ["readDatasetFolder", {}, "the option imageSize is missing"],
  ["readDatasetFolder", { imageSize: 32, split: ["train"] }, "did you mean splits?"],
  ["readDatasetFolder", { imageSize: 32, splits: ["validation"] }, 'the split "validation"'],
  ["demoDataset", undefined, "its options are undefined"],
  ["demoDataset", {}, "the option seed is missing"],
  ["demoDataset", { seed: 1, size: 64 }, 'no option "size"'],
  ["demoDataset", { seed: 1, splits: ["val"] }, 'the split "val": choose from train, valid, test'],
  ["checkGradients", { eps: 1e-3 }, 'no option "eps"; known: reference, tolerance, step, elements'],
  ["loadModel", undefined, "its options are undefined but an object with tensors, metadata"],
];

/** The others: how each would be called wrongly, and what it says. */
const calls: readonly [op: string, args: readonly Any[], message: string][] = [
  ["averagePrecision", [[0, 1], [0.5, 0.5], 3], "2 scores are not whole rows of 3 classes"],
  ["bootstrapDifference", [[0, 1], () => 1], "a metric is undefined but a function"],
  ["bootstrapInterval", [[0, 1], 0.5], "a metric is 0.5 but a function of a draw is expected"],
  ["brierScore", [[0, 1], [0.5, 0.5]], "classes is undefined but a whole number"],
  ["calibration", [[0, 1], [0.5, 0.5], 3], "2 scores are not whole rows of 3 classes"],
  ["classBrierScore", [[0, 1], [0.5, 0.5], 3], "the positive class is undefined"],
  ["classCalibration", [[0, 1], [0.5, 0.5], 3], "the positive class is undefined"],
  ["classRates", [[[1, 2, 3], [1, 2]]], "as many as classes and as long"],
  ["clinicalMetrics", [[0, 1], { draws: 1 }, 3], "scores is [object Object] but a list"],
  ["cohenKappa", [[0, 1, 1]], "counts is 0,1,1 but a list of rows is expected"],
  ["comparisonSentence", [{ first: "A" }], "its difference is undefined but a number"],
  ["delongDifference", [[0, 1], [0.5, 0.5], [0.5, 0.5]], "classes is undefined"],
  ["delongInterval", [[0, 1], [0.5, 0.5], 3], "2 scores are not whole rows of 3 classes"],
  ["differenceOfDraws", [{ draws: [] }, [1, 2]], "has no draws; give it what drawMetrics() makes"],
  ["drawMetrics", [undefined, () => [1]], "labels is undefined but a list is expected"],
  ["holm", [[0.5, 2]], "2 is not in [0, 1]"],
  ["intervalOfDraws", [[1, 2]], "has no draws"],
  ["matthews", [undefined], "counts is undefined"],
  ["mcnemar", [[0, 1], [0, 1], 3], "predictions is 3 but a list is expected"],
  ["operateAt", [[0, 1], [0.5, 0.5], 3], "2 scores are not whole rows of 3 classes"],
  ["resampledAccuracy", [[0, 1], [0]], "2 labels but 1 predictions"],
  ["resampledMacroF1", [[0, 1], [0]], "2 labels but 1 predictions"],
  ["resampledRocAuc", [[0, 1], [0.5, 0.5], 3], "2 scores are not whole rows of 3 classes"],
  ["seedInterval", [undefined], "is no list of numbers"],
  ["seedInterval", [[1, 2], 95], "level is 95 but a share between 0 and 1"],
  ["thresholdAtSpecificity", [[0, 1], [0.5, 0.5]], "specificity is undefined"],
  ["youdenThreshold", [[0, 1], [0.5, 0.5], 3], "2 scores are not whole rows of 3 classes"],
  ["add", [rows, 1], "right is 1 but a tensor is expected"],
  ["add", [rows, rows, 2], "2 is one argument too many, it takes 2 arguments"],
  ["sub", [[1], rows], "left is a list but a tensor is expected"],
  ["mul", [rows, undefined], "right is undefined but a tensor is expected"],
  ["scale", [rows, rows], "factor is"],
  ["scale", [rows, "2"], "factor is 2 but a finite number is expected"],
  ["broadcastTo", [channel, 3], "shape is 3 but a list such as [3] is expected"],
  ["exp", [], "x is undefined but a tensor is expected"],
  ["log", [rows, 2], "2 is one argument too many, it takes one argument"],
  ["fft", [gpu.zeros([4, 2]), 8], "8 is one argument too many"],
  ["ifft", [gpu.zeros([4, 2]), { n: 8 }], "an object Object is one argument too many"],
  ["fft2", [gpu.zeros([4, 4, 2]), [8, 8]], "a list is one argument too many"],
  ["ifft2", [gpu.zeros([4, 4, 2]), [8, 8]], "a list is one argument too many"],
  [
    "matmul",
    [rows, gpu.zeros([1, 3, 2]), { transB: true }],
    "an object Object is one argument too",
  ],
  ["globalAvgPool2d", [images, 2], "2 is one argument too many"],
  ["permute", [rows, [2, 0, 1], 1], "1 is one argument too many"],
  ["permute", [rows, 2, 0, 1], "order is 2 but a list such as [2] is expected"],
  ["reshape", [rows, [6], 2], "2 is one argument too many"],
  ["reshape", [rows, 6], "shape is 6 but a list such as [6] is expected"],
  ["relu", [rows, true], "true is one argument too many"],
  [
    "softmax",
    [rows, 1],
    "1 is one argument too many, it takes one argument and works along the last",
  ],
  ["logSoftmax", [rows, { dim: 1 }], "an object Object is one argument too many"],
  ["everyModel", [undefined, 0, 1], "x is undefined but a tensor is expected"],
  ["everyModel", [rows, 0], "step is undefined but a whole number of at least 1"],
  ["backward", [], "output is undefined but a tensor is expected"],
  ["backward", [rows, 1], "gradient is 1 but a tensor is expected"],
  ["clearGrad", [{}], "tensor is an object Object but a tensor is expected"],
  ["gradOf", [{}], "tensor is an object Object but a tensor is expected"],
  ["noGrad", [1], "Cannot apply noGrad to 1: a function is expected"],
  ["sum", [rows, { axes: [] }], "which PyTorch takes for all axes and NumPy for none"],
  ["mean", [rows, { axes: [] }], "leave axes out for all"],
  ["vgg", [null, { numClasses: 2 }], "gpu is null but a Gpu is expected"],
  ["kernelFile", ["mine.wgsl"], "its name and its WGSL have to be texts but one is undefined"],
  [
    "kernelFile",
    ["mine.wgsl", "", { invocation: 1 }],
    "have to be texts but one is [object Object]",
  ],
  ["record", [3, [rows], () => []], "output is 3 but a tensor is expected"],
  [
    "record",
    [rows, rows, () => []],
    "parents is a tensor of shape [1, 2, 3] but a list is expected",
  ],
  ["record", [rows, [rows, 1], () => []], "parent 1 is 1 but a tensor is expected"],
  ["record", [rows, [rows], rows], "but a function is expected"],
  ["linearWorkgroups", [2.5], "count is 2.5 but a whole number of at least 0 is expected"],
  ["linearWorkgroups", [64, 0], "size is 0 but a whole number of at least 1 is expected"],
  ["emptyTensor", [{}, [3]], "gpu is [object Object] but a Gpu is expected"],
  ["emptyTensor", [gpu, 3], "sizes have to be a list of whole numbers of at least 1"],
  ["emptyTensor", [gpu, [3], "f16"], "its dtype has to be one of f32, i32, u32, u8"],
  ["makeModule", [null, api.builtInNetworks.vgg_b, {}], "gpu is null but a Gpu is expected"],
  ["makeModule", [gpu, "vgg", {}], "vgg is no function (gpu, options) => Module"],
  [
    "makeModule",
    [gpu, api.builtInNetworks.vgg_b, { numClasses: 2, imageSize: 32 }],
    "the option width is missing",
  ],
  ["parameterCount", [api.vgg], "module has no parameters but a module is expected"],
  ["activationSizes", [new api.ReLU()], "imageSize is undefined but a whole number of at least 1"],
  ["largestActivation", [null, 32], "module has no parameters but a module is expected"],
  ["loadStateDict", [{}, new Map()], "a model, as of vgg(), is expected"],
  ["loadStateDict", [model, {}], "a Map of tensors by their names is expected"],
  ["stateDict", [undefined], "a model, as of vgg(), is expected"],
  ["stateDict", [model, 1], "Cannot find model 1 in a stack of 1"],
  ["measureCeilings", [{}], "gpu is [object Object] but a Gpu is expected"],
  ["accuracy", [3, [3]], "labels is 3 but a list is expected"],
  ["confusionMatrix", [[0], undefined, 2], "predictions is undefined but a list is expected"],
  ["confusionMatrix", [[0], [1.5], 2], "class index 1.5 is not an integer in [0, 2)"],
  ["confusionMatrix", [[0], [1]], "classes is undefined but a whole number of at least 1"],
  ["predictClasses", [[0.5, 0.5, 1], 2], "3 scores are not whole rows of 2 classes"],
  ["predictClasses", [[0.5, 0.5]], "2 scores are not whole rows of undefined classes"],
  ["macroF1", [undefined, [1]], "labels is undefined but a list is expected"],
  ["rocAucOvr", [[0, 1], [0.5, 0.5, 1], 2], "3 scores are not whole rows of 2 classes"],
  ["rocCurve", [[0, 1], null, 2, 0], "scores is null but a list is expected"],
  ["summarizeFalls", [{}], "a list of changes is expected"],
  ["retrogress", [{}], "a list of a run's events is expected"],
  ["totalsByKernel", [{}], "a list of kernels' runs, as of gpu.profile(), is expected"],
  ["fourierRate", [50, 50, 0.7], "round is 50 of 50"],
  [
    "fourierWindow",
    [undefined, 0.5],
    "n is undefined but a whole number of at least 1 is expected",
  ],
  ["fourierWindow", [8, 2], "the rate is 2 but a number from 0 to 1 is expected"],
  ["transferStage", [5, 1, 1], "the previous stage is 5 but 0 to 4 is expected"],
  ["transferStage", [], "f1Deputy is undefined but a number is expected"],
  ["crossEntropyLoss", [undefined], "its options are undefined but an object with logits, labels"],
  ["transferLoss", [{ logits: rows, labels, counts: labels }], "the option stages is missing"],
  ["readSafetensors", [{}], "Cannot read safetensors: [object Object] is no Uint8Array"],
  ["writeSafetensors", [{}], "a Map of tensors by their names is expected"],
  ["writeSafetensors", [new Map([["w", { shape: [1], data: [1] }]])], "data of Array has no type"],
  ["simulate", [gpu, { dataset }, {}, 1], "1 is one argument too many, it takes 3 arguments"],
  ["writeSafetensors", [new Map(), { epochs: 3 }], "the metadata's epochs is 3 but a string"],
  ["simulate", [gpu, undefined], "its options are undefined but an object with dataset, method"],
  ["simulate", [gpu, { dataset, method: "prrfl", rouds: 3 }], 'there is no option "rouds"'],
  ["simulate", [gpu, { dataset, method: "prrfl", epochs: 3 }], 'there is no option "epochs"'],
  [
    "simulate",
    [gpu, { ...api.defaultConfig, dataset }, { until: 3 }],
    'there is no option "until"',
  ],
  ["averaged", ["local", "norms"], "norms"],
  ["shapesOf", [{}, () => {}], "gpu is [object Object] but a Gpu is expected"],
  ["shapesOf", [gpu, () => {}, 1], "1 is one argument too many"],
  ["tuneFor", [gpu, "convolution"], "convolution is no list of shapes"],
  ["tuneFor", [gpu, [], { minutes: 1 }], 'there is no option "minutes"'],
  ["kernelsOf", [{}], "a list, as of tuneFor(), is expected"],
  ["defineMethod", [{ roles: ["local"] }], "the option personalRole is missing"],
  ["defineMethod", [{ ...api.builtInMethods.local, aggregation: 1 }], 'no option "aggregation"'],
];

Deno.test("options that would be ignored, or are missing, are errors that name them", async () => {
  await expectRefusals(options.map(([op, value, text]) => [op, [...before[op], value], text]));
});

Deno.test("arguments that would be ignored or mean nothing are errors that name them", async () => {
  await expectRefusals(calls);
});

/** Each call fails with a message that contains the text. */
async function expectRefusals(calls: readonly [op: string, args: readonly Any[], text: string][]) {
  for (const [op, args, text] of calls) {
    const error = await assertRejects(async () => {
      const result = await untyped[op](...args);
      await result?.next?.(); // a generator begins when it is asked
    }, Error);
    assertStringIncludes(error.message, text, `${op}: ${error.message}`);
    assertStringIncludes(error.message, "Cannot ", op);
  }
}

Deno.test("every public function is among those that were called wrongly", () => {
  const functions = Object.entries(untyped)
    .filter(([, value]) => typeof value === "function" && !/^class\b/.test(String(value)))
    .map(([name]) => name);
  const called = new Set([...options, ...calls].map(([op]) => op));
  assertEquals(functions.filter((name) => !called.has(name)), []);
});

Deno.test("a learning rate that is none, and more models than there are, are errors", () => {
  const pair = api.vgg(gpu, { stack: 2, numClasses: 2, width: 0.0625 });
  for (const optimizer of [api.sgd(pair, { lr: 1 }), api.adam(pair, { lr: 1 })]) {
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
  assertEquals(api.conv2d(images, weight, { bias: undefined, stride: 2 }).shape, [1, 2, 3, 2, 2]);
  assertEquals(api.batchNorm(images, { ...norm, eps: undefined, pool: "max2x2" }).shape, [
    1,
    2,
    3,
    2,
    2,
  ]);
  model.dispose();
});
