// Checkpoints as files: found in run folders, and read.

import { join } from "@std/path";
import type { Checkpoint } from "../federated/checkpoint.ts";
import { UsageError } from "./usage_error.ts";
import { readWeights } from "./weight_file.ts";

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

/** What a run calls the server's model, where there is one for all clients. */
const serverModel = `server${checkpointExtension}`;

/**
 * The models of a run with which to predict: the server's where one is for all clients, else each client's personal
 * one.
 *
 * @returns null if the path is no folder with checkpoints
 */
export async function modelsOfRun(path: string): Promise<string[] | null> {
  let names: string[];
  try {
    names = (await Array.fromAsync(Deno.readDir(join(path, "best")))).map(({ name }) => name)
      .filter((name) => name.endsWith(checkpointExtension)).sort();
  } catch {
    return null;
  }
  if (names.length === 0) return null;
  const clients = names.filter((name) => name !== serverModel);
  const personal = clients.filter((name) => name.endsWith(`_personal${checkpointExtension}`));
  const chosen = personal.length > 0
    ? personal
    : names.includes(serverModel)
    ? [serverModel]
    : clients;
  return chosen.map((name) => join(path, "best", name));
}

/** The clients' models: the server's is the same as theirs. */
async function listRun(folder: string, reason: string): Promise<string[]> {
  const path = join(folder, reason);
  try {
    const names = (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name)
      .filter((name) => name.endsWith(checkpointExtension) && name !== serverModel);
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
  const wish = `a file such as best/clientA_personal${checkpointExtension} of a run folder`;
  return { path, ...await readWeights(path, "as a checkpoint", wish) };
}

/** Where a model is from, as far as its metadata tell; rounds count from 0. */
export function originOf({ path, metadata }: CheckpointFile) {
  const { client = null, role = null, round } = metadata;
  return { path, client, role, round: round === undefined ? null : Number(round) };
}
