// Checkpoints as files: found in run folders, and read.

import { join } from "@std/path";
import type { Checkpoint } from "../federated/checkpoint.ts";
import type { CheckpointEvent } from "../federated/events.ts";
import { serverFile } from "../report/files/file_names.ts";
import { UsageError } from "./usage_error.ts";
import { readWeights } from "./weight_file.ts";

/** Which of a run's checkpoints. */
type CheckpointReason = CheckpointEvent["reason"];

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
  reason: CheckpointReason,
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

/**
 * The models of a run with which to predict: the server's where one is for all clients, else each client's personal
 * one.
 *
 * @returns null if the path is no folder with checkpoints
 */
export async function modelsOfRun(path: string): Promise<string[] | null> {
  const { clients, server } = await storedModels(path, "best");
  if (clients.length === 0) return server === null ? null : [server];
  const personal = clients.filter((name) => name.endsWith(`_personal${checkpointExtension}`));
  if (personal.length > 0) return personal;
  return server === null ? clients : [server];
}

/** The clients' models: the server's is the same as theirs. */
async function listRun(folder: string, reason: CheckpointReason): Promise<string[]> {
  const { clients } = await storedModels(folder, reason);
  if (clients.length > 0) return clients;
  throw new UsageError(
    `Cannot find checkpoints in ${
      join(folder, reason)
    }: name the folder of one run that has got so far, ` +
      `or files *${checkpointExtension}`,
  );
}

/** Paths of what a run has stored, sorted; none where it has not got so far, or there is no run. */
async function storedModels(
  folder: string,
  reason: CheckpointReason,
): Promise<{ readonly clients: string[]; readonly server: string | null }> {
  const paths: string[] = [];
  try {
    for await (const { name } of Deno.readDir(join(folder, reason))) {
      if (name.endsWith(checkpointExtension)) paths.push(join(folder, reason, name));
    }
  } catch (error) {
    const isAbsent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (!isAbsent) throw error;
  }
  const server = join(folder, serverFile(reason));
  return {
    clients: paths.filter((path) => path !== server).sort(),
    server: paths.includes(server) ? server : null,
  };
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
