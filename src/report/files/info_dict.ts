// The official code's dictionary of the test metrics by client, as JSON.

import type { RunEvent, SimulationEvent } from "../../federated/events.ts";
import { writeFileAtomic } from "../../io/files.ts";
import type { Metrics } from "../../metrics/classification.ts";
import type { EarlierEvent } from "../reading/recorded_rows.ts";
import type { RunFile } from "./run_file.ts";

/** What the official code keeps of a client, under its keys: lists with one entry per local epoch. */
interface Info {
  /** counted from 0 through all rounds */
  readonly test_epochs: number[];
  /** percent */
  readonly test_f1: number[];
  /** percent; null: n/a */
  readonly test_auc: (number | null)[];
}

/** The key of the mean over clients. */
const average = "Average";

/**
 * Collects the personal models' test metrics as the official code does: the last epoch of a round is
 * represented by the test after aggregation. The official code has a function that stores the
 * dictionary but never calls it, and leaves `Average` empty; here it is stored after every
 * communication, with the means.
 */
export class InfoDict implements RunFile {
  readonly #path: string;
  #run: RunEvent | null = null;
  #infos = new Map<string, Info>();

  /** @param path of the file, which is replaced with every round */
  constructor(path: string) {
    this.#path = path;
  }

  async consume(event: SimulationEvent): Promise<void> {
    if (event.type === "run") this.#start(event);
    this.#collect(event);
    if (event.type === "aggregation" || event.type === "interrupted") {
      const text = JSON.stringify(Object.fromEntries(this.#infos));
      await writeFileAtomic(this.#path, `${text}\n`);
    }
  }

  resume(run: RunEvent, earlier: readonly EarlierEvent[]): void {
    this.#start(run);
    for (const event of earlier) this.#collect(event);
  }

  #collect(event: SimulationEvent): void {
    if (event.type === "epoch" && event.epoch < this.#run!.localEpochs - 1) {
      this.#add(event.round, event.epoch, event.clients, event.mean);
    }
    if (event.type === "aggregation") {
      this.#add(event.round, this.#run!.localEpochs - 1, event.clients, event.test);
    }
  }

  #start(run: RunEvent): void {
    this.#run = run;
    // Last and once: a client of this name keeps its own results.
    const names = new Set([...run.clients.map(({ name }) => name), average]);
    this.#infos = new Map(
      [...names].map((name) => [name, { test_epochs: [], test_f1: [], test_auc: [] }]),
    );
  }

  #add(
    round: number,
    epoch: number,
    clients: readonly {
      readonly client: string;
      readonly test: Readonly<Record<string, Metrics>>;
    }[],
    mean: Readonly<Record<string, Metrics>>,
  ): void {
    const { personalRole, localEpochs } = this.#run!;
    const tests = new Map([
      [average, mean],
      ...clients.map(({ client, test }) => [client, test] as const),
    ]);
    for (const [name, { test_epochs, test_f1, test_auc }] of this.#infos) {
      const { f1, auc } = tests.get(name)![personalRole];
      test_epochs.push(round * localEpochs + epoch);
      test_f1.push(f1);
      test_auc.push(auc);
    }
  }
}
