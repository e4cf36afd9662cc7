// Accuracy: asserted in tests, and noted for the table that `deno task numerics` makes of it.

import { assert } from "./assert.ts";

/** Double precision here, or what another program computed. */
export type Oracle =
  | "f64 loop"
  | "differences of f64 loop"
  | "PyTorch"
  | "NumPy"
  | "scikit-learn"
  | "albumentations"
  | "official code";

/** What is compared, and how far off it may be. */
export interface Comparison {
  /** as exported from engine.ts, where it is an operation */
  readonly op: string;
  /** what the op made: "output", "gradient", or the name of a stored result */
  readonly result: string;
  /** the other side */
  readonly oracle: Oracle;
  /** what makes up the tolerance */
  readonly reason: string;
}

/** A comparison with its figures, both relative: shares of the largest magnitude, or of the length. */
export interface Accuracy extends Comparison {
  readonly error: number;
  readonly tolerance: number;
}

/** The file that comparisons are appended to, as lines of JSON; usually none. */
const notebook = Deno.env.get("PRRFL_ACCURACY");

/** Keeps a comparison for the table. Differences of about zero have no relative error. */
export function noteAccuracy(found: Accuracy): void {
  if (notebook === undefined || !Number.isFinite(found.error)) return;
  Deno.writeTextFileSync(notebook, `${JSON.stringify(found)}\n`, { append: true });
}

/** Asserts that the error is within the tolerance; NaN is not. */
export function assertAccuracy(label: string, found: Accuracy): void {
  noteAccuracy(found);
  const { error, tolerance, reason } = found;
  assert(error <= tolerance, `${label}: error ${error} but ${tolerance} is allowed (${reason})`);
}
