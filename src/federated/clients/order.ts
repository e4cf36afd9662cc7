// The order of a group's clients in its stack, who of them trains, and what passes take of their images.

import type { ImageSplit } from "../../data/image_batches.ts";
import type { ClientDataset, SplitName } from "../../data/dataset.ts";
import { type Batching, batchingOf, whole } from "../../data/batching.ts";
import type { SimulationConfig } from "../config.ts";

/** A client and its place in the dataset, by which its results are known. */
export interface IndexedClient {
  readonly index: number;
  /** by which its random numbers are known: the same, unless other clients of the federation are elsewhere */
  readonly place: number;
  readonly data: ClientDataset;
}

/** A client of a group: its images on the GPU, and the order in which training takes them. */
export interface Member extends IndexedClient {
  readonly splits: Readonly<Record<SplitName, ImageSplit>>;
  trainOrder: Uint32Array;
}

/** A walk of a group over one split: training, or evaluation with or without the training augmentation. */
export type PassKind = "train" | "evaluate-train" | "valid" | "test";

/** Who stands where, and who trains in this round. */
export class ClientOrder {
  #members: readonly Member[];
  #training: number;

  /**
   * @param members in the order of their models in the stack; at first all of them train
   * @param roles models of each
   * @param batching of training
   */
  constructor(
    members: readonly Member[],
    private readonly roles: number,
    private readonly batching: Batching,
  ) {
    this.#members = members;
    this.#training = members.length;
  }

  /** In the order of their models in the stack. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** Those that train in this round: the first ones. */
  get participants(): readonly Member[] {
    return this.#members.slice(0, this.#training);
  }

  /**
   * Brings participants to the front, the longest first: at each step those with data left are a prefix.
   *
   * @param participants by their index in the dataset
   * @returns the models in their new order, by their old positions in the stack; null if all stay where they are
   */
  arrange(participants: readonly number[]): readonly number[] | null {
    const takesPart = ({ index }: IndexedClient) => participants.includes(index);
    const rank = (member: Member) => takesPart(member) ? 0 : 1;
    const arranged = this.#members.toSorted((a, b) => rank(a) - rank(b) || byTrainingSize(a, b));
    const order = arranged.map((member) => this.#members.indexOf(member));
    this.#training = arranged.filter(takesPart).length;
    if (order.every((from, to) => from === to)) return null;
    this.#members = arranged;
    return order.flatMap((from) => this.modelsOf(from));
  }

  /** Position in the stack of a model of the member at this position. */
  modelIndex(position: number, role: number): number {
    return position * this.roles + role;
  }

  /** Positions in the stack of all models of the member at this position, role by role. */
  modelsOf(position: number): number[] {
    return Array.from({ length: this.roles }, (_, role) => this.modelIndex(position, role));
  }

  /**
   * Calls the body for every model of the stack, in its order.
   *
   * @param roles of every client, by name
   * @param body is given `client.role` with the client's index in the dataset, as states name it, and the positions of
   *   the model and its member
   */
  eachModel<T>(
    roles: readonly string[],
    body: (prefix: string, model: number, position: number) => T,
  ): T[] {
    return this.#members.flatMap(({ index }, position) =>
      roles.map((role, k) => body(`${index}.${role}`, this.modelIndex(position, k), position))
    );
  }

  /** Whether a pass goes over the images of the member at this position: all are evaluated, but on training images. */
  takesPart(position: number, kind: PassKind): boolean {
    return splitOf(kind) !== "train" || position < this.#training;
  }

  /** Steps that a client takes in a pass it takes part in. */
  batches(client: IndexedClient, kind: PassKind): number {
    return this.#batching(kind).batches(size(client, splitOf(kind)));
  }

  /** Images that a client takes in a pass, batch by batch: of the first one, of the first two, …, of all. */
  ends(client: IndexedClient, kind: PassKind): number[] {
    return this.#batching(kind).ends(size(client, splitOf(kind)));
  }

  #batching(kind: PassKind): Batching {
    return kind === "train" ? this.batching : whole(this.batching.batchSize);
  }

  /** Steps of a local epoch of the participant that takes most. */
  get trainingSteps(): number {
    return Math.max(0, ...this.participants.map((member) => this.batches(member, "train")));
  }
}

/** What stands for the epoch in the augmentation's random numbers; evaluation draws anew. */
export function augmentationKey(kind: PassKind, epoch: number): number {
  return 2 * epoch + Number(kind === "evaluate-train");
}

export function splitOf(kind: PassKind): SplitName {
  return kind === "evaluate-train" ? "train" : kind;
}

/** How a pass cuts its images into batches. */
export function batchingIn(config: SimulationConfig, kind: PassKind): Batching {
  return kind === "train" ? batchingOf(config) : whole(config.batchSize);
}

/**
 * Images that a batch of a pass has room for: of the longest one of any client, for with other shapes clients in other
 * groups would be summed otherwise.
 */
export function rowsOf(config: SimulationConfig, kind: PassKind): number {
  const split = splitOf(kind);
  return batchingIn(config, kind).largest(
    config.dataset.clients.map((client) => client[split].labels.length),
  );
}

/** The same of all passes. */
export function mostRows(config: SimulationConfig): number {
  const kinds = ["train", "evaluate-train", "valid", "test"] as const;
  return Math.max(...kinds.map((kind) => rowsOf(config, kind)));
}

/** Labels in the order in which a pass takes the images. */
export function labelsAsTaken({ data, trainOrder }: Member, kind: PassKind): Int32Array {
  const { labels } = data[splitOf(kind)];
  return splitOf(kind) === "train" ? Int32Array.from(trainOrder, (image) => labels[image]) : labels;
}

/** Longest training split first. */
export function byTrainingSize(a: IndexedClient, b: IndexedClient): number {
  return size(b, "train") - size(a, "train");
}

/** Number of images. */
export function size({ data }: IndexedClient, split: SplitName): number {
  return data[split].labels.length;
}
