// A run's folder: makes it, or goes on with it, and hands every event to the files in it.

import { type Clock, systemClock } from "../../clock.ts";
import type { RunEvent, SimulationEvent } from "../../federated/events.ts";
import type { SimulationState } from "../../federated/recovery/state.ts";
import { expectNewOrEmptyFolder, removeTemporaryFiles } from "../../io/files.ts";
import { loadChartLibrary } from "../page/chart_library.ts";
import { ConfigFile } from "./config_file.ts";
import { CurveFiles } from "./curve_files.ts";
import type { EarlierRun } from "../reading/earlier_run.ts";
import type { EarlierEvent } from "../reading/recorded_rows.ts";
import { infoDictFile } from "./file_names.ts";
import { InfoDict } from "./info_dict.ts";
import { LogFile } from "./log_file.ts";
import { MetricsCsv } from "./metrics_csv.ts";
import { MetricsFile } from "./metrics_file.ts";
import { OverallFiles } from "./overall_files.ts";
import { PageFile } from "./page_file.ts";
import { loadPngRenderer } from "../page/png.ts";
import { ProfileFiles } from "./profile_files.ts";
import { RunContext, type RunFile } from "./run_file.ts";
import { RunFolderError } from "../run_folder_error.ts";
import type { EventConsumer, RunHeader } from "../run_header.ts";
import { resumeFolder, StateFiles } from "./state_files.ts";
import { TensorFiles } from "./tensor_files.ts";

/** Which files a run folder has besides those that all have. */
export interface RunFolderOptions {
  /** event files for TensorBoard, in `tensorboard/` */
  readonly tensorboard?: boolean;
  /** curves, the page and tables made from the rows; default true. The command report makes them later too */
  readonly pictures?: boolean;
  /** default: the machine's */
  readonly clock?: Clock;
}

/** Writes everything that stays of a run. The folder is made, or gone on with, at the first event. */
export class RunFolder implements EventConsumer {
  /** where states are stored; null before the first one of a new run */
  #states: StateFiles | null;

  private constructor(
    private readonly context: RunContext,
    /** told in this order */
    private readonly files: readonly RunFile[],
    private readonly config: ConfigFile,
    /** what to go on from; null in a new folder */
    private readonly earlier: EarlierRun | null,
  ) {
    this.#states = earlier?.states ?? null;
  }

  /**
   * Prepares the folder `header.folder` without writing anything, so that what cannot work fails
   * before the training.
   *
   * @throws {Deno.errors.AlreadyExists} if something is there already
   * @throws {Deno.errors.NotADirectory} if something above it is a file
   */
  static async open(header: RunHeader, options: RunFolderOptions = {}): Promise<RunFolder> {
    await expectNewOrEmptyFolder(header.folder);
    return await RunFolder.#prepare(header, options, null);
  }

  /**
   * Prepares to go on in the folder `header.folder`, as yet without changing anything. Its next event has to be
   * told by `resume()`.
   */
  static async reopen(
    header: RunHeader,
    earlier: EarlierRun,
    options: RunFolderOptions = {},
  ): Promise<RunFolder> {
    return await RunFolder.#prepare(header, options, earlier);
  }

  static async #prepare(
    header: RunHeader,
    { tensorboard = false, pictures = true, clock = systemClock }: RunFolderOptions,
    earlier: EarlierRun | null,
  ): Promise<RunFolder> {
    if (pictures) await Promise.all([loadPngRenderer(), loadChartLibrary()]);
    const context = new RunContext(header, clock);
    const files: RunFile[] = [
      new LogFile(context),
      new MetricsFile(context),
      new ProfileFiles(header.folder),
      new TensorFiles(context),
    ];
    if (pictures) {
      files.push(
        new MetricsCsv(context.path("metrics.csv")),
        new InfoDict(context.path(infoDictFile)),
        new CurveFiles(context),
        new OverallFiles(context),
      );
    }
    if (tensorboard) {
      const { TensorBoardLog } = await import("./tensorboard_log.ts"); // with its two libraries
      files.push(new TensorBoardLog(context.path("tensorboard"), clock));
    }
    if (pictures) files.push(new PageFile(context)); // last: it shows the others
    const config = new ConfigFile(context, earlier?.config ?? null);
    return new RunFolder(context, [...files, config], config, earlier);
  }

  /** Whether anything was written. */
  get isBegun(): boolean {
    return this.context.isBegun;
  }

  /**
   * Makes the folder what it was when the state was stored, and writes on from there.
   *
   * @throws {RunFolderError} if the file system refuses
   */
  async resume(run: RunEvent, events: readonly EarlierEvent[]): Promise<void> {
    await this.#refused(async () => {
      await this.#goBack(run);
      this.context.rows.push(...events.filter((row) => row.type !== "round"));
      for (const file of this.files) await file.resume(run, events);
    });
  }

  /**
   * Writes what the event adds.
   *
   * @throws {RunFolderError} if the file system refuses; the state stored last is there still
   * @throws {Deno.errors.AlreadyExists} if somebody else has made the folder meanwhile
   */
  async consume(event: SimulationEvent): Promise<void> {
    if (event.type === "run") await this.#create(event);
    try {
      await this.#refused(() => this.#write(event));
    } finally {
      if (event.type === "interrupted") await this.#refused(() => this.#closeStates());
    }
  }

  async #create(run: RunEvent): Promise<void> {
    const { folder } = this.context.header;
    this.context.begin(run);
    await expectNewOrEmptyFolder(folder);
    await Deno.mkdir(folder, { recursive: true });
    await this.config.begin();
  }

  async #write(event: SimulationEvent): Promise<void> {
    switch (event.type) {
      case "evaluation":
      case "divergence":
      case "epoch":
      case "aggregation":
        this.context.rows.push(event);
    }
    for (const file of this.files) await file.consume(event);
    if (event.type === "state") await this.#storeState(event.state);
    if (event.type === "done") await this.#states?.remove();
  }

  /** Cuts files that grow to what they were, and removes what was being written. */
  async #goBack(run: RunEvent): Promise<void> {
    const { lengths, elapsed } = this.earlier!.stored;
    this.context.begin(run, elapsed);
    await this.#states!.discardNewer();
    for (const [path, length] of Object.entries(lengths)) {
      await Deno.truncate(this.context.path(path), length);
    }
    for (const folder of ["", "best", "final", resumeFolder]) {
      await removeTemporaryFiles(this.context.path(folder));
    }
  }

  async #storeState(state: SimulationState): Promise<void> {
    const lengths: Record<string, number> = {};
    for (const file of this.files) {
      for (const path of await file.growing?.() ?? []) {
        lengths[path] = (await Deno.stat(this.context.path(path))).size;
      }
    }
    const { elapsed, header: { folder } } = this.context;
    this.#states ??= await StateFiles.create(folder);
    await this.#states.store({ state, elapsed, lengths });
  }

  /** Waits until the last state is stored: the run may go on from it at once. */
  async #closeStates(): Promise<void> {
    const states = this.#states;
    if (states === null) return;
    try {
      await states.settled();
    } finally {
      states[Symbol.dispose]();
    }
  }

  /** Says of errors of the file system what to do. */
  async #refused(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      const isOfSystem = error instanceof Error && "code" in error; // such as ENOSPC or EROFS
      if (!isOfSystem) throw error;
      throw new RunFolderError(
        `Cannot write to ${this.context.header.folder}: ${error.message}; put that right, then --resume goes on ` +
          "from the last state that was stored",
      );
    }
  }
}
