// The stages of Deputy-Enhanced Transfer, and what decides them.

import { expectOptions } from "../../tensor/checks.ts";

/** 1 recover, 2 exchange, 3 sublimate; 4 trains like 2, without a decision. */
export type TransferStage = 1 | 2 | 3 | 4;

/**
 * The stage of the next local epoch (Chen et al. 2021, section 2.2, as the official code has it).
 * A deputy that is much worse than the personal model is taught first (1); then both teach each
 * other (2); once the deputy has caught up it teaches (3). Reaching a bound exactly counts as above it.
 *
 * @param previous stage of the epoch before; 0 at the start of each round
 * @param f1Deputy macro F1 of the deputy on the train split, in eval mode; any unit, as `f1Personal`
 * @param options shares of `f1Personal` that end stage 1 (`alpha1`, default 0.7) and begin stage 3
 *   (`alpha2`, default 0.9)
 * @returns 4 where an F1 is NaN
 * @throws {TypeError} for anything but numbers, and unknown options; {RangeError} for a stage that is none
 */
export function transferStage(
  previous: TransferStage | 0,
  f1Deputy: number,
  f1Personal: number,
  options: { alpha1?: number; alpha2?: number } = {},
): TransferStage {
  expectOptions("transferStage", options, ["alpha1", "alpha2"]);
  const { alpha1 = 0.7, alpha2 = 0.9 } = options;
  for (const [name, value] of Object.entries({ f1Deputy, f1Personal, alpha1, alpha2 })) {
    if (typeof value === "number") continue;
    throw new TypeError(`Cannot apply transferStage: ${name} is ${value} but a number is expected`);
  }
  if (![0, 1, 2, 3, 4].includes(previous)) {
    throw new RangeError(
      `Cannot apply transferStage: the previous stage is ${previous} but 0 to 4 is expected`,
    );
  }
  if (previous === 0 || f1Deputy < alpha1 * f1Personal) return 1;
  if (previous === 1 && f1Deputy >= alpha1 * f1Personal) return 2;
  if (previous >= 2 && f1Deputy < alpha2 * f1Personal) return 2;
  if (previous >= 2 && f1Deputy >= alpha2 * f1Personal) return 3;
  return 4;
}
