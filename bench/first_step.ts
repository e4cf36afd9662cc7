// A program that opens the GPU and trains two steps of the paper's network. Tells as JSON the loss before the first, and
// how many seconds it took longer than the second: mostly to compile shaders, which drivers do when they like.

import { preferVulkan } from "../src/commands/webgpu_backend.ts";
import { crossEntropy } from "../src/ops/losses.ts";
import { openGpu } from "../src/tensor/gpu.ts";
import { recordTrainingStep } from "./training_step.ts";

preferVulkan();
const gpu = await openGpu();
const start = performance.now();
const options = { stack: 1, width: 1, pixels: 32, lossOf: crossEntropy };
const { step, losses } = recordTrainingStep(gpu, options);
step.replay();
const [loss] = await losses.read();
const afterFirst = performance.now();
step.replay();
await losses.read();
const second = performance.now() - afterFirst;
console.log(JSON.stringify({ compiling: (afterFirst - start - second) / 1000, loss }));
gpu.dispose();
