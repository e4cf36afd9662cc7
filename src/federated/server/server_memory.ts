// What the server remembers from one communication to the next, of methods in which it does.

import type { Model } from "../../nn/model.ts";
import { FiniteCheck } from "../../nn/finite.ts";
import { downloadModels, type TensorSets, uploadModel } from "../../nn/training_state.ts";
import { noGrad } from "../../tensor/autograd.ts";
import type { HostTensor } from "../../tensor/host_tensor.ts";
import { makeSets, memoryOf, remember } from "../memory_sets.ts";
import { DivergenceError } from "../errors.ts";
import type { Remembered, ServerUpdate, Settings } from "../methods/method.ts";
import { Owned } from "../../owned.ts";

/** One flat tensor for each thing, of the shapes of the parameters. Dispose of it when done. */
export class ServerMemory implements Disposable {
  readonly #sets: TensorSets;
  readonly #finite: FiniteCheck | null;
  readonly #owned: Owned;

  /** @param settings the method's own */
  constructor(
    private readonly method: ServerUpdate,
    private readonly settings: Settings,
    private readonly model: Model,
  ) {
    using owned = new Owned(); // gives back what there is if the rest does not fit
    this.#sets = makeSets(model, 1, Object.keys(method.memory));
    const sets = Object.values(this.#sets);
    for (const tensors of sets) owned.use(tensors);
    const check = sets.length > 0 ? new FiniteCheck(this.#sets) : null;
    this.#finite = check && owned.adopt(check, () => check.dispose());
    this.#owned = owned.move();
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

  /**
   * Waits for the GPU.
   *
   * @param round counted from 0
   * @throws {DivergenceError} if what is remembered has overflowed: the models would follow a communication later
   */
  async expectFinite(round: number): Promise<void> {
    const [isFinite = true] = await this.#finite?.read() ?? [];
    if (isFinite) return;
    throw new DivergenceError(
      `What the server remembers has diverged in the communication of round ${round + 1}: ` +
        `a number of ${Object.keys(this.#sets).join(", ")} is not finite`,
    );
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
    this.#owned.dispose();
  }
}
