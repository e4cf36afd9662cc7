// A program that opens the GPU and trains one step of the paper's network: what has to happen before a run goes
// on at full speed. Tells as JSON how long creating pipelines took, in seconds, and the loss.

import { preferVulkan } from "../src/commands/webgpu_backend.ts";
import { crossEntropy } from "../src/ops/losses.ts";
import { openGpu } from "../src/tensor/gpu.ts";
import { recordTrainingStep } from "./training_step.ts";

preferVulkan();
let pipelines = 0;
const { createComputePipeline } = GPUDevice.prototype;
GPUDevice.prototype.createComputePipeline = function (...descriptor) {
  const start = performance.now();
  const pipeline = createComputePipeline.apply(this, descriptor);
  pipelines += (performance.now() - start) / 1000;
  return pipeline;
};

const gpu = await openGpu();
const options = { stack: 1, width: 1, pixels: 32, lossOf: crossEntropy };
const { step, losses } = recordTrainingStep(gpu, options);
step.replay();
const [loss] = await losses.read();
console.log(JSON.stringify({ pipelines, loss }));
gpu.dispose();
