// Which errors are the user's to put right, and the one line that is printed of them.

import { DataError } from "../data/data_error.ts";
import { ConfigError } from "../federated/errors.ts";
import { DivergenceError } from "../federated/errors.ts";
import { GpuError } from "../gpu/errors.ts";
import { RunFolderError } from "../report/run_folder_error.ts";
import { UsageError } from "./usage_error.ts";

/** Characters of a text that are shown: it may quote a file, and that may be of any length. */
const longest = 2000;

/** Is this the user's to put right, and the message all that helps? */
export function isExpected(error: unknown): error is Error {
  const kinds = [
    UsageError,
    ConfigError,
    DataError,
    DivergenceError,
    GpuError,
    RunFolderError,
    ...Object.values(Deno.errors),
  ];
  if (kinds.some((kind) => error instanceof kind)) return true;
  return error instanceof Error && "code" in error; // of the system, such as ENOSPC
}

/** The message of an expected error, with the lines to be typed elsewhere if it has any. */
export function errorLine(error: Error): string {
  if (error instanceof UsageError && error.lines.length > 0) {
    return [error.message, ...error.lines.map((line) => `    ${line}`)].map(oneLine).join("\n");
  }
  // Of a kernel that does not compile every line counts.
  return error instanceof GpuError ? error.message : oneLine(error.message);
}

/**
 * A text without line ends and other control characters, with which what it quotes could drive the terminal; cut in
 * the middle if it is very long, for the remedy stands at its end.
 */
export function oneLine(text: string): string {
  const half = longest / 2;
  const short = text.length <= longest ? text : `${text.slice(0, half)} … ${text.slice(-half)}`;
  return short.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (c) => /\s/.test(c) ? " " : "\u{fffd}");
}
