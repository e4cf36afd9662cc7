// The command `data`: what can be done with a federation's images besides training.

import { inspect } from "./inspect.ts";
import { didYouMean } from "./nearest_word.ts";
import { prepare } from "./prepare.ts";
import { synthesize } from "./synthesize.ts";
import { UsageError } from "./usage_error.ts";

const actions: Readonly<Record<string, typeof inspect>> = {
  inspect,
  prepare,
  synthesize,
};

/**
 * Does what the first argument says.
 *
 * @throws {UsageError} if that is not one of the actions; and what these throw
 */
export function dataCommand(args: readonly string[], signal: AbortSignal): Promise<void> {
  const [name = "", ...rest] = args;
  if (Object.hasOwn(actions, name)) return actions[name](rest, signal);
  const names = Object.keys(actions);
  const mistake = name === "" || name.startsWith("-") ? "without an action" : name;
  throw new UsageError(
    `Cannot use data ${mistake}${didYouMean(name, names)}: write data ${names.join(" or data ")}`,
  );
}
