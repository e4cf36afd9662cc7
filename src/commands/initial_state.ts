// The weights that all models start from, where a flag names them.

import type { HostTensor } from "../tensor/host_tensor.ts";
import { readWeights } from "./weight_file.ts";

/**
 * Reads the file of `--init`; null where there is none.
 *
 * @throws {UsageError} if it cannot be read or is not a safetensors file
 */
export async function readInitialState(
  path: string | null,
): Promise<ReadonlyMap<string, HostTensor> | null> {
  if (path === null) return null;
  return (await readWeights(path, "for --init", "a safetensors file with the weights")).tensors;
}
