// The command `train`: from flags to a finished run folder.

import { join } from "@std/path";
import { systemClock } from "../clock.ts";
import { pickSettings } from "../federated/config.ts";
import { DivergenceError } from "../federated/errors.ts";
import { methodOf } from "../federated/methods/registry.ts";
import { claimFolder } from "../io/files.ts";
import { checkClientFiles } from "../report/files/client_files.ts";
import { type ConsoleMode, ConsoleReport } from "../report/terminal/console.ts";
import { runFolderName } from "../report/files/file_names.ts";
import { RunFolder } from "../report/files/run_folder.ts";
import type { RunHeader } from "../report/run_header.ts";
import type { TrainOptions } from "./flags.ts";
import { readInitialState } from "./initial_state.ts";
import { openLive } from "./live_server.ts";
import { withAbsolutePaths } from "./absolute_paths.ts";
import { checkDataFlags, showLoading } from "./load_dataset.ts";
import { checkMethodFlags } from "./method_flags.ts";
import {
  expectImageSize,
  loadMethod,
  loadNetwork,
  methodLabel,
  ownSettings,
  trainFlagsFor,
} from "./own_modules.ts";
import { resolveOptions } from "./options.ts";
import { RenewableGpu } from "./renewable_gpu.ts";
import { resumeRun, showNotices } from "./resume.ts";
import { type PreparedRun, type RunConsumers, trainToEnd } from "./train_to_end.ts";
import { openTunedGpu } from "./tuned_gpu.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Trains, or with `--resume DIR` goes on, showing and storing what happens. Whatever can be wrong with the flags, the adapter or the
 * data is found before the run's folder is made.
 *
 * @param signal ends the run after the step under way
 * @throws {Interruption} if the signal ended it
 * @throws {DivergenceError} if numbers overflow, naming the folder with the last good state
 * @throws {UsageError | DataError | GpuError | RunFolderError} saying what is wrong and what to do
 */
export async function train(
  args: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { words, flags } = await trainFlagsFor(args);
  const typed = withAbsolutePaths(resolveOptions(words, flags));
  const mode = consoleMode(typed.options);
  const { resume } = typed.options;
  const { options, settings, earlier } = resume === null
    ? { ...typed, earlier: null }
    : await resumeRun(resume, typed, flags);
  checkDataFlags(options);
  const method = await loadMethod(options.method);
  const network = await loadNetwork(options.network);
  expectImageSize(network, options.imageSize);
  checkMethodFlags([method], options, settings);
  const initialState = earlier ? null : await readInitialState(options.init);
  await using live = await openLive(options.live);

  const gpu = await RenewableGpu.open(() => openTunedGpu(options));
  await using claim = resume === null
    ? await claimFolder(join(options.savePath, folderName(options)))
    : null;
  const header: RunHeader = {
    command: Deno.args,
    settings,
    adapter: gpu.adapter,
    versions: gpu.versions,
    folder: resume ?? claim!.path,
    elapsedBefore: earlier?.stored.elapsed,
  };
  const folder = earlier
    ? await RunFolder.reopen(header, earlier, options)
    : await RunFolder.open(header, options);
  if (earlier) showNotices(earlier, header);
  const dataset = await showLoading(options, mode === "tables", signal);
  const clientNames = dataset.clients.map(({ name }) => name);
  checkClientFiles(clientNames, methodOf(method).roles);
  const config = {
    ...pickSettings(options),
    ...{ method, network, dataset, initialState, methodSettings: ownSettings(method, options) },
  };
  const { checkpointEvery: stateEvery, profile } = options;
  const prepared: PreparedRun = {
    ...{
      config,
      control: { stateEvery, profile },
      header,
      folder,
      folderOptions: options,
      earlier,
    },
    advice: `; to go on: train --resume ${header.folder}`,
  };
  let console: ConsoleReport | null = null;
  const consumers: RunConsumers = {
    create: (header) => {
      console = new ConsoleReport(header, mode);
      return live ? [console, live.follow(header)] : [console];
    },
    clear: () => console?.[Symbol.dispose](),
  };
  try {
    await trainToEnd(gpu, prepared, consumers, signal);
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    throw new DivergenceError(`${error.message}; ${remedyOf(options, header.folder)}`);
  } finally {
    consumers.clear();
  }
}

/** Resumed as it is, a run that has diverged would do so again. */
function remedyOf({ onNan, learningRate }: TrainOptions, folder: string): string {
  const anew = `start another run with --lr below ${learningRate}`;
  return onNan === "skip-client"
    ? anew
    : `${anew}, or drop that client's round: train --resume ${folder} --on-nan skip-client`;
}

function folderName(options: TrainOptions): string {
  return runFolderName(
    { ...options, theme: options.theme ?? methodLabel(options.method) },
    systemClock.date(),
  );
}

function consoleMode({ json, quiet }: TrainOptions): ConsoleMode {
  if (json && quiet) {
    throw new UsageError("Cannot use --json with --quiet: choose what standard output is for");
  }
  return json ? "json" : quiet ? "summary" : "tables";
}
