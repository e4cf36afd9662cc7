// What a consumer writes: strict TypeScript has to take it with the types of WebGPU and nothing else.

import {
  backward,
  conv2d,
  defaultConfig,
  demoDataset,
  gradOf,
  openGpu,
  simulate,
  type SimulationEvent,
} from "@prr-fl/webgpu";
import { type DatasetFolderOptions, readDatasetFolder } from "@prr-fl/webgpu/files";

const gpu = await openGpu({ adapter: "auto" });
const x = gpu.tensor(new Float32Array(8), [1, 1, 1, 2, 4], { requiresGrad: true });
const weight = gpu.tensor(new Float32Array(9), [1, 1, 1, 3, 3]);
backward(conv2d(x, weight, { padding: 1 }));
export const gradient = await gradOf(x).read();

const sizes = { trainSize: 4, validSize: 4, testSize: 4 };
const dataset = await demoDataset({ seed: 1, imageSize: 32, ...sizes });
export const types: SimulationEvent["type"][] = [];
for await (const event of simulate(gpu, { ...defaultConfig, dataset, method: "prrfl" })) {
  types.push(event.type);
}

const options: DatasetFolderOptions = { imageSize: 32 };
export const clients: number = (await readDatasetFolder("images", options)).clients.length;
