// A program outside Deno that uses the engine with a device of its own: checked with the types of @webgpu/types.

import {
  type AdapterDescription,
  conv2d,
  demoDataset,
  Gpu,
  openGpu,
  simulate,
  vgg,
} from "../../engine.ts";

declare const device: GPUDevice;
declare const adapter: AdapterDescription;

const own = new Gpu(device, adapter);
const buffer: GPUBuffer = own.zeros([1]).buffer;
export const opened: Promise<Gpu> = openGpu();
export { buffer, conv2d, demoDataset, simulate, vgg };
