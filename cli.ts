// The program: picks the command, and turns expected errors into one sentence and an exit code.

import { errorLine, isExpected } from "./src/commands/expected_error.ts";
import { helpText } from "./src/commands/help.ts";
import {
  interruptible,
  Interruption,
  type StopSignal,
  stopSignals,
} from "./src/commands/interruption.ts";
import { didYouMean } from "./src/commands/nearest_word.ts";
import { UsageError } from "./src/commands/usage_error.ts";
import { printVersion } from "./src/commands/version.ts";
import { standWhereTyped } from "./src/commands/working_folder.ts";
import { preferVulkan } from "./src/commands/webgpu_backend.ts";

const exitCodes = { expectedError: 2, brokenPipe: 141 };

type Command = (args: readonly string[], signal: AbortSignal) => void | Promise<void>;

const commands: Readonly<Record<string, Command>> = {
  train: async (args, signal) => (await import("./src/commands/train.ts")).train(args, signal),
  compare: async (args, signal) => (await loadCompare())("compare", args, signal),
  demo: async (args, signal) => (await loadCompare())("demo", args, signal),
  evaluate: async (args, signal) =>
    (await import("./src/commands/evaluate.ts")).evaluate(args, signal),
  predict: async (args, signal) =>
    (await import("./src/commands/predict.ts")).predict(args, signal),
  data: async (args, signal) => (await import("./src/commands/data.ts")).dataCommand(args, signal),
  report: async (args) => (await import("./src/commands/report.ts")).report(args),
  info: async (args) => (await import("./src/commands/info.ts")).info(args),
  help: (args) => console.log(helpText(args)),
};

/** Loaded when needed, as the others are: help and version need neither the engine nor the charts. */
async function loadCompare() {
  return (await import("./src/commands/compare.ts")).compare;
}

function runCommand(args: readonly string[], signal: AbortSignal): void | Promise<void> {
  if (args.length === 0) return console.log(helpText([]));
  if (args.includes("--help") || args.includes("-h")) return console.log(helpText(args));
  if (args.includes("--version")) return printVersion();
  const [name, ...rest] = args[0].startsWith("-") ? ["train", ...args] : args;
  if (Object.hasOwn(commands, name)) return commands[name](rest, signal);
  throw new UsageError(
    `Unknown command ${name}${didYouMean(name, Object.keys(commands))}: ` +
      '"help" lists all commands',
  );
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
    await runCommand(Deno.args, signal);
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
