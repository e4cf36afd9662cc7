// One run to its end, also where the GPU fails on the way: then it goes on from its last state.

import { parallelClients } from "../federated/clients/capacity.ts";
import type { SimulationConfig } from "../federated/config.ts";
import type { RunControl } from "../federated/control.ts";
import { setupOf } from "../federated/clients/setup.ts";
import { simulate } from "../federated/simulation.ts";
import { whyNotResumable } from "../federated/recovery/state.ts";
import { GpuError } from "../gpu/errors.ts";
import { type EarlierRun, readEarlierRun } from "../report/reading/earlier_run.ts";
import { counted } from "../report/format.ts";
import { RunFolder, type RunFolderOptions } from "../report/files/run_folder.ts";
import { RunFolderError } from "../report/run_folder_error.ts";
import type { EventConsumer, RunHeader } from "../report/run_header.ts";
import { follow } from "./follow.ts";
import type { RenewableGpu } from "./renewable_gpu.ts";
import { showNotices } from "./resume.ts";

/** A run that is about to begin, or to go on. */
export interface PreparedRun {
  readonly config: SimulationConfig;
  readonly control: Pick<RunControl, "stateEvery" | "profile">;
  readonly header: RunHeader;
  readonly folder: RunFolder;
  readonly folderOptions: RunFolderOptions;
  /** what it goes on from; null for a new run */
  readonly earlier: EarlierRun | null;
  /** what to do after the signal, for the message */
  readonly advice: string;
}

/** Consumers of a run's events besides its folder. */
export interface RunConsumers {
  /** called before the run, and before it goes on after a failure: consumers that have been told nothing yet */
  create(header: RunHeader): readonly EventConsumer[];
  /** nothing is in the way of a line on standard error after this */
  clear(): void;
}

/** What is to be done after a failure. */
interface Remedy {
  readonly config: SimulationConfig;
  /** what has happened, and what is otherwise now; as in "…; the run goes on" */
  readonly because: string;
}

/**
 * Trains. A device that was lost is opened anew, once; where memory does not suffice, half as many clients are
 * simulated at a time. The numbers are those of a run that was not disturbed.
 *
 * @throws {GpuError} if the device is lost again, or a single client does not fit
 * @throws as `follow()` and `simulate()`
 */
export async function trainToEnd(
  gpu: RenewableGpu,
  run: PreparedRun,
  consumers: RunConsumers,
  signal: AbortSignal,
): Promise<void> {
  const { folderOptions, advice } = run;
  let { header, folder, earlier } = run;
  let { config } = run;
  for (let hasRestarted = false;;) {
    const all = [folder, ...consumers.create(header)];
    const events = earlier?.events ?? null;
    try {
      return await follow(
        simulate(gpu.current, config, {
          ...run.control,
          stop: signal,
          resumeFrom: earlier?.stored.state,
        }),
        all,
        header,
        signal,
        { advice, earlier: events },
      );
    } catch (error) {
      if (signal.aborted || !(error instanceof GpuError)) throw error;
      const remedy = remedyFor(error, gpu, config, earlier, hasRestarted);
      if (remedy === null) throw error;
      hasRestarted ||= error.kind === "device-lost";
      config = remedy.config;
      await renewed(gpu, error);
      header = { ...header, adapter: gpu.adapter, resumedBecause: remedy.because };
      consumers.clear();
      const isNew = earlier === null && !folder.isBegun;
      const what = isNew ? "begins anew" : "goes on from its last state";
      console.error(`note: ${remedy.because}; the run ${what}`);
      if (!folder.isBegun) continue; // nothing is written yet
      earlier = await lastState(header, config, error);
      header = { ...header, elapsedBefore: earlier.stored.elapsed };
      folder = await RunFolder.reopen(header, earlier, folderOptions);
      showNotices(earlier, header);
    }
  }
}

/** Null where nothing helps that can be done here. */
function remedyFor(
  error: GpuError,
  gpu: RenewableGpu,
  config: SimulationConfig,
  earlier: EarlierRun | null,
  hasRestarted: boolean,
): Remedy | null {
  if (error.kind === "device-lost") {
    if (!hasRestarted) return { config, because: `the GPU has failed (${error.message.trim()})` };
    throw new GpuError(
      error.kind,
      `${error.message.trim()}, again after a restart; look at the driver and what else uses the GPU, or choose ` +
        "another one (--adapter); --resume goes on from the last state",
    );
  }
  if (error.kind !== "out-of-memory") return null;
  const position = earlier?.stored.state.position;
  const before = position?.at === "step" ? position.parallelClients : null;
  const clients = parallelClients(setupOf(gpu.current, config), before);
  if (clients > 1) {
    const half = Math.floor(clients / 2);
    return {
      config: { ...config, parallelClients: half },
      because: `the GPU's memory does not suffice for ${clients} clients at a time, ` +
        `now it is ${half}`,
    };
  }
  const { batchSize, width, dataset: { imageSize, clients: all } } = config;
  throw new GpuError(
    error.kind,
    `The GPU's memory does not suffice for a single client at batch size ${batchSize}, ${imageSize} pixels and ` +
      `width ${width} with the images of ${
        counted(all.length, "client")
      }; make one of them smaller ` +
      `(${error.message.trim()})`,
  );
}

/** @throws {GpuError} with both causes, if no device can be opened any more */
async function renewed(gpu: RenewableGpu, error: GpuError): Promise<void> {
  try {
    await gpu.renew();
  } catch (second) {
    if (!(second instanceof GpuError)) throw second;
    throw new GpuError(error.kind, `${error.message.trim()}; then: ${second.message}`);
  }
}

/** @throws {GpuError} the first cause, if no state was stored by then */
async function lastState(
  { folder }: RunHeader,
  config: SimulationConfig,
  error: GpuError,
): Promise<EarlierRun> {
  try {
    return await readEarlierRun(folder, (state) => whyNotResumable(state, config));
  } catch (second) {
    if (!(second instanceof RunFolderError)) throw second;
    throw new GpuError(error.kind, `${error.message.trim()}; then: ${second.message}`);
  }
}
