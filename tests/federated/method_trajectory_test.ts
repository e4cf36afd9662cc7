// Two rounds of the methods that the golden folder has no run of, against PyTorch's, through simulate().

import { defaultConfig, type SimulationConfig } from "../../src/federated/config.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { assertEquals } from "../assert.ts";
import { readDescription, vectorFolder } from "../golden.ts";
import { differencesFrom, type ExpectedRound, trajectoryDataset } from "./trajectory.ts";

/** What `make_trajectories.py` writes. */
interface StoredRun {
  config: Partial<SimulationConfig>;
  /** what correct float32 computations differ by from the stored one, by round */
  spread: { loss: number; weights: number }[];
  rounds: ExpectedRound[];
}

/** Below any effect of a wrong definition, and above what a ReLU does that falls the other way on another adapter. */
const least = 5e-5;

const { tensors } = readSafetensors(
  Deno.readFileSync(`${vectorFolder}/trajectories.safetensors`),
);
const initialState = new Map(
  [...tensors].filter(([name]) => name.startsWith("initial."))
    .map(([name, tensor]) => [name.slice("initial.".length), tensor]),
);

for (const method of ["fedprox", "scaffold", "silobn", "fml", "det", "pfa"] as const) {
  Deno.test(`simulate() follows PyTorch's ${method}: losses, metrics and weights`, async () => {
    const run = await readDescription<StoredRun>(vectorFolder, `trajectory_${method}`);
    const tolerances = {
      loss: (round: number) => Math.max(least, 10 * run.spread[round].loss),
      metric: () => 1e-4,
      weights: (round: number) => Math.max(least, 10 * run.spread[round].weights),
    };
    const differences = await differencesFrom(run.rounds, tolerances, {
      ...{ ...defaultConfig, ...run.config, method, initialState },
      dataset: trajectoryDataset(["A", "B", "C"], tensors),
      ...{ augment: "none", shuffle: false },
    });
    assertEquals(differences, []);
  });
}
