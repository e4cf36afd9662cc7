// Trained models side by side: each is shown every image of a split, whoever's it is.

import type { Split } from "../data/dataset.ts";
import { emptyBatch, ImageSplit } from "../data/image_batches.ts";
import type { Model } from "../nn/model.ts";
import { noGrad } from "../tensor/autograd.ts";
import type { Gpu } from "../tensor/gpu.ts";
import { whole } from "../data/batching.ts";
import { type Architecture, loadModels, moduleOf, type NamedWeights } from "./checkpoint.ts";
import { modelsThatFit } from "./clients/capacity.ts";
import { OutcomeBuffer, type Outcomes, score } from "./clients/outcomes.ts";
import { Pacer } from "./clients/pacing.ts";
import { asConfigError, ConfigError, DivergenceError } from "./errors.ts";
import { Owned } from "../owned.ts";

/** Models of one dispatch: those of the paper's federation, whose training takes thrice the memory of this. */
const largestStack = 8;

/** Models, with the batch that each of them is given. */
export interface BatchOfModels extends Architecture {
  readonly batchSize: number;
}

/** Models that advance together. */
interface Stack {
  readonly model: Model;
  readonly names: readonly string[];
}

/** Models of one architecture on the GPU, in as few stacks as fit it. Dispose of them when done. */
export class TrainedModels implements Disposable {
  readonly #arena;
  readonly #stacks: Stack[] = [];
  readonly #owned: Owned;

  /**
   * @throws {ConfigError} if weights do not fit the architecture, with their name, or not even one model the adapter
   */
  constructor(
    private readonly gpu: Gpu,
    weights: readonly NamedWeights[],
    private readonly workload: BatchOfModels,
  ) {
    using owned = new Owned(); // gives back what there is if the rest does not fit
    const size = Math.min(largestStack, expectRoom(gpu, workload));
    for (let first = 0; first < weights.length; first += size) {
      const members = weights.slice(first, first + size);
      const model = loadModels(gpu, members, workload);
      owned.adopt(model, () => model.dispose());
      this.#stacks.push({ model, names: members.map(({ name }) => name) });
    }
    this.#arena = owned.use(gpu.arena());
    this.#owned = owned.move();
  }

  /**
   * Shows all images of a split to all models, in evaluation mode. For a client's own data these are the numbers of
   * its run, bit for bit on the same adapter.
   *
   * @param split images of the workload's size
   * @param onProgress called about twice a second with the forward passes since the last call: images × models
   * @returns what each model said, in the order of the weights
   * @throws {DivergenceError} if a loss is not finite, with the model's name
   */
  async evaluate(split: Split, onProgress?: (passes: number) => void): Promise<Outcomes[]> {
    const outcomes: Outcomes[] = [];
    for (const stack of this.#stacks) {
      outcomes.push(...await this.#evaluateStack(stack, split, onProgress));
    }
    return outcomes;
  }

  async #evaluateStack(
    { model, names }: Stack,
    split: Split,
    onProgress?: (passes: number) => void,
  ): Promise<Outcomes[]> {
    const { gpu, workload: { batchSize, imageSize, classNames } } = this;
    const count = split.labels.length;
    using owned = new Owned();
    const own = <T extends { dispose(): void }>(item: T) => owned.adopt(item, () => item.dispose());
    const images = own(new ImageSplit(gpu, split, imageSize, 0));
    const outcomes = own(new OutcomeBuffer(gpu, model.stack, count, classNames.length));
    const position = own(gpu.keep(gpu.zeros([2], "u32")));
    const step = gpu.record(this.#arena, () =>
      noGrad(() => {
        const batch = emptyBatch(gpu, model.stack, batchSize, imageSize);
        images.gather(batch, position, { client: 0, roles: model.stack });
        const logits = model.forward(batch.x, { counts: batch.counts });
        outcomes.store(logits, batch, position);
      }));

    const pacer = new Pacer(gpu);
    let reported = 0;
    for (let first = 0; first < count; first += batchSize) {
      gpu.write(position, new Uint32Array([first / batchSize, 0]));
      step.replay();
      if (!await pacer.stepIssued()) continue;
      onProgress?.(model.stack * (first - reported)); // the step just issued is not done
      reported = first;
    }
    await pacer.drain();
    const ends = whole(batchSize).ends(count);
    const rows = await outcomes.read(names.map(() => count));
    onProgress?.(model.stack * (count - reported));
    return names.map((name, index) => {
      try {
        return score(rows[index], split.labels, ends);
      } catch (error) {
        if (!(error instanceof DivergenceError)) throw error;
        throw new DivergenceError(`Cannot evaluate ${name}: ${error.message}; it has diverged`);
      }
    });
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

function expectRoom(gpu: Gpu, workload: BatchOfModels): number {
  const { imageSize, batchSize, width } = workload;
  const module = asConfigError("The network does not work", () => moduleOf(gpu, workload));
  const models = modelsThatFit(gpu, { module, imageSize, batchSize });
  if (models > 0) return models;
  throw new ConfigError(
    `Cannot evaluate a model: adapter "${gpu.adapter.name}" has no room for one at batch size ` +
      `${batchSize}, ${imageSize} pixels and width ${width}; use a smaller batch`,
  );
}
