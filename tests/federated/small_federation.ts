// A small federation, its runs, and what tests ask of its models.

import { demoDataset } from "../../src/data/demo.ts";
import { defaultConfig, type SimulationConfig } from "../../src/federated/config.ts";
import type { RunControl } from "../../src/federated/control.ts";
import type { CheckpointEvent, SimulationEvent } from "../../src/federated/events.ts";
import { simulate } from "../../src/federated/simulation.ts";
import type { Model } from "../../src/nn/model.ts";
import { stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { RandomStream } from "../../src/random.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { gpu } from "../gpu.ts";

/** A model under PyTorch's key names. */
export type State = ReadonlyMap<string, HostTensor>;

/** Four clients with 5 to 13 training images: two batches or one, all ragged. */
export const dataset = await demoDataset({
  ...{ seed: 3, imageSize: 32, trainSize: 36, validSize: 24, testSize: 24 },
});

export const clientNames = dataset.clients.map(({ name }) => name);

export const config: SimulationConfig = {
  ...defaultConfig,
  ...{ dataset, width: 0.0625, rounds: 2, localEpochs: 1, batchSize: 8, seed: 7, augment: "none" },
};

/** What determines a run and what controls it, in one. */
export type Changes = Partial<SimulationConfig> & RunControl;

/** A run that differs from `config`. */
export function simulated(changes: Changes): AsyncGenerator<SimulationEvent, void> {
  const { resumeFrom, stop, stateEvery, profile, ...settings } = changes;
  return simulate(gpu, { ...config, ...settings }, { resumeFrom, stop, stateEvery, profile });
}

/** Events without progress, which follows the clock. */
export async function eventsOf(changes: Changes): Promise<SimulationEvent[]> {
  const events = await Array.fromAsync(simulated(changes));
  return events.filter(({ type }) => type !== "progress");
}

/** What every client holds at the end. */
export function finalsOf(events: readonly SimulationEvent[]): CheckpointEvent[] {
  return events.filter((event) => event.type === "checkpoint")
    .filter(({ reason }) => reason === "final");
}

/** What every model holds before the first round. */
export async function startState(): Promise<State> {
  const model = vgg(gpu, { stack: 1, numClasses: 3, width: config.width, seed: config.seed });
  const state = await stateDict(model, 0);
  model.dispose();
  return state;
}

/** A state of this architecture with other numbers in every tensor, counters included. */
export function randomState({ module }: Model, seed: number): State {
  const random = new RandomStream(seed, 9);
  const state = new Map<string, HostTensor>();
  for (const spec of [...module.parameters, ...module.buffers]) {
    const { name, shape } = spec;
    const length = shape.reduce((product, side) => product * side, 1);
    const counts = "integer" in spec && spec.integer;
    const data = counts
      ? BigInt64Array.of(BigInt(100 + seed))
      : Float32Array.from({ length }, () => 2 * random.uniform() - 1);
    state.set(name, { shape, data });
  }
  return state;
}

/** A tensor of a state in double precision. */
export function numbers(state: State, name: string): Float64Array {
  return Float64Array.from(state.get(name)!.data, Number);
}

/** Euclidean. */
export function distance(a: Float64Array, b: Float64Array): number {
  return Math.hypot(...a.map((value, i) => value - b[i]));
}

/** Σ weight · value / Σ weight, element by element. */
export function weightedMean(
  values: readonly Float64Array[],
  weights: readonly number[] = values.map(() => 1),
): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return values[0].map((_, i) =>
    values.reduce((sum, value, k) => sum + weights[k] * value[i], 0) / total
  );
}
