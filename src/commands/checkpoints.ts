// Checkpoints as files: found in run folders, and read.

import { join } from "@std/path";
import { reasonOf } from "../data/listing.ts";
import type { Checkpoint } from "../federated/checkpoint.ts";
import { readPlainFile } from "../io/files.ts";
import { readSafetensors } from "../io/safetensors.ts";
import { UsageError } from "./usage_error.ts";

/** Ending of the files that a run writes. */
export const checkpointExtension = ".safetensors";

/** A checkpoint and where it was. */
export interface CheckpointFile extends Checkpoint {
  readonly path: string;
}

/**
 * The checkpoint files meant by files and run folders: of a run, all that it stored for `reason`.
 *
 * @throws {UsageError} if there is nothing at a path, or a folder is not that of a run
 */
export async function findCheckpoints(
  operands: readonly string[],
  reason: string,
): Promise<string[]> {
  const found: string[] = [];
  for (const path of operands) {
    if (await isFolder(path)) found.push(...await listRun(path, reason));
    else found.push(path);
  }
  const twice = found.find((path, index) => found.indexOf(path) !== index);
  if (twice === undefined) return found;
  throw new UsageError(`Cannot use ${twice} twice: name every checkpoint once`);
}

/** @throws {UsageError} if there is nothing */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    const absent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (!absent) throw error;
    throw new UsageError(`Cannot use ${path}: it does not exist; check the path`);
  }
}

async function listRun(folder: string, reason: string): Promise<string[]> {
  const path = join(folder, reason);
  try {
    const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name)
      .filter((name) => name.endsWith(checkpointExtension));
    if (names.length > 0) return names.sort().map((name) => join(path, name));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  throw new UsageError(
    `Cannot find checkpoints in ${path}: name the folder of one run that has got so far, ` +
      `or files *${checkpointExtension}`,
  );
}

/** @throws {UsageError} if the file cannot be read or is not a safetensors file */
export async function readCheckpoint(path: string): Promise<CheckpointFile> {
  try {
    return { path, ...readSafetensors(await readPlainFile(path)) };
  } catch (error) {
    throw new UsageError(
      `Cannot use ${path} as a checkpoint: ${reasonOf(error)}; expected a file such as ` +
        `best/clientA_personal${checkpointExtension} of a run folder`,
    );
  }
}

/** Where a model is from, as far as its metadata tell; rounds count from 0. */
export function originOf({ path, metadata }: CheckpointFile) {
  const { client = null, role = null, round } = metadata;
  return { path, client, role, round: round === undefined ? null : Number(round) };
}
