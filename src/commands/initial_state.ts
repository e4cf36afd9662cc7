// The weights that all models start from, where a flag names them.

import { reasonOf } from "../data/listing.ts";
import { readPlainFile } from "../io/files.ts";
import { readSafetensors } from "../io/safetensors.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads the file of `--init`; null where there is none.
 *
 * @throws {UsageError} if it cannot be read or is not a safetensors file
 */
export async function readInitialState(
  path: string | null,
): Promise<ReadonlyMap<string, HostTensor> | null> {
  if (path === null) return null;
  try {
    return readSafetensors(await readPlainFile(path)).tensors;
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "the file does not exist"
      : reasonOf(error);
    throw new UsageError(
      `Cannot use ${path} for --init: ${reason}; expected a safetensors file with the weights`,
    );
  }
}
