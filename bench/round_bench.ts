// How long a whole round of the demo federation takes: local epochs, evaluations and the communication.

import { demoDataset } from "../src/data/demo.ts";
import { defaultConfig, type SimulationConfig } from "../src/federated/config.ts";
import type { DoneEvent } from "../src/federated/events.ts";
import { simulate } from "../src/federated/simulation.ts";
import { assertEquals } from "../tests/assert.ts";
import { benchRuns, gpu } from "./throughput.ts";

const dataset = await demoDataset({ seed: 1, trainSize: 80, validSize: 40, testSize: 60 });
const images = dataset.clients.map(({ train }) => train.labels.length).join(" + ");
const localEpochs = 2;

for (const method of ["fedavg", "prrfl"] as const) {
  // Clients one by one are the reference for all side by side.
  assertEquals(await round(method, 1), await round(method, "auto"), `${method} is wrong`);
  benchRuns(
    `round of ${method}, ${images} images of 32×32, width 0.25, ${localEpochs} local epochs`,
    { group: "round", runs: 1 },
    async () => void await round(method, "auto"),
  );
}

/** The mean test metrics after one round. */
async function round(
  method: SimulationConfig["method"],
  parallelClients: SimulationConfig["parallelClients"],
): Promise<DoneEvent["test"]> {
  const config = { ...defaultConfig, dataset, method, parallelClients, localEpochs };
  const events = simulate(gpu, { ...config, width: 0.25, rounds: 1, augment: "none" });
  const done = (await Array.fromAsync(events)).find((event) => event.type === "done");
  return done!.test;
}
