// A part of the report: a minute of the paper's setting, and what the whole of it would take at that pace.

import { openTunedGpu } from "../../src/commands/tuned_gpu.ts";
import { preferVulkan } from "../../src/commands/webgpu_backend.ts";
import type { ClientDataset, Dataset } from "../../src/data/dataset.ts";
import { demoDataset } from "../../src/data/demo.ts";
import { groupsOf, Workload } from "../../src/federated/clients/workload.ts";
import { defaultConfig, type SimulationConfig } from "../../src/federated/config.ts";
import { methodOf } from "../../src/federated/methods/registry.ts";
import { simulate } from "../../src/federated/simulation.ts";

/** Images of the paper's four clients: for training, validation and test. */
const paperSizes = [[2091, 298, 598], [2708, 386, 774], [1144, 163, 328], [1400, 199, 401]];

/** Seconds after which training is stopped, counted from the start of this program. */
const limit = Number(Deno.args[0] ?? 60);
const start = performance.now();

preferVulkan();
const gpu = await openTunedGpu({ adapter: "auto", tuned: true });
// As many images as are drawn in some seconds: in the paper's proportions, and many times over in a minute.
const sizes = { trainSize: 160, validSize: 24, testSize: 48 };
const dataset = await demoDataset({ seed: 1, imageSize: 128, ...sizes });
const config: SimulationConfig = {
  ...{ ...defaultConfig, dataset, method: "prrfl", rounds: 50, localEpochs: 5, batchSize: 16 },
};
const paper = { ...config, dataset: ofSizes(dataset, paperSizes) };
const total = new Workload(paper, methodOf("prrfl"), groupsOf(paper, 4)).total;

const stop = { aborted: false };
/** Progress from when everything is compiled. */
const moments: { readonly done: number; readonly at: number }[] = [];
let parallelClients = 0;
for await (const event of simulate(gpu, config, { stop })) {
  const at = performance.now();
  if (event.type === "run") ({ parallelClients } = event);
  if (event.type === "progress") {
    if (event.done >= 24) moments.push({ done: event.done, at }); // after two steps of four clients
  }
  if (at - start > 1000 * limit) stop.aborted = true;
}
const [first, last] = [moments[0], moments.at(-1)];
const perSecond = first && last && last.at > first.at
  ? 1000 * (last.done - first.done) / (last.at - first.at)
  : null;
console.log(JSON.stringify({
  type: "paper",
  parallelClients,
  passesPerSecond: perSecond,
  totalPasses: total,
  minutes: perSecond === null ? null : total / perSecond / 60,
  memory: gpu.peakMemory,
}));
gpu.dispose();

/** Splits of other sizes; only their lengths are looked at. */
function ofSizes(dataset: Dataset, sizes: readonly (readonly number[])[]): Dataset {
  const clients = dataset.clients.map((client, k): ClientDataset => {
    const [train, valid, test] = sizes[k].map((length, s) => ({
      ...client[(["train", "valid", "test"] as const)[s]],
      labels: new Int32Array(length),
    }));
    return { ...client, train, valid, test };
  });
  return { ...dataset, clients };
}
