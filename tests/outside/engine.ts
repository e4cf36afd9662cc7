// A program outside Deno that uses the engine with a device of its own: checked with the types of @webgpu/types.

import type { AdapterDescription } from "../../src/gpu/adapter.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { conv2d } from "../../src/ops/conv2d.ts";
import { Gpu, openGpu } from "../../src/tensor/gpu.ts";
import { simulate } from "../../src/federated/simulation.ts";

declare const device: GPUDevice;
declare const adapter: AdapterDescription;

const own = new Gpu(device, adapter);
const buffer: GPUBuffer = own.zeros([1]).buffer;
export const opened: Promise<Gpu> = openGpu();
export { buffer, conv2d, simulate, vgg };
