// What is kept of runs, small enough for the repository: settings, rows without single batches, predictions.

import { isAbsolute, join } from "@std/path";
import { writeFileAtomic } from "../../src/io/files.ts";
import { planFile } from "../../src/report/files/comparison_plan.ts";
import { predictionsFiles } from "../../src/report/files/file_names.ts";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { lastName } from "../../src/report/reading/method_runs.ts";
import { metricsFile } from "../../src/report/reading/recorded_run.ts";

/** Folders of comparisons, `work/<name>/<time>_compare`, by name. */
export async function comparisonsIn(work: string): Promise<{ name: string; folder: string }[]> {
  const found: { name: string; folder: string }[] = [];
  for (const name of await namesIn(work)) {
    for (const inner of await namesIn(join(work, name))) {
      const folder = join(work, name, inner);
      if (await exists(join(folder, planFile))) found.push({ name, folder });
    }
  }
  return found;
}

/**
 * Copies finished runs that are not there yet.
 *
 * @param comparisons their folders
 * @param kept `cli.ts report` reads it
 * @param methods in the order in which they are to stand
 * @returns how many
 */
export async function keepRuns(
  comparisons: readonly string[],
  kept: string,
  methods: readonly string[],
): Promise<number> {
  const found = comparisons.length === 0 ? [] : await readRuns(comparisons);
  await Deno.mkdir(kept, { recursive: true });
  let added = 0;
  for (const { folder, finished } of found) {
    const target = join(kept, lastName(folder));
    if (!finished || await exists(join(target, metricsFile))) continue;
    await Deno.mkdir(target, { recursive: true });
    for (const file of Object.values(predictionsFiles)) {
      if (!await exists(join(folder, file))) continue;
      await Deno.copyFile(join(folder, file), join(target, file));
    }
    const config = await Deno.readTextFile(join(folder, "config.json"));
    await writeFileAtomic(join(target, "config.json"), withoutPlaces(config));
    const rows = await Deno.readTextFile(join(folder, metricsFile));
    await writeFileAtomic(join(target, metricsFile), withoutBatches(rows)); // last: it makes it a run's folder
    added++;
  }
  await writePlan(kept, methods);
  return added;
}

/** Folders of the machine that trained mean nothing elsewhere. */
function withoutPlaces(config: string): string {
  const short = (_: string, value: unknown) =>
    typeof value === "string" && isAbsolute(value) ? lastName(value) : value;
  return `${JSON.stringify(JSON.parse(config, short), null, 2)}\n`;
}

/** The loss of every batch is nine tenths of the file, and no report shows it; nor are there checkpoints. */
function withoutBatches(rows: string): string {
  return rows.trimEnd().split("\n").flatMap((line) => {
    const row = JSON.parse(line);
    if (row.type === "checkpoint") return [];
    const less = (key: string, value: unknown) => key === "batchLosses" ? undefined : value;
    return [`${JSON.stringify(row, less)}\n`];
  }).join("");
}

/** Gives the runs their order. */
async function writePlan(kept: string, methods: readonly string[]): Promise<void> {
  const names = await namesIn(kept);
  const place = (name: string) => methods.findIndex((method) => name.startsWith(`${method}-`));
  const runs = names.sort((a, b) => place(a) - place(b) || a.localeCompare(b));
  const plan = { command: "compare", arguments: [], runs };
  await writeFileAtomic(join(kept, planFile), `${JSON.stringify(plan, null, 2)}\n`);
}

/** Of folders in a folder, sorted; none where it does not exist. */
async function namesIn(path: string): Promise<string[]> {
  if (!await exists(path)) return [];
  const entries = await Array.fromAsync(Deno.readDir(path));
  return entries.flatMap(({ name, isDirectory }) => isDirectory ? [name] : []).sort();
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
