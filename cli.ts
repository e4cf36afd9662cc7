// The program: picks the command, and turns expected errors into one sentence and an exit code.

import { runCommand } from "./src/commands/commands.ts";
import { errorLine, isExpected } from "./src/commands/expected_error.ts";
import { helpText } from "./src/commands/help.ts";
import {
  interruptible,
  Interruption,
  type StopSignal,
  stopSignals,
} from "./src/commands/interruption.ts";
import { printVersion } from "./src/commands/version.ts";
import { standWhereTyped } from "./src/commands/working_folder.ts";
import { preferVulkan } from "./src/commands/webgpu_backend.ts";

const exitCodes = { expectedError: 2, brokenPipe: 141 };

async function run(args: readonly string[], signal: AbortSignal): Promise<void> {
  if (args.length === 0) return console.log(helpText([]));
  if (args.includes("--help") || args.includes("-h")) return console.log(helpText(args));
  if (args.includes("--version")) return printVersion();
  if (args[0] === "help") return console.log(helpText(args.slice(1)));
  await runCommand(args, signal);
}

/** What is said of a command that a signal has stopped, and of what kept it from ending well. */
function interruptionLine(error: unknown): string {
  if (error instanceof Interruption) return error.message;
  return isExpected(error) ? `Interrupted; error: ${errorLine(error)}` : "Interrupted";
}

if (import.meta.main) {
  const signal = interruptible();
  preferVulkan();
  try {
    standWhereTyped();
    await run(Deno.args, signal);
    Deno.exit(); // the listeners for signals would keep the process alive
  } catch (error) {
    if (signal.aborted) {
      console.error(interruptionLine(error));
      Deno.exit(stopSignals[signal.reason as StopSignal]);
    }
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(exitCodes.brokenPipe);
    if (!isExpected(error)) throw error;
    console.error(`error: ${errorLine(error)}`);
    Deno.exit(exitCodes.expectedError);
  }
}
