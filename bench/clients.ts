// How cost grows with the number of clients: the same images among 4 to 256 of them, FedAvg of a small CNN.

import { demoDataset } from "../src/data/demo.ts";
import { type Dataset, type Split, splitNames } from "../src/data/dataset.ts";
import { defaultConfig, type SimulationConfig } from "../src/federated/config.ts";
import { simulate } from "../src/federated/simulation.ts";
import smallNetwork from "../examples/small_network.ts";
import { preferVulkan } from "../src/commands/webgpu_backend.ts";
import { tableLines } from "../src/report/table_lines.ts";
import { type Gpu, openGpu } from "../src/tensor/gpu.ts";

preferVulkan();
const imageSize = 32;
const rounds = 3;
const localEpochs = 1;
const batchSize = 16;
/** Of all clients together: of each split a multiple of 256. */
const images = { train: 2560, valid: 512, test: 512 };

const pool = await demoDataset({
  ...{ seed: 1, imageSize },
  ...{ trainSize: 640, validSize: 128, testSize: 128 }, // that often repeated; to synthesize takes longer
});

/** Of all devices of this process. */
let dispatches = 0;
const { dispatchWorkgroups } = GPUComputePassEncoder.prototype;
GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...workgroups) {
  dispatches++;
  return dispatchWorkgroups.apply(this, workgroups);
};

const counts = Deno.args.length > 0 ? Deno.args.map(Number) : [4, 16, 64, 256];
const rows: string[][] = [];
for (const clients of counts) {
  const gpu = await openGpu(); // whose memory is that of this run alone
  const { times, dispatches } = await run(gpu, among(clients));
  const seconds = Math.min(...times) / 1000; // other programs can only slow it down
  const mebibytes = Math.round(gpu.peakMemory.bytes / 2 ** 20);
  rows.push([String(clients), seconds.toFixed(2), String(dispatches), String(mebibytes)]);
  console.error(rows.at(-1)!.join("  "));
  gpu.dispose();
}
const head = ["clients", "s per round", "dispatches per round", "MiB of GPU memory at most"];
console.log(tableLines([head, ...rows], "rrrr").join("\n"));

/** All images of each split, dealt out evenly. */
function among(clients: number): Dataset {
  const deal = (split: "train" | "valid" | "test", client: number): Split => {
    const count = images[split] / clients;
    const whole = pool.clients[client % pool.clients.length][split];
    const length = whole.labels.length;
    const pixels = 3 * imageSize ** 2;
    const part = Array.from(
      { length: count },
      (_, k) => (Math.floor(client / pool.clients.length) * count + k) % length,
    );
    const bytes = new Uint8Array(count * pixels);
    part.forEach((image, k) =>
      bytes.set(whole.images.subarray(image * pixels, (image + 1) * pixels), k * pixels)
    );
    return {
      ids: part.map((image, k) => `${client}-${k}-${whole.ids[image]}`),
      images: bytes,
      labels: Int32Array.from(part, (image) => whole.labels[image]),
    };
  };
  return {
    ...pool,
    clients: Array.from({ length: clients }, (_, client) => {
      const [train, valid, test] = splitNames.map((split) => deal(split, client));
      return { name: `c${client}`, train, valid, test };
    }),
  };
}

/** Milliseconds of each round but the first, which compiles, and the dispatches of one. */
async function run(gpu: Gpu, dataset: Dataset): Promise<{ times: number[]; dispatches: number }> {
  const config: SimulationConfig = {
    ...{ ...defaultConfig, dataset, method: "fedavg", network: smallNetwork, rounds, localEpochs },
    ...{ batchSize, width: 1, augment: "none" },
  };
  const times: number[] = [];
  const counts: number[] = [];
  let [start, count] = [performance.now(), dispatches];
  for await (const event of simulate(gpu, config)) {
    if (event.type !== "aggregation") continue;
    times.push(performance.now() - start);
    counts.push(dispatches - count);
    [start, count] = [performance.now(), dispatches];
  }
  return { times: times.slice(1), dispatches: counts[1] };
}
