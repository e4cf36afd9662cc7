// Measures the kernels of a few training steps of one local epoch.

import { type Ceilings, measureCeilings } from "../gpu/ceiling.ts";
import { type Profile, totalsByKernel } from "../gpu/profile.ts";
import type { Recording } from "../gpu/recording.ts";
import type { Gpu } from "../tensor/gpu.ts";
import type { SimulationConfig } from "./config.ts";
import type { ProfileEvent } from "./events.ts";

const mostSteps = 3;

/**
 * The local epoch to profile, counted over the whole run: the second one of this process, when everything is
 * compiled, recorded and allocated; or its only one.
 */
export function profiledEpoch({ rounds, localEpochs, resumeFrom }: SimulationConfig): number {
  const first = resumeFrom ? resumeFrom.round * localEpochs + resumeFrom.epoch : 0;
  return Math.min(first + 1, rounds * localEpochs - 1);
}

/** Profiles the first steps of an epoch but the very first, which may wait for data. */
export class StepProfile {
  readonly #steps: { readonly step: number; readonly profile: Profile }[] = [];

  constructor(private readonly gpu: Gpu) {}

  /** Replays a training step, measured if its turn has come. What it computes is the same. */
  async replay(recording: Recording, step: number): Promise<void> {
    if (step === 0 || this.#steps.length >= mostSteps) return recording.replay();
    const profile = await this.gpu.profile(() => recording.replay());
    this.#steps.push({ step, profile });
  }

  /** What was measured, and what the adapter can do; null where no client has taken a second step. */
  async event(round: number, epoch: number): Promise<ProfileEvent | null> {
    if (this.#steps.length === 0) return null;
    const memory = this.gpu.peakMemory; // before the ceilings take theirs
    const ceilings: Ceilings = await measureCeilings(this.gpu);
    const runs = this.#steps.flatMap(({ profile }) => profile.runs);
    const kernels = totalsByKernel(runs);
    return { type: "profile", round, epoch, steps: this.#steps, kernels, ceilings, memory };
  }
}
