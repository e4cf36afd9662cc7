// The states of a run: told as it goes, and where it goes on from one.

import type { Round } from "./clients/round.ts";
import type { ClientStack } from "./clients/stack.ts";
import type { SimulationConfig } from "./config.ts";
import { configurationText, initialConfiguration } from "./configuration_text.ts";
import type { RunControl } from "./control.ts";
import { asConfigError, ConfigError } from "./errors.ts";
import type { ProgressEvent, StateEvent } from "./events.ts";
import type { Fingerprints } from "./fingerprint.ts";
import type { Position } from "./recovery/position.ts";
import {
  type ConfigurationText,
  expectSameConfiguration,
  expectWithin,
  type SimulationState,
  whyNotResumable,
} from "./recovery/state.ts";
import type { ServerMemory } from "./server/server_memory.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import type { BestRound } from "../metrics/selection.ts";
import { kernelsText } from "../ops/kernel_choice.ts";
import type { Gpu } from "../tensor/gpu.ts";

/** @throws {ConfigError} if a run with this configuration cannot go on from a state, whatever the run was */
export function expectResumable(state: SimulationState | null, config: SimulationConfig): void {
  const reason = state && whyNotResumable(state, config);
  if (reason !== null) throw new ConfigError(`Cannot resume: the state ${reason}`);
}

/** What is going on: a pass, of which there is progress, or a communication. */
export interface WherePassing extends Pick<ProgressEvent, "round" | "epoch"> {
  readonly phase: ProgressEvent["phase"] | "communicate";
}

/** What has memory: all that is neither the configuration nor derived from it. */
interface Memory {
  readonly stack: ClientStack;
  readonly server: ServerMemory | null;
}

/** Makes states, and takes them up. */
export class States {
  readonly #configuration: ConfigurationText;

  constructor(
    private readonly gpu: Gpu,
    private readonly config: SimulationConfig,
    private readonly control: RunControl,
    private readonly memory: Memory,
    fingerprints: Fingerprints,
  ) {
    this.#configuration = configurationText(config, fingerprints);
  }

  /** Whether a state is told after every local epoch, or communication. */
  isTold(after: "epoch" | "round"): boolean {
    const { stateEvery = null } = this.control;
    return stateEvery === "epoch" || stateEvery === after;
  }

  /**
   * @param round where it has begun
   * @param best so far
   */
  async event(
    position: Position,
    round: Round | null,
    best: BestRound | null,
  ): Promise<StateEvent> {
    const { stack, server } = this.memory;
    const tensors = await stack.state(position);
    if (server) { for (const [name, tensor] of await server.state()) tensors.set(name, tensor); }
    const state = {
      position,
      best,
      stages: round?.stages ?? [],
      skipped: position.at === "round" ? [] : round?.skipped ?? [],
      configuration: this.#configuration,
      kernels: kernelsText(this.gpu.kernels),
      tensors,
    };
    return { type: "state", state };
  }

  /**
   * The state of a run that was stopped during a pass.
   *
   * @param hasSkipped whether clients were left out in this local epoch
   * @returns null where the state told last has all that can be gone on from
   */
  async whereStopped(
    { phase, round: number, epoch }: WherePassing,
    round: Round | null,
    best: BestRound | null,
    hasSkipped: boolean,
  ): Promise<StateEvent | null> {
    if (!this.control.stateEvery) return null;
    const place = { round: number, epoch };
    switch (phase) {
      case "communicate": // its mean is made elsewhere, and is not there yet
        if (this.isTold("epoch")) return null;
        return await this.event({ at: "epoch", round: number, epoch: epoch + 1 }, round, best);
      case "aggregate":
        return await this.event({ at: "communication", round: number }, round, best);
      case "evaluate": // it decides about the epoch, which has not begun
        if (epoch === 0 || this.isTold("epoch")) return null;
        return await this.event({ at: "epoch", ...place }, round, best);
      case "train":
      case "test": {
        // Rare enough: what is stored of the epoch is of clients that are no longer what they were in it.
        if (hasSkipped) return null;
        const event = await this.event(this.memory.stack.positionIn(place), round, best);
        // Losses and weights are looked at when the epoch is over; what has gone bad shows again from the state before.
        return [...event.state.tensors.values()].every(isFinite) ? event : null;
      }
    }
  }

  /** @throws {ConfigError} unless a run of this configuration can go on from the state */
  expectFitting(state: SimulationState): void {
    expectSameConfiguration(state, this.#configuration, initialConfiguration);
    expectWithin(state, this.config, this.config.dataset.clients.length);
  }

  /**
   * Brings clients and server to where they were; the round has begun, if the state is of one that had.
   *
   * @throws {ConfigError} if the tensors are of other shapes, or missing
   */
  restore({ position, stages, tensors }: SimulationState): void {
    const { stack, server } = this.memory;
    stack.setStages(stages);
    stack.beginLastEpoch(position);
    asConfigError("The state does not fit the network", () => {
      stack.restore(position, tensors);
      server?.restore(tensors);
    });
  }

  /**
   * Loads the weights that all models start from.
   *
   * @throws {ConfigError} if they are not finite, or not those of the network
   */
  begin(): void {
    const { initialState } = this.config;
    const { stack, server } = this.memory;
    if (initialState) {
      for (const [name, tensor] of initialState) {
        if (isFinite(tensor)) continue;
        throw new ConfigError(
          `Cannot simulate: "${name}" of the initial state holds numbers that are not finite`,
        );
      }
      asConfigError(
        "The initial state does not fit the network",
        () => stack.load(initialState),
      );
    }
    server?.begin();
  }
}

/** Whether a tensor holds no NaN and no infinity. */
function isFinite({ data }: HostTensor): boolean {
  return !(data instanceof Float32Array) || data.every(Number.isFinite);
}
