// The estimate of a run's memory against what the runtime allocates, and how many clients it lets go together.

import { demoDataset } from "../../src/data/demo.ts";
import { parallelClients } from "../../src/federated/clients/capacity.ts";
import type { SimulationConfig } from "../../src/federated/config.ts";
import { estimatedMemory } from "../../src/federated/clients/workload.ts";
import { setupOf } from "../../src/federated/clients/setup.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { openGpu } from "../../src/tensor/gpu.ts";
import { assert, assertEquals } from "../assert.ts";
import { gpu } from "../gpu.ts";
import { config as small } from "./small_federation.ts";

const larger = await demoDataset({
  ...{ seed: 3, imageSize: 64, trainSize: 100, validSize: 24, testSize: 24 },
});

/** Bytes of all buffers that kernels can use, made until the first local epoch is over. */
async function allocated(config: SimulationConfig): Promise<number> {
  const gpu = await openGpu();
  const { device } = gpu;
  const { createBuffer } = device;
  let bytes = 0;
  device.createBuffer = (descriptor) => {
    if (descriptor.usage & GPUBufferUsage.STORAGE) bytes += descriptor.size;
    return createBuffer.call(device, descriptor);
  };
  try {
    for await (const { type } of simulate(gpu, config)) if (type === "epoch") break;
    return bytes;
  } finally {
    gpu.dispose();
  }
}

/** The last one has more parameters than activations. */
const cases: Record<string, Partial<SimulationConfig>> = {
  "small, all clients at a time": { method: "local" },
  "small, one client at a time": { method: "local", parallelClients: 1 },
  "64 pixels, two models of each of three clients, augmented, Adam, rounds remembered": {
    ...{ dataset: larger, method: "prrfl", parallelClients: 3, augment: "full" },
    ...{ optimizer: "adam", onNan: "skip-client" },
  },
  "two clients at a time, to whose last batch a single image is joined": {
    ...{ dataset: larger, method: "prrfl", parallelClients: 2, augment: "full" },
    ...{ batchSize: 9, lastBatch: "join" },
  },
  "half the width, proximal": { width: 0.5, method: "fedprox", parallelClients: 2 },
};

for (const [name, changes] of Object.entries(cases)) {
  Deno.test(`estimatedMemory() is within a fifth of what is allocated: ${name}`, async () => {
    const config: SimulationConfig = { ...small, ...changes };
    const { parallelClients: wanted, dataset: { clients } } = config;
    const count = wanted === "auto" ? clients.length : wanted;
    const ratio = estimatedMemory(setupOf(gpu, config), count) /
      await allocated(config);
    assert(ratio > 0.8 && ratio < 1.2, `estimate / allocated = ${ratio}`);
  });
}

Deno.test("the automatic choice takes as many clients at a time as the memory limit allows", () => {
  const mebibytes = (count: number) => estimatedMemory(setupOf(gpu, small), count) / 2 ** 20;
  const chosen = (memoryLimit: number | null) =>
    parallelClients(setupOf(gpu, { ...small, memoryLimit }));
  assertEquals(chosen(null), 4);
  assert(mebibytes(3) > mebibytes(4)); // steps of three and of one share little memory
  for (const [count, fewer] of [[4, 2], [2, 1]]) {
    assertEquals(chosen(mebibytes(count)), count);
    assertEquals(chosen(0.999 * mebibytes(count)), fewer);
  }
});
