// What the server remembers from one communication to the next, of methods in which it does.

import type { Model } from "../../nn/model.ts";
import { downloadModels, type TensorSets, uploadModel } from "../../nn/training_state.ts";
import { noGrad } from "../../tensor/autograd.ts";
import type { HostTensor } from "../../tensor/host_tensor.ts";
import { makeSets, memoryOf, remember } from "../memory_sets.ts";
import type { Remembered, ServerUpdate, Settings } from "../methods/method.ts";

/** One flat tensor for each thing, of the shapes of the parameters. Dispose of it when done. */
export class ServerMemory implements Disposable {
  readonly #sets: TensorSets;

  /** @param settings the method's own */
  constructor(
    private readonly method: ServerUpdate,
    private readonly settings: Settings,
    private readonly model: Model,
  ) {
    this.#sets = makeSets(model, 1, Object.keys(method.memory));
  }

  /** Names of what clients send beside their parameters. */
  get sent(): readonly string[] {
    return this.method.sent;
  }

  /** A run begins: what is remembered of weights are those that the first model of the stack has now; the rest is 0. */
  begin(): void {
    const { gpu, parameters } = this.model;
    for (const [set, tensors] of Object.entries(this.#sets)) {
      if (this.method.memory[set] !== "weights") continue;
      for (const { name } of tensors.blocks) {
        gpu.copy(parameters.ofModel(name, 0), tensors.ofModel(name, 0));
      }
    }
  }

  /**
   * What the method makes of the means of one parameter; remembers what it says.
   *
   * @param mean all `[1, …]`
   * @param share of all clients that have sent
   */
  update(name: string, mean: Remembered, share: number): ReturnType<ServerUpdate["update"]> {
    const memory = memoryOf(this.#sets, name, 1);
    const result = noGrad(() => this.method.update(mean, memory, share, this.settings));
    remember(memory, result.server, `of the server's ${name}`);
    return result;
  }

  /** All of it as `server.set.name`. */
  async state(): Promise<Map<string, HostTensor>> {
    const [tensors] = await downloadModels(this.#sets);
    return new Map([...tensors].map(([name, tensor]) => [`server.${name}`, tensor]));
  }

  /** @throws {TypeError} if a tensor of what `state()` gave is missing or has another shape */
  restore(tensors: ReadonlyMap<string, HostTensor>): void {
    uploadModel(this.#sets, 0, (name) => tensors.get(`server.${name}`));
  }

  [Symbol.dispose](): void {
    for (const tensors of Object.values(this.#sets)) tensors.dispose();
  }
}
