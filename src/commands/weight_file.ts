// Reads files of weights as people have them, and says what was done to them or how to convert them.

import { reasonOf } from "../data/disk_files.ts";
import type { Checkpoint } from "../federated/checkpoint.ts";
import { readPlainFile } from "../io/files.ts";
import { readSafetensors, type SafetensorsFile } from "../io/safetensors.ts";
import { foreignWeights } from "../io/weight_format.ts";
import { adoptState } from "../nn/foreign_state.ts";
import { oneLine } from "./expected_error.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads a safetensors file; what is changed in its keys is told on standard error.
 *
 * @param use completes "Cannot use x.pt ", such as "for --init"
 * @param wish completes "expected "
 * @throws {UsageError} if it cannot be read or is another kind of file, then with the way to convert it
 */
export async function readWeights(
  path: string,
  use: string,
  wish: string,
): Promise<Checkpoint> {
  let file: SafetensorsFile;
  try {
    const bytes = await readPlainFile(path);
    const foreign = foreignWeights(bytes, path);
    if (foreign !== null) {
      const { what, conversion } = foreign;
      if (conversion.length === 0) throw new SyntaxError(`it is ${what}`);
      throw new UsageError(
        `Cannot use ${path} ${use}: it is ${what}; convert it with these lines of Python:`,
        conversion,
      );
    }
    file = readSafetensors(bytes);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot use ${path} ${use}: ${reasonOf(error)}; expected ${wish}`);
  }
  const { tensors, notes } = adoptState(file.tensors);
  for (const note of notes) console.error(`note: ${oneLine(`${path}: ${note}`)}`);
  return { ...file, tensors };
}
