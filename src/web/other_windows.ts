// What PFA with another window would have made of the newest communication: from the models right before it.

import type { Dataset } from "../data/dataset.ts";
import { loadModels, type NamedWeights } from "../federated/checkpoint.ts";
import type { SimulationConfig } from "../federated/config.ts";
import type { SimulationEvent } from "../federated/events.ts";
import { prrfl } from "../federated/methods/prrfl.ts";
import { communicate } from "../federated/server/communicate.ts";
import { TrainedModels } from "../federated/trained_models.ts";
import { stateDict } from "../nn/state_dict.ts";
import type { Gpu } from "../tensor/gpu.ts";
import { modelsOfState } from "./newest_models.ts";
import { architectureOf } from "./architecture.ts";

/** What came of a window. */
export interface Reaggregation {
  /** the share of low frequencies that were averaged */
  readonly rate: number;
  /** counted from 0 */
  readonly round: number;
  /** test F1 of the deputies, percent */
  readonly clients: readonly {
    readonly client: string;
    readonly before: number;
    readonly after: number;
  }[];
}

/** The method's shared models. */
const role = "deputy";

/** Keeps the deputies of a run of PRR-FL as they were after their newest local training. */
export class OtherWindows {
  #round = 0;
  #deputies: readonly NamedWeights[] | null = null;
  /** their F1, by client, once it is asked for */
  #before: readonly number[] | null = null;

  constructor(
    private readonly gpu: Gpu,
    private readonly dataset: Dataset,
    private readonly config: Omit<SimulationConfig, "dataset">,
  ) {}

  /** Takes the state of a run that tells it after every local epoch. */
  take(event: SimulationEvent): void {
    if (event.type !== "state") return;
    const { position, tensors } = event.state;
    if (position.at !== "epoch" || position.epoch !== this.config.localEpochs) return;
    this.#round = position.round;
    this.#before = null;
    const models = modelsOfState(tensors);
    this.#deputies = this.dataset.clients.map(({ name }, client) => ({
      name: `the deputy of client ${name}`,
      tensors: models[client].get(role)!,
    }));
  }

  /**
   * Communicates with a window of one's own, on copies: the run notices nothing.
   *
   * @returns null before the end of the first local training
   */
  async aggregate(rate: number): Promise<Reaggregation | null> {
    const { gpu, dataset: { clients }, config } = this;
    const [deputies, round] = [this.#deputies, this.#round]; // the run may go on meanwhile
    if (deputies === null) return null;
    const before = this.#before ?? await this.#testF1(deputies);
    if (deputies === this.#deputies) this.#before = before;
    const model = loadModels(gpu, deputies, architectureOf(this.config, this.dataset));
    try {
      const shared = clients.map(({ train }, index) => {
        const weight = config.clientWeights === "samples" ? train.labels.length : 1;
        return { model, index, weight, sends: true };
      });
      communicate(prrfl.sharing!, shared, rate);
      const received: NamedWeights[] = [];
      for (const [index, { name }] of deputies.entries()) {
        received.push({ name, tensors: await stateDict(model, index) });
      }
      const after = await this.#testF1(received);
      const results = clients.map(({ name }, k) => ({
        ...{ client: name, before: before[k], after: after[k] },
      }));
      return { rate, round, clients: results };
    } finally {
      model.dispose();
    }
  }

  /** Of each client's model on its own test images. */
  async #testF1(weights: readonly NamedWeights[]): Promise<number[]> {
    const found: number[] = [];
    for (const [client, { test }] of this.dataset.clients.entries()) {
      const { batchSize } = this.config;
      const workload = { ...architectureOf(this.config, this.dataset), batchSize };
      using model = new TrainedModels(this.gpu, [weights[client]], workload);
      const [{ metrics }] = await model.evaluate(test);
      found.push(metrics.f1);
    }
    return found;
  }
}
