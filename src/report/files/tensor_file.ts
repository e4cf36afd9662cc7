// Tensors that a run folder may hold beside its metrics: reading them, and saying what is wrong.

import { readPlainFile } from "../../io/files.ts";
import { readSafetensors, type SafetensorsFile } from "../../io/safetensors.ts";
import type { HostTensor } from "../../tensor/host_tensor.ts";
import { RunFolderError } from "../run_folder_error.ts";

/** A safetensors file of a run folder, or null if there is none. */
export async function readTensorFile(path: string): Promise<SafetensorsFile | null> {
  try {
    return readSafetensors(await readPlainFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    if (error instanceof SyntaxError) throw unreadable(path, error.message);
    throw error;
  }
}

/** A tensor that has to be there. */
export function takeTensor(
  tensors: ReadonlyMap<string, HostTensor>,
  key: string,
  path: string,
): HostTensor {
  const tensor = tensors.get(key);
  if (tensor === undefined) throw unreadable(path, `it has no tensor ${key}`);
  return tensor;
}

/** A whole number from the metadata, which are text. */
export function wholeNumber(text: string | undefined, name: string, path: string): number {
  if (text === undefined || !/^\d+$/.test(text)) {
    throw unreadable(path, `its metadata give no whole number for ${name}`);
  }
  return Number(text);
}

/** What is wrong with a file, and the way out. */
export function unreadable(path: string, reason: string): RunFolderError {
  return new RunFolderError(`Cannot read ${path}: ${reason}; remove the file or run again`);
}
