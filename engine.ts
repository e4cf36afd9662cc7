/**
 * The engine of PRR-FL, wherever WebGPU is: tensors with autograd, the operations and networks built on them, and the
 * federated simulation. It reads no files and needs neither Deno nor Node. Every tensor begins with the stack axis S,
 * independent models side by side.
 *
 * ```ts
 * import { backward, conv2d, gradOf, openGpu } from "@prr-fl/webgpu/engine";
 *
 * const gpu = await openGpu();
 * using _scope = gpu.scope(); // what is made from here on goes back to the pool at its end
 * const x = gpu.tensor(new Float32Array(2 * 3 * 8 * 8).fill(1), [1, 2, 3, 8, 8]); // [S, N, C, H, W]
 * const weight = gpu.tensor(new Float32Array(4 * 3 * 9).fill(0.1), [1, 4, 3, 3, 3], {
 *   requiresGrad: true,
 * });
 * const y = conv2d(x, weight, { padding: 1 });
 * backward(y); // with ones, as for a sum
 * console.log(y.shape, await gradOf(weight).read());
 * ```
 *
 * @module
 */

// GPU and tensors
export {
  type AdapterChoice,
  type AdapterDescription,
  type AdapterKind,
  type DeviceLimit,
  type DeviceSource,
} from "./src/gpu/adapter.ts";
export { type Ceilings, measureCeilings } from "./src/gpu/ceiling.ts";
export { GpuError, type GpuErrorKind } from "./src/gpu/errors.ts";
export {
  type KernelRun,
  type KernelTotals,
  type Profile,
  totalsByKernel,
} from "./src/gpu/profile.ts";
export type { Arena, Command, Recording } from "./src/gpu/recording.ts";
export type { MemoryUse } from "./src/gpu/device_memory.ts";
export { Gpu, openGpu } from "./src/tensor/gpu.ts";
export type { Clock } from "./src/clock.ts";
export type { Scoped } from "./src/gpu/scopes.ts";
export type { HostTensor, HostTensorData } from "./src/tensor/host_tensor.ts";
export type { Shape } from "./src/tensor/shape.ts";
export {
  type Dtype,
  type GradientState,
  type IntegerRange,
  type TapeNode,
  Tensor,
  type TensorData,
} from "./src/tensor/tensor.ts";
export { backward, clearGrad, gradOf, noGrad } from "./src/tensor/autograd.ts";
export {
  checkGradients,
  type DoubleArray,
  type GradientCheckOptions,
  type GradientReport,
  type InputGradient,
} from "./src/tensor/gradient_check.ts";

// Operations
export { add, mul, scale, sub } from "./src/ops/arithmetic.ts";
export { batchNorm, type BatchNormOptions } from "./src/ops/batch_norm.ts";
export { broadcastTo } from "./src/ops/broadcast.ts";
export { conv2d, type Conv2dOptions } from "./src/ops/conv2d.ts";
export { exp, log } from "./src/ops/exponential.ts";
export { fft, fft2, ifft, ifft2 } from "./src/ops/fft.ts";
export { linear } from "./src/ops/linear.ts";
export { crossEntropy, deputyTransferLoss, klDiv, type LossOptions } from "./src/ops/losses.ts";
export { matmul } from "./src/ops/matmul.ts";
export { globalAvgPool2d, maxPool2d } from "./src/ops/pool2d.ts";
export { permute, reshape } from "./src/ops/rearrange.ts";
export { mean, type ReduceOptions, sum } from "./src/ops/reduce.ts";
export { relu } from "./src/ops/relu.ts";
export { logSoftmax, softmax } from "./src/ops/softmax.ts";
export { everyModel } from "./src/ops/stack.ts";

// What an operation of one's own needs
export { type KernelFile, kernelFile, type ScalarType } from "./src/gpu/kernel.ts";
export type { BufferView } from "./src/gpu/buffers.ts";
export type { DispatchSpec } from "./src/gpu/dispatcher.ts";
export type { Constants } from "./src/gpu/pipelines.ts";
export type { GpuRuntime } from "./src/gpu/runtime.ts";
export { sharedWgsl } from "./src/gpu/shared_wgsl.ts";
export { linearWorkgroups } from "./src/gpu/workgroups.ts";
export { record } from "./src/tensor/autograd.ts";
export { emptyTensor } from "./src/tensor/tensor.ts";

// Kernels that are measured on the adapter at hand
export {
  kernelsOf,
  shapesOf,
  type TunedShape,
  tuneFor,
  type TuneOptions,
} from "./src/ops/tuning.ts";

// Networks and optimizers
export {
  type BufferSpec,
  type ForwardContext,
  type Module,
  type NetworkPart,
  type ParameterKind,
  type ParameterSpec,
  Sequential,
  type SequentialOptions,
  type Trace,
} from "./src/nn/module.ts";
export {
  BatchNorm1d,
  type BatchNorm1dLayerOptions,
  BatchNorm2d,
  type BatchNorm2dLayerOptions,
  Conv2d,
  type Conv2dLayerOptions,
  Linear,
} from "./src/nn/layers.ts";
export { Flatten, GlobalAvgPool2d, MaxPool2d, ReLU } from "./src/nn/plain_layers.ts";
export {
  activationSizes,
  largestActivation,
  makeModule,
  type Network,
  type NetworkOptions,
  parameterCount,
} from "./src/nn/network.ts";
export { builtInNetworks, type NetworkName } from "./src/nn/networks.ts";
export { type ForwardOptions, Model, type ModelOptions } from "./src/nn/model.ts";
export { type Adam, adam, type AdamOptions } from "./src/nn/adam.ts";
export type { Block, FlatTensors } from "./src/nn/flat_tensors.ts";
export type { Optimizer } from "./src/nn/optimizer.ts";
export { type Sgd, sgd, type SgdOptions } from "./src/nn/sgd.ts";
export { loadStateDict, stateDict } from "./src/nn/state_dict.ts";
export { vgg, type VggOptions } from "./src/nn/vgg.ts";

// Data
export type { ClientDataset, Dataset, Split, SplitName } from "./src/data/dataset.ts";
export { demoDataset, type DemoOptions } from "./src/data/demo.ts";
export type { LastBatch } from "./src/data/batching.ts";
export { DataError } from "./src/data/data_error.ts";

// Metrics
export {
  accuracy,
  type ClassIndices,
  confusionMatrix,
  macroF1,
  type MeanMetrics,
  type Metrics,
  predictClasses,
  type RocAuc,
  rocAucOvr,
} from "./src/metrics/classification.ts";
export { rocCurve, type RocPoint } from "./src/metrics/roc_curve.ts";
export {
  brierScore,
  type Calibration,
  calibration,
  classBrierScore,
  classCalibration,
  type ReliabilityBin,
} from "./src/metrics/calibration.ts";
export {
  type ClassRates,
  classRates,
  cohenKappa,
  type ConfusionCounts,
  matthews,
} from "./src/metrics/class_rates.ts";
export {
  type ClinicalClass,
  type ClinicalMeasure,
  type ClinicalMetrics,
  clinicalMetrics,
  type ClinicalOverall,
  type MeanOverClasses,
} from "./src/metrics/clinical.ts";
export {
  operateAt,
  type OperatingPoint,
  thresholdAtSpecificity,
  youdenThreshold,
} from "./src/metrics/operating_point.ts";
export { averagePrecision } from "./src/metrics/precision_recall.ts";
export {
  type Falls,
  type MetricChange,
  type Recovery,
  summarizeFalls,
} from "./src/metrics/falls.ts";
export {
  type Changes,
  type Communication,
  type Retrogress,
  retrogress,
} from "./src/metrics/retrogress.ts";

export type { BestRound } from "./src/metrics/selection.ts";

// Uncertainty
export {
  type BootstrapDifference,
  bootstrapDifference,
  type BootstrapInterval,
  bootstrapInterval,
  type BootstrapOptions,
  differenceOfDraws,
  drawMetrics,
  intervalOfDraws,
  type MetricDraws,
} from "./src/metrics/bootstrap.ts";
export { comparisonSentence, type StatedComparison } from "./src/metrics/comparison_sentence.ts";
export {
  type DelongDifference,
  delongDifference,
  type DelongInterval,
  delongInterval,
} from "./src/metrics/delong.ts";
export { holm, type Mcnemar, mcnemar } from "./src/metrics/paired_tests.ts";
export {
  resampledAccuracy,
  resampledMacroF1,
  type ResampledMetric,
  resampledRocAuc,
} from "./src/metrics/resampled.ts";
export { type SeedInterval, seedInterval } from "./src/metrics/seed_interval.ts";

// Federated learning
export { averageOverClients, meanOverClients } from "./src/federated/aggregate/average.ts";
export type { MeanOptions } from "./src/federated/aggregate/mean_weights.ts";
export type { Spectrum } from "./src/federated/aggregate/spectrum.ts";
export {
  fourierRate,
  type FourierWindow,
  fourierWindow,
  lowAmplitudes,
  progressiveFourierAggregation,
  withAmplitudes,
} from "./src/federated/aggregate/fourier.ts";
export { type Checkpoint, loadModel } from "./src/federated/checkpoint.ts";
export type { Bounds } from "./src/federated/bounds.ts";
export {
  type Augmentation,
  type ClientWeighting,
  defaultConfig,
  type NanAction,
  type OptimizerName,
  type SimulationConfig,
} from "./src/federated/config.ts";
export { ConfigError } from "./src/federated/errors.ts";
export type * from "./src/federated/events.ts";
export { crossEntropyLoss, transferLoss } from "./src/federated/methods/local_losses.ts";
export { averaged, averaging, fourierAveraging } from "./src/federated/methods/exchanges.ts";
export {
  defineMethod,
  type Exchange,
  type ExchangeOptions,
  type FederatedMethod,
  type Lifetime,
  type LocalBatch,
  type LocalTraining,
  type MethodSetting,
  type NewMemory,
  type Remembered,
  type ServerUpdate,
  type Settings,
  type SharedKind,
  type Sharing,
  type StageDecision,
} from "./src/federated/methods/method.ts";
export {
  builtInMethods,
  type MethodName,
  type MethodSettingName,
} from "./src/federated/methods/registry.ts";
export type { RunControl, StateInterval } from "./src/federated/control.ts";
export type { Position } from "./src/federated/recovery/position.ts";
export type { ConfigurationText, SimulationState } from "./src/federated/recovery/state.ts";
export type { HostMessage } from "./src/federated/server/host_messages.ts";
export { DivergenceError } from "./src/federated/errors.ts";
export { simulate } from "./src/federated/simulation.ts";
export { type TransferStage, transferStage } from "./src/federated/methods/transfer_stage.ts";

// Weights as bytes
export { readSafetensors, type SafetensorsFile, writeSafetensors } from "./src/io/safetensors.ts";
