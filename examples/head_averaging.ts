// A federated method of one's own: clients share the classifier, each keeps its own features.

import {
  averaging,
  crossEntropyLoss,
  defaultConfig,
  demoDataset,
  type FederatedMethod,
  openGpu,
  simulate,
  type SimulationConfig,
} from "@prr-fl/webgpu";

/** LG-FedAvg (Liang et al. 2020): the linear layers are averaged, all before them stays with the client. */
export const headAveraging: FederatedMethod = {
  roles: ["local"],
  personalRole: "local",
  localLoss: crossEntropyLoss,
  sharing: {
    role: "local",
    receivers: "all",
    exchange: (kind) => kind === "linear" || kind === "bias" ? averaging : null,
  },
};

/** Trains four clients on the demo data, at a quarter of the network's width. */
async function main(): Promise<void> {
  const gpu = await openGpu();
  const config: SimulationConfig = {
    ...defaultConfig,
    method: headAveraging,
    dataset: await demoDataset({ seed: 1 }),
    width: 0.25,
    rounds: 3,
    localEpochs: 3,
    learningRate: 0.03,
    augment: "none",
  };
  for await (const event of simulate(gpu, config)) {
    if (event.type !== "aggregation") continue;
    console.log(
      `round ${event.round + 1}: mean test AUC ${event.test.local.auc?.toFixed(1) ?? "n/a"} %`,
    );
  }
  gpu.dispose();
}

if (import.meta.main) await main();
