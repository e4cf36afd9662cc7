// Makes the numbers of one client's model go bad at a chosen moment of a run.

import type { SimulationConfig } from "../../src/federated/config.ts";
import { methodOf } from "../../src/federated/methods/registry.ts";
import type { BufferView } from "../../src/gpu/buffers.ts";
import { vgg } from "../../src/nn/vgg.ts";
import type { Gpu } from "../../src/tensor/gpu.ts";

/** A model of a run and one of its parameters, whose first number becomes NaN. */
export interface Target {
  /** index in the dataset */
  readonly client: number;
  readonly role: string;
  readonly parameter: string;
}

/** Sees in the kernels' bindings where a run keeps its parameters. Dispose of it at the run's end. */
export class Poison implements Disposable {
  readonly #dispatch: Gpu["dispatch"];
  /** all parameters of each group, in order */
  readonly #groups: BufferView[] = [];
  /** target, and how many local epochs are to be trained before */
  #planned: { target: Target; epochs: number } | null = null;

  constructor(private readonly gpu: Gpu, private readonly config: SimulationConfig) {
    this.#dispatch = gpu.dispatch;
    gpu.dispatch = (spec) => {
      const { parameters, values } = spec.buffers;
      if (parameters && !this.#groups.includes(parameters)) this.#groups.push(parameters);
      if (spec.file.name === "finite.wgsl") this.#checked(values!);
      this.#dispatch.call(gpu, spec);
    };
  }

  /**
   * Now. Works after the first local epoch of a run in which all take part, and before anybody is skipped in a round.
   */
  give(target: Target): void {
    const { role, parameter } = target;
    const { roles } = methodOf(this.config.method);
    const { group, position, members } = this.#placeOf(target);
    const { dataset: { classNames }, width } = this.config;
    const alike = vgg(this.gpu, {
      stack: members * roles.length,
      numClasses: classNames.length,
      width,
    });
    const model = position * roles.length + roles.indexOf(role);
    const offset = this.#groups[group].offset + alike.parameters.ofModel(parameter, model).offset;
    alike.dispose();
    const view = { buffer: this.#groups[group].buffer, offset, byteLength: 4 };
    this.gpu.write(view, Float32Array.of(NaN));
  }

  /** At the end of the so-manieth local epoch of the run, when no loss can show it any more. */
  giveAfter(epochs: number, target: Target): void {
    this.#planned = { target, epochs };
  }

  [Symbol.dispose](): void {
    this.gpu.dispatch = this.#dispatch;
  }

  /** Every epoch ends with a look at the weights. */
  #checked(values: BufferView): void {
    if (this.#planned === null) return;
    const { target } = this.#planned;
    if (values !== this.#groups[this.#placeOf(target).group]) return;
    if (--this.#planned.epochs > 0) return;
    this.#planned = null;
    this.give(target);
  }

  /** Groups hold the clients by size, the largest first. */
  #placeOf({ client }: Target) {
    const { dataset: { clients }, parallelClients } = this.config;
    const size = (index: number) => clients[index].train.labels.length;
    const order = [...clients.keys()].toSorted((a, b) => size(b) - size(a));
    const perGroup = parallelClients === "auto" ? clients.length : parallelClients;
    const place = order.indexOf(client);
    const group = Math.floor(place / perGroup);
    const members = Math.min(perGroup, clients.length - group * perGroup);
    return { group, position: place % perGroup, members };
  }
}
