// A run as TensorBoard shows it: an event file with the metrics, stages and retrogress as scalars.

import { basename, join } from "@std/path";
import { type Clock, systemClock } from "../../clock.ts";
import type { ByRole, RunEvent, SimulationEvent } from "../../federated/events.ts";
import { scalarsRecord, versionRecord } from "../../io/event_file.ts";
import type { Metrics } from "../../metrics/classification.ts";
import { retrogress } from "../../metrics/retrogress.ts";
import { flatMetrics, type PlacedEvent, stepsBefore } from "./flat_metrics.ts";
import type { EarlierEvent } from "../reading/recorded_rows.ts";
import type { RunFile } from "./run_file.ts";

/** A point of a curve; null: n/a, which TensorBoard has no point for. */
type Scalar = readonly [tag: string, value: number | null];

/**
 * Appends the scalars of every event. A step is a training step since the run began, of the client
 * that takes most. After a communication the test metrics have a second point at the same step:
 * the vertical drop in a deputy's curve is its retrogress.
 */
export class TensorBoardLog implements RunFile {
  readonly #folder: string;
  #path = "";
  #run: RunEvent | null = null;
  /** what the retrogress of the round under way is measured from */
  #round: SimulationEvent[] = [];

  /** @param folder that does not exist yet, in one that does by the time of the first event */
  constructor(folder: string, private readonly clock: Clock = systemClock) {
    this.#folder = folder;
  }

  async consume(event: SimulationEvent): Promise<void> {
    switch (event.type) {
      case "run":
        this.#run = event;
        await this.#begin();
        break;
      case "round":
      case "stage":
      case "evaluation":
      case "epoch":
      case "aggregation":
        if (event.type === "round") this.#round = [];
        this.#round.push(event);
        await this.#append(event);
        break;
      case "divergence":
        this.#round.push(event);
        break;
    }
  }

  /** Goes on in the file that is there. */
  async resume(run: RunEvent, earlier: readonly EarlierEvent[]): Promise<void> {
    this.#run = run;
    this.#round = earlier.slice(earlier.findLastIndex(({ type }) => type === "round") + 1);
    for await (const { name } of Deno.readDir(this.#folder)) this.#path = join(this.#folder, name);
  }

  async growing(): Promise<string[]> {
    const files = await Array.fromAsync(Deno.readDir(this.#folder));
    return files.map(({ name }) => `${basename(this.#folder)}/${name}`);
  }

  async #begin(): Promise<void> {
    const wallTime = this.#seconds();
    // Where others have the host's name, which asks for a permission more and is nobody's business.
    this.#path = join(this.#folder, `events.out.tfevents.${Math.floor(wallTime)}.prrfl`);
    await Deno.mkdir(this.#folder);
    await Deno.writeFile(this.#path, versionRecord(wallTime), { createNew: true });
  }

  async #append(event: PlacedEvent): Promise<void> {
    const step = stepsBefore(event, this.#run!);
    const scalars = new Map<string, number>();
    for (const [tag, value] of this.#scalars(event)) if (value !== null) scalars.set(tag, value);
    if (scalars.size === 0) return;
    const record = scalarsRecord({ wallTime: this.#seconds(), step, scalars });
    await Deno.writeFile(this.#path, record, { append: true });
  }

  /** Since 1970. */
  #seconds(): number {
    return this.clock.date().getTime() / 1000;
  }

  *#scalars(event: PlacedEvent): Generator<Scalar> {
    for (const { client, split, role, metrics } of flatMetrics(event)) {
      const group = event.type === "stage" ? "decision" : split; // both on the training images
      yield* metricScalars(group, `${client}/${role}`, metrics);
    }
    switch (event.type) {
      case "round":
        yield ["learning_rate", event.learningRate];
        break;
      case "stage":
        for (const { client, stage } of event.clients) yield [`stage/${client}`, stage];
        break;
      case "evaluation":
      case "epoch":
        yield* meanScalars("test", event.mean);
        break;
      case "aggregation":
        yield* meanScalars("valid", event.valid);
        yield* meanScalars("test", event.test);
        yield* this.#retrogressScalars();
        break;
    }
  }

  /** Changes in percentage points: negative where the communication did harm. */
  *#retrogressScalars(): Generator<Scalar> {
    if (this.#run!.sharedRole === null) return;
    const [communication] = retrogress([this.#run!, ...this.#round]).communications;
    if (!communication) return; // no update arrived, or at nobody who had trained
    const { clients, mean } = communication;
    for (const metric of ["f1", "auc"] as const) {
      for (const changes of clients) {
        yield [`retrogress/${metric}/${changes.client}`, changes[metric].change];
      }
      yield [`mean/retrogress/${metric}`, mean[metric].change];
    }
  }
}

function* meanScalars(split: string, mean: ByRole<Metrics>): Generator<Scalar> {
  for (const [role, metrics] of Object.entries(mean)) {
    yield* metricScalars(`mean/${split}`, role, metrics);
  }
}

/** `test/f1/A/personal` and the like. */
function* metricScalars(group: string, model: string, metrics: Metrics): Generator<Scalar> {
  for (const metric of ["loss", "f1", "auc", "accuracy"] as const) {
    yield [`${group}/${metric}/${model}`, metrics[metric]];
  }
}
