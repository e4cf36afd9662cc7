// What a site tells of a round, from the rows of its run: one line of JSON.

import { join } from "@std/path";
import type { AggregationEvent, ByRole, EpochEvent, RunEvent } from "../../federated/events.ts";
import { readPlainFile, toJsonLine } from "../../io/files.ts";
import type { Metrics } from "../../metrics/classification.ts";
import { metricsFile, readRows } from "../../report/reading/recorded_run.ts";
import { RunFolderError } from "../../report/run_folder_error.ts";

/** The rows of a site's run. */
export class SiteRows {
  private constructor(
    readonly run: RunEvent,
    private readonly epochs: readonly EpochEvent[],
    private readonly aggregations: readonly AggregationEvent[],
  ) {}

  /**
   * @param length bytes that count: those after a state were written by a process that was killed; null: all
   * @throws {RunFolderError} if they are not what a run writes
   */
  static async read(folder: string, length: number | null = null): Promise<SiteRows> {
    const path = join(folder, metricsFile);
    const bytes = await readPlainFile(path);
    const text = new TextDecoder().decode(bytes.subarray(0, length ?? bytes.length));
    const { rows } = readRows(text, path);
    const run = rows.find((row) => row.type === "run");
    if (run === undefined) {
      throw new RunFolderError(`Cannot read ${path}: it has no row of type "run"`);
    }
    return new SiteRows(
      run,
      rows.filter((row) => row.type === "epoch"),
      rows.filter((row) => row.type === "aggregation"),
    );
  }

  /** Whether a round was evaluated after its communication. */
  isEvaluated(round: number): boolean {
    return this.aggregations.some((row) => row.round === round);
  }

  /** Of a round that the site has trained in; null if it has not. */
  training(round: number) {
    const epochs = this.epochs.filter((row) => row.round === round);
    const last = epochs.at(-1);
    if (last === undefined) return null;
    const [{ train, test }] = last.clients;
    return {
      stages: epochs.map(({ clients: [{ stage }] }) => stage),
      loss: train && byRole(train, ({ loss }) => loss),
      test: byRole(test, scoresOf),
    };
  }

  /** Of a round that it has evaluated: what the communication changed is null where it had not trained before. */
  evaluation(round: number) {
    const { receivers, clients: [{ valid, test }] } = this.aggregations
      .find((row) => row.round === round)!;
    const before = this.training(round)?.test;
    return {
      took: receivers.length > 0,
      images: { valid: this.images.valid, test: this.images.test },
      valid: byRole(valid, scoresOf),
      test: byRole(test, scoresOf),
      change: before ? byRole(test, ({ f1 }, role) => f1 - before[role].f1) : null,
    };
  }

  /** Number of images of each split. */
  get images() {
    const [{ train, valid, test }] = this.run.clients;
    return { train, valid, test };
  }
}

/** Percent; the area under the curve is null where it is not defined. */
function scoresOf({ f1, accuracy, auc }: Metrics) {
  return { f1, accuracy, auc };
}

function byRole<T, U>(values: ByRole<T>, make: (value: T, role: string) => U): Record<string, U> {
  return Object.fromEntries(
    Object.entries(values).map(([role, value]) => [role, make(value, role)]),
  );
}

/** Prints what whoever drives the site reads. */
export function printResult(result: Readonly<Record<string, unknown>>): void {
  console.log(toJsonLine(result));
}
