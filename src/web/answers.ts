// What a run's newest models answer: about a client's test images, and about an image that the visitor brings.

import { GpuError } from "../gpu/errors.ts";
import type { Dataset, Split } from "../data/dataset.ts";
import { TrainedModels } from "../federated/trained_models.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { Inquiry, News, Opinion } from "./messages.ts";
import { mistakesOf, mostMistakes } from "./mistakes.ts";
import type { NewestModels, Weights } from "./newest_models.ts";
import type { OtherWindows } from "./other_windows.ts";
import { architectureOf } from "./architecture.ts";
import type { PageSettings } from "./settings.ts";

/** Asks the models of one run. They get weights of their own, so that they change nothing of the run. */
export class Answers {
  constructor(
    private readonly gpu: Gpu,
    private readonly dataset: Dataset,
    private readonly settings: PageSettings,
    private readonly models: NewestModels,
    private readonly windows: OtherWindows,
  ) {}

  /**
   * What cannot be answered is an answer, too, and the run goes on.
   *
   * @throws {GpuError} which ends the run as well: what fails on the GPU fails for all that is on it
   */
  async to(inquiry: Inquiry): Promise<News> {
    try {
      switch (inquiry.type) {
        case "look":
          return await this.#look(inquiry.client);
        case "classify":
          return await this.#classify(inquiry);
        case "aggregate":
          return await this.#aggregate(inquiry.rate);
      }
    } catch (error) {
      if (error instanceof GpuError) throw error;
      const { message } = error as Error;
      return { type: "unanswered", inquiry: inquiry.type, message };
    }
  }

  /** Every model of a client is shown all its test images. */
  async #look(name: string): Promise<News> {
    const { clients, imageSize, classNames } = this.dataset;
    const client = clients.findIndex((one) => one.name === name);
    const { test } = clients[client];
    const opinions = await this.#ask(test, [client], this.settings.batch);
    const wrong = opinions.flatMap(({ probabilities }) =>
      mistakesOf(test.labels, probabilities, classNames.length).slice(0, mostMistakes)
    );
    const bytes = imageSize ** 2 * 3;
    const images = new Map([...new Set(wrong.map(({ row }) => row))].map((row) => {
      const pixels = Uint8Array.from(test.images.subarray(row * bytes, (row + 1) * bytes));
      return [row, { id: test.ids[row], pixels }] as const;
    }));
    return { type: "look", client: name, labels: test.labels, opinions, images };
  }

  async #aggregate(rate: number): Promise<News> {
    const result = await this.windows.aggregate(rate);
    if (result) return { type: "aggregated", result };
    const message = "there is nothing to aggregate before the end of a local training";
    return { type: "unanswered", inquiry: "aggregate", message };
  }

  /** Every model of every client is shown one image, whose label no one looks at. */
  async #classify({ number, image }: Extract<Inquiry, { type: "classify" }>): Promise<News> {
    const split = { ids: ["own"], images: image, labels: new Int32Array(1) };
    const everyone = [...this.dataset.clients.keys()];
    return { type: "answer", number, opinions: await this.#ask(split, everyone, 1) };
  }

  /** In the order of methods, then roles, then clients; nothing of methods whose first round is not over. */
  async #ask(split: Split, clients: readonly number[], batch: number): Promise<Opinion[]> {
    const opinions: Opinion[] = [];
    for (const method of this.settings.methods) {
      for (const role of this.models.of(method)?.clients[0].keys() ?? []) {
        opinions.push(...await this.#askRole(split, clients, batch, { method, role }));
      }
    }
    return opinions;
  }

  /** One role of one method at a time, beside the run: they take little memory together. */
  async #askRole(
    split: Split,
    clients: readonly number[],
    batch: number,
    { method, role }: Pick<Opinion, "method" | "role">,
  ): Promise<Opinion[]> {
    const { rounds, clients: all } = this.models.of(method)!;
    const asked = clients.map((client) => ({
      ...{ method, role, rounds, client: this.dataset.clients[client].name },
      tensors: all[client].get(role)!,
    }));
    using models = this.#load(asked, Math.min(batch, split.labels.length));
    const outcomes = await models.evaluate(split);
    return asked.map(({ tensors: _, ...whose }, k) => ({
      ...whose,
      probabilities: outcomes[k].probabilities,
    }));
  }

  #load(
    asked: readonly (Omit<Opinion, "probabilities"> & { readonly tensors: Weights })[],
    batchSize: number,
  ): TrainedModels {
    const weights = asked.map(({ method, role, client, tensors }) => ({
      name: `client ${client}'s ${role} model of ${method}`,
      tensors,
    }));
    const architecture = architectureOf(this.settings, this.dataset);
    return new TrainedModels(this.gpu, weights, { ...architecture, batchSize });
  }
}
