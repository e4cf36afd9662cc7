// How far a run of several methods is, how fast it goes, and how long it takes yet; pauses do not count.

import { type Clock, systemClock } from "../clock.ts";
import type { ProgressEvent } from "../federated/events.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import { roughDuration } from "../report/format.ts";

/** The pace of one run. */
export class Pace {
  /** of each method: work done and to be done */
  readonly #work = new Map<MethodName, Pick<ProgressEvent, "done" | "total">>();
  /** when training began; null before */
  #start: number | null = null;
  #pausedAt: number | null = null;
  #paused = 0;

  /** @param methods how many there are: those that have not begun take as long as the others */
  constructor(private readonly methods: number, private readonly clock: Clock = systemClock) {}

  pause(): void {
    this.#pausedAt = this.clock.now();
  }

  goOn(): void {
    if (this.#pausedAt !== null) this.#paused += this.clock.now() - this.#pausedAt;
    this.#pausedAt = null;
  }

  /** @returns the share of the work that is done, and the pace in words; "" while there is none */
  take(method: MethodName, { done, total }: ProgressEvent): { share: number; words: string } {
    this.#work.set(method, { done, total });
    const works = [...this.#work.values()];
    const sum = works.reduce((sum, work) => sum + work.done, 0);
    const known = works.reduce((sum, work) => sum + work.total, 0);
    const all = known / works.length * this.methods;
    const share = sum / all;
    const now = this.clock.now();
    this.#start ??= now;
    const elapsed = now - this.#start - this.#paused;
    if (this.#pausedAt !== null || elapsed === 0 || sum === 0) return { share, words: "" };
    const rate = (1000 * sum / elapsed).toFixed(sum < elapsed / 100 ? 2 : 0);
    const left = roughDuration(elapsed * (all - sum) / sum);
    return { share, words: `${rate} batches of a client per second, ${left} left` };
  }
}
