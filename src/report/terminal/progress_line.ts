// One line saying where a run is: round, epoch, phase, stages, loss, share done, time left.

import type {
  ProgressEvent,
  RunEvent,
  SimulationEvent,
  StageEvent,
} from "../../federated/events.ts";
import { duration, loss, roughDuration } from "../format.ts";
import { meanTrainLoss } from "./train_loss.ts";

/** Where a run is; made from its events. */
export class ProgressLine {
  #run: RunEvent | null = null;
  #stages: StageEvent["clients"] = [];
  #trainLoss: number | null = null;
  #latest: ProgressEvent | null = null;
  #first: { readonly done: number; readonly elapsed: number } | null = null;

  /** @param elapsed since the run began, milliseconds */
  update(event: SimulationEvent, elapsed: number): void {
    switch (event.type) {
      case "run":
        this.#run = event;
        break;
      case "round":
        this.#stages = []; // every round decides them anew
        break;
      case "stage":
        this.#stages = event.clients;
        break;
      case "epoch": {
        this.#trainLoss = meanTrainLoss(event, this.#run!.personalRole);
        break;
      }
      case "progress":
        this.#latest = event;
        this.#first ??= { done: event.done, elapsed };
        break;
    }
  }

  /**
   * The line; empty before the first progress event.
   *
   * @param elapsed since the run began, milliseconds
   * @param columns the line is at most this long: as needed, the time passed is left out, stages
   * are counted instead of listed (`stages 1×3 2×7`: three clients in stage 1) or left out
   */
  render(elapsed: number, columns: number): string {
    if (this.#run === null || this.#latest === null) return "";
    const [listed, counted] = [this.#stageList(), this.#stageCounts()];
    const left = this.#timeLeft(elapsed);
    const passed = duration(elapsed);
    const candidates = [
      this.#line(listed, passed, left),
      this.#line(listed, "", left),
      this.#line(counted, passed, left),
      this.#line(counted, "", left),
    ];
    const text = candidates.find((line) => line.length <= columns) ?? this.#line("", "", left);
    return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
  }

  #line(stages: string, passed: string, left: string): string {
    const { rounds, localEpochs } = this.#run!;
    const { round, epoch, phase, done, total } = this.#latest!;
    return [
      `round ${round + 1}/${rounds} epoch ${epoch + 1}/${localEpochs}`,
      phase,
      stages,
      this.#trainLoss === null ? "" : `loss ${loss(this.#trainLoss)}`,
      `${Math.floor(100 * done / total)}%`,
      passed,
      left,
    ].filter((part) => part !== "").join("  ");
  }

  #stageList(): string {
    return this.#stages.map(({ client, stage }) => `${client}:${stage}`).join(" ");
  }

  #stageCounts(): string {
    const stages = this.#stages.map(({ stage }) => stage);
    const counts = [...new Set(stages)].toSorted()
      .map((stage) => `${stage}×${stages.filter((other) => other === stage).length}`);
    return counts.length === 0 ? "" : `stages ${counts.join(" ")}`;
  }

  /** The first progress is left out of the rate: shaders are compiled before it. */
  #timeLeft(elapsed: number): string {
    const { done, total } = this.#latest!;
    const sinceFirst = done - this.#first!.done;
    if (sinceFirst <= 0) return "";
    const perUnit = (elapsed - this.#first!.elapsed) / sinceFirst;
    return `${roughDuration(perUnit * (total - done))} left`;
  }
}
