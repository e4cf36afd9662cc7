// A run read back from its folder: settings, the checked rows of metrics.jsonl, and what lies beside them.

import { basename, join } from "@std/path";
import { counted } from "../format.ts";
import { predictionsFiles, spectraFile } from "../files/file_names.ts";
import { type Predictions, readPredictions } from "../files/predictions.ts";
import type { EpochEvent, RunEvent, StageEvent } from "../../federated/events.ts";
import { readPlainText } from "../../io/files.ts";
import { readRow } from "./recorded_rows.ts";
import { readRunConfig } from "../files/run_config.ts";
import { RunFolderError } from "../run_folder_error.ts";
import { progressOf, type RecordedHistory } from "./progress.ts";
import { readSpectra, type Spectra } from "../files/spectra_file.ts";

/** Everything that figures and tables are made from. */
export interface RecordedRun extends RecordedHistory {
  readonly folder: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** names of those that the numbers depend on */
  readonly decisive: readonly string[];
  readonly adapter: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly finished: boolean;
  /** what decided the stages; rows of older runs may lack it */
  readonly decisions?: readonly StageEvent[];
  /** sentences about what is missing */
  readonly notices: readonly string[];
  /** after the last communication; null where the run stored none */
  readonly predictions: Predictions | null;
  /** just before it; null where the run stored none, as those made before there were any */
  readonly predictionsBefore: Predictions | null;
  readonly spectra: Spectra | null;
}

/** The file that makes a folder a run folder. */
export const metricsFile = "metrics.jsonl";

/**
 * Reads a run folder. A run that was interrupted is read as far as it got, which `notices` says.
 *
 * @throws {RunFolderError} if a file is missing or is not what a run writes
 */
export async function readRun(folder: string): Promise<RecordedRun> {
  const { settings, decisive, adapter, versions } = await readRunConfig(folder);
  const { rows, truncated } = readRows(
    await readText(join(folder, metricsFile)),
    join(folder, metricsFile),
  );
  const [run, ...rest] = rows;
  if (run?.type !== "run") {
    throw new RunFolderError(
      `Cannot read ${join(folder, metricsFile)}: it does not begin with a row of type "run"; ` +
        "name the folder of a run that has begun",
    );
  }
  const history = rest.filter((row) =>
    row.type === "epoch" || row.type === "evaluation" || row.type === "aggregation" ||
    row.type === "divergence"
  );
  const finished = rest.some(({ type }) => type === "done");
  return {
    settings,
    decisive,
    adapter,
    versions,
    folder,
    run,
    rows: history,
    finished,
    decisions: rest.filter((row) => row.type === "stage"),
    notices: noticesOf(folder, { run, rows: history }, finished, truncated),
    predictions: await readPredictions(join(folder, predictionsFiles.after), run),
    predictionsBefore: await readPredictions(join(folder, predictionsFiles.before), run),
    spectra: await readSpectra(join(folder, spectraFile), run),
  };
}

/**
 * All rows that are known; a last line without its end was being written when the run was stopped.
 *
 * @throws {RunFolderError} naming the line that is not what a run writes
 */
export function readRows(text: string, path: string) {
  const lines = text.split("\n");
  const last = lines.pop()!;
  const complete = lines.map((line, index) => {
    const row = parseLine(line);
    if (row !== undefined) return row;
    throw new RunFolderError(`Cannot read ${path}: line ${index + 1} is not a row of JSON`);
  });
  const lastRow = last === "" ? undefined : parseLine(last);
  if (lastRow !== undefined) complete.push(lastRow);
  let start: RunEvent | null = null;
  let epochs = 0;
  const rows = complete.flatMap((value, index) => {
    const where = `${path}: line ${index + 1}`;
    const row = readRow(value, start, where);
    if (row?.type === "run") start = row;
    if (row?.type === "epoch") expectNoGap(row, start!, epochs++, where);
    return row === null ? [] : [row];
  });
  return { rows, truncated: last !== "" && lastRow === undefined };
}

/** Of a run that may have gaps, as that of a site which was away. */
export const mostEpochs = 100_000;

/**
 * Figures have room for every local epoch up to the last one: a damaged number may not ask for billions.
 *
 * @param before local epochs told before this one
 * @throws {RunFolderError} if the run has no such epoch, or so many that none may be missing, and some are
 */
function expectNoGap(
  { round, epoch }: EpochEvent,
  { rounds, localEpochs }: RunEvent,
  before: number,
  where: string,
): void {
  const isOfRun = round < rounds && epoch < localEpochs && rounds * localEpochs <= mostEpochs;
  if (isOfRun || round * localEpochs + epoch <= before) return;
  throw new RunFolderError(
    `Cannot read ${where}: round ${round}, epoch ${epoch} comes after ${
      counted(before, "local epoch")
    } of ${localEpochs} a round`,
  );
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function noticesOf(
  folder: string,
  { run, rows }: RecordedHistory,
  finished: boolean,
  truncated: boolean,
): string[] {
  if (finished) return [];
  const cut = truncated ? "; its last row is cut off and left out" : "";
  return [
    `Run ${basename(folder)} is not finished: ${progressOf({ run, rows })}${cut}.`,
  ];
}

async function readText(path: string): Promise<string> {
  try {
    return await readPlainText(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new RunFolderError(`Cannot read ${path}: it does not exist; name the folder of a run`);
  }
}
