// The commands `train` and `demo`: from flags to a finished run folder.

import { join } from "@std/path";
import type { SimulationConfig } from "../federated/config.ts";
import type { SimulationEvent } from "../federated/events.ts";
import { simulate } from "../federated/simulation.ts";
import { freePath } from "../io/files.ts";
import { readSafetensors } from "../io/safetensors.ts";
import { type ConsoleMode, ConsoleReport } from "../report/console.ts";
import { runFolderName } from "../report/file_names.ts";
import { interruptionText, Whereabouts } from "../report/interruption.ts";
import { RunFolder } from "../report/run_folder.ts";
import type { EventConsumer, RunHeader } from "../report/run_header.ts";
import { openGpu } from "../tensor/gpu.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import { trainFlags, type TrainOptions } from "./flags.ts";
import { Interruption } from "./interruption.ts";
import { checkDataFlags, showLoading } from "./load_dataset.ts";
import { resolveOptions } from "./options.ts";
import { UsageError } from "./usage_error.ts";
import { versions } from "./version.ts";

/**
 * Trains, showing and storing what happens. Whatever can be wrong with the flags, the adapter or the
 * data is found before the run's folder is made.
 *
 * @param preset defaults that differ from those of `train`
 * @param signal ends the run at the next event
 * @throws {Interruption} if the signal ended it
 * @throws {UsageError | DataError | GpuError} saying what is wrong and what to do
 */
export async function train(
  args: readonly string[],
  preset: Partial<TrainOptions>,
  signal: AbortSignal,
): Promise<void> {
  const { options, settings } = resolveOptions(args, trainFlags, preset);
  const mode = consoleMode(options);
  checkDataFlags(options);
  const initialState = await readInitialState(options.init);

  const gpu = await openGpu({ adapter: options.adapter });
  const header: RunHeader = {
    command: Deno.args,
    settings,
    adapter: `${gpu.adapter.name} (${gpu.adapter.kind})`,
    versions,
    folder: await freePath(join(options.savePath, runFolderName(options, new Date()))),
  };
  const folder = await RunFolder.open(header, options);
  const dataset = await showLoading(options, mode === "tables", signal);
  const config: SimulationConfig = { ...options, dataset, initialState };

  using console = new ConsoleReport(header, mode);
  await follow(simulate(gpu, config), [folder, console], header, signal);
}

/** Tells the consumers every event, and where the run was if the signal or an error ends it. */
async function follow(
  events: AsyncIterable<SimulationEvent>,
  consumers: readonly EventConsumer[],
  header: RunHeader,
  signal: AbortSignal,
): Promise<void> {
  const tell = async (event: SimulationEvent) => {
    for (const consumer of consumers) await consumer.consume(event);
  };
  const whereabouts = new Whereabouts();
  try {
    for await (const event of events) {
      signal.throwIfAborted();
      await tell(event);
      whereabouts.update(event);
    }
  } catch (error) {
    const { run } = whereabouts;
    if (run === null) throw error; // nothing is written yet
    const end = whereabouts.interrupted(signal.aborted ? signal.reason : (error as Error).message);
    await tell(end).catch(() => {}); // the first error is the one to report
    throw signal.aborted ? new Interruption(interruptionText(end, run, header)) : error;
  }
}

function consoleMode({ json, quiet }: TrainOptions): ConsoleMode {
  if (json && quiet) {
    throw new UsageError("Cannot use --json with --quiet: choose what standard output is for");
  }
  return json ? "json" : quiet ? "summary" : "tables";
}

async function readInitialState(
  path: string | null,
): Promise<ReadonlyMap<string, HostTensor> | null> {
  if (path === null) return null;
  try {
    return readSafetensors(await Deno.readFile(path)).tensors;
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "the file does not exist"
      : (error as Error).message;
    throw new UsageError(
      `Cannot use ${path} for --init: ${reason}; expected a safetensors file with the weights`,
    );
  }
}
