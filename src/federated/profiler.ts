// Measures the kernels of a few training steps of one local epoch of a run.

import { measureCeilings } from "../gpu/ceiling.ts";
import { type Profile, totalsByKernel } from "../gpu/profile.ts";
import type { Recording } from "../gpu/recording.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { Setup } from "./clients/setup.ts";
import type { EpochPlace } from "./clients/stack.ts";
import type { RunControl } from "./control.ts";
import type { ProfileEvent } from "./events.ts";
import { epochsOver, type Position, type RunLength } from "./recovery/position.ts";

const mostSteps = 3;

/**
 * The local epoch to profile, counted over the whole run: the second one of this process, when everything is
 * compiled, recorded and allocated; or its only one.
 */
export function profiledEpoch(start: Position, { rounds, localEpochs }: RunLength): number {
  const first = start.round * localEpochs + epochsOver(start, localEpochs);
  return Math.min(first + 1, rounds * localEpochs - 1);
}

/** What measures a local epoch, if it is the one to profile. @param steps that are still to come in it */
export function profilerOf(
  { round, epoch }: EpochPlace,
  { gpu, config }: Setup,
  { profile = false, resumeFrom }: RunControl,
  steps: number,
): Profiler | null {
  const start = resumeFrom?.position ?? { at: "round", round: 0 };
  const isProfiled = profile && steps > 0 &&
    round * config.localEpochs + epoch === profiledEpoch(start, config);
  return isProfiled ? new Profiler(gpu, steps) : null;
}

/** Profiles steps of an epoch. */
export class Profiler {
  readonly #steps: { readonly step: number; readonly profile: Profile }[] = [];
  /** steps that are not measured first */
  #passedOver: number;

  /**
   * Measures the last steps, for which a card has had time to raise its clock; never the first, which in a run's only
   * epoch compiles, unless there is no other.
   *
   * @param steps still to come in the epoch, at least one
   */
  constructor(private readonly gpu: Gpu, steps: number) {
    this.#passedOver = Math.max(Math.min(1, steps - 1), steps - mostSteps);
  }

  /** Replays a training step, measured if its turn has come. What it computes is the same. */
  readonly replay = async (recording: Recording, step: number): Promise<void> => {
    const isMeasured = this.#passedOver === 0 && this.#steps.length < mostSteps;
    if (this.#passedOver > 0) this.#passedOver--;
    if (!isMeasured) return recording.replay();
    const profile = await this.gpu.profile(() => recording.replay());
    this.#steps.push({ step, profile });
  };

  /** What was measured in the epoch, and what the adapter can do. */
  async event({ round, epoch }: { round: number; epoch: number }): Promise<ProfileEvent> {
    const memory = this.gpu.peakMemory; // before the ceilings take theirs
    const ceilings = await measureCeilings(this.gpu);
    const runs = this.#steps.flatMap(({ profile }) => profile.runs);
    const kernels = totalsByKernel(runs);
    return { type: "profile", round, epoch, steps: this.#steps, kernels, ceilings, memory };
  }
}
