// A run's folder: settings, log, metrics, checkpoints, curves and report, written as the events come.

import { join } from "@std/path";
import { type Clock, systemClock } from "../clock.ts";
import type {
  AggregationEvent,
  DoneEvent,
  RunEvent,
  SimulationEvent,
} from "../federated/events.ts";
import type { SimulationState } from "../federated/recovery/state.ts";
import type { Metrics } from "../metrics/classification.ts";
import { retrogress } from "../metrics/retrogress.ts";
import {
  appendJsonLine,
  expectNewOrEmptyFolder,
  removeTemporaryFiles,
  writeFileAtomic,
} from "../io/files.ts";
import { loadChartLibrary } from "./chart_library.ts";
import { writeCheckpoint } from "./checkpoint_file.ts";
import type { EarlierEvent, EarlierRun } from "./earlier_run.ts";
import { clientCurves, curvesCaption, curvesTitle } from "./figures/client_curves.ts";
import {
  curveFileName,
  infoDictFile,
  isOverallFileName,
  overallFileName,
  predictionsFile,
  spectraFile,
} from "./file_names.ts";
import { InfoDict } from "./info_dict.ts";
import { labelled } from "./labelled_runs.ts";
import { MetricsCsv } from "./metrics_csv.ts";
import { metricsRow, type RowTime } from "./metrics_rows.ts";
import { drawn } from "./drawing.ts";
import { loadPngRenderer } from "./png.ts";
import { writePredictions } from "./predictions.ts";
import { ProfileFiles } from "./profile_files.ts";
import type { RecordedRow } from "./recorded_rows.ts";
import { metricsFile, readRun, retrogressEvents } from "./recorded_run.ts";
import {
  type PictureFormats,
  reportFigures,
  writePage,
  writePicture,
  writePictures,
} from "./report.ts";
import { type RunConfig, runConfig } from "./run_config.ts";
import { RunFolderError } from "./run_folder_error.ts";
import { resumeFolder, StateFiles } from "./state_files.ts";
import type { EventConsumer, RunHeader } from "./run_header.ts";
import { writeSpectra } from "./spectra_file.ts";
import { plainStyle } from "./style.ts";
import { TextReport } from "./text_report.ts";

/** The metrics whose curves are drawn after every communication. */
const curveMetrics = ["f1", "auc"] as const;

/** Which files a run folder has besides those that all have. */
export interface RunFolderOptions {
  /** event files for TensorBoard, in `tensorboard/` */
  readonly tensorboard?: boolean;
  /** default: the machine's */
  readonly clock?: Clock;
}

const logFile = "log.txt";
const csvFile = "metrics.csv";
const tensorboardFolder = "tensorboard";

/** Writes everything that stays of a run. The folder is made, or gone on with, at the first event. */
export class RunFolder implements EventConsumer {
  readonly #header: RunHeader;
  readonly #log: TextReport;
  /** what is written by others, told after this folder is made */
  readonly #files: readonly EventConsumer[];
  readonly #tensorboard: boolean;
  readonly #clock: Clock;
  #started = 0;
  readonly #history: RecordedRow[] = [];
  #run: RunEvent | null = null;
  /** name of the file that tells the best round's result, replaced with every better one */
  #bestOverall: string | null = null;
  /** what to go on from; null in a new folder */
  readonly #earlier: EarlierRun | null;
  /** where states are stored; null before the first one of a new run */
  #states: StateFiles | null;

  private constructor(
    header: RunHeader,
    files: readonly EventConsumer[],
    { tensorboard = false, clock = systemClock }: RunFolderOptions,
    earlier: EarlierRun | null,
  ) {
    this.#header = header;
    this.#log = new TextReport(header, plainStyle);
    this.#files = files;
    this.#tensorboard = tensorboard;
    this.#clock = clock;
    this.#earlier = earlier;
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
    options: RunFolderOptions,
    earlier: EarlierRun | null,
  ): Promise<RunFolder> {
    await Promise.all([loadPngRenderer(), loadChartLibrary()]);
    const files: EventConsumer[] = [
      new MetricsCsv(join(header.folder, csvFile)),
      new InfoDict(join(header.folder, infoDictFile)),
      new ProfileFiles(header.folder),
    ];
    if (options.tensorboard) {
      const { TensorBoardLog } = await import("./tensorboard_log.ts"); // with its two libraries
      files.push(new TensorBoardLog(join(header.folder, tensorboardFolder), options.clock));
    }
    return new RunFolder(header, files, options, earlier);
  }

  /** Whether anything was written. */
  get isBegun(): boolean {
    return this.#run !== null;
  }

  /**
   * Makes the folder what it was when the state was stored, and writes on from there.
   *
   * @throws {RunFolderError} if the file system refuses
   */
  async resume(run: RunEvent, events: readonly EarlierEvent[]): Promise<void> {
    await this.#refused(() => this.#resume(run, events));
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

  /** Says of errors of the file system what to do. */
  async #refused(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      const isOfSystem = error instanceof Error && "code" in error; // such as ENOSPC or EROFS
      if (!isOfSystem) throw error;
      throw new RunFolderError(
        `Cannot write to ${this.#header.folder}: ${error.message}; put that right, then --resume goes on ` +
          "from the last state that was stored",
      );
    }
  }

  async #resume(run: RunEvent, events: readonly EarlierEvent[]): Promise<void> {
    const { lengths, elapsed } = this.#earlier!.stored;
    this.#run = run;
    this.#started = this.#clock.now() - elapsed;
    await this.#states!.discardNewer();
    for (const [path, length] of Object.entries(lengths)) {
      await Deno.truncate(this.#path(path), length);
    }
    for (const folder of ["", "best", "final", resumeFolder]) {
      await removeTemporaryFiles(this.#path(folder));
    }
    this.#history.push(...events.filter((row) => row.type !== "round"));
    const best = events.findLast((event) => event.type === "aggregation" && event.selected);
    await this.#removeOverallNames();
    if (best?.type === "aggregation") await this.#nameBestRound(best);
    await this.#writeConfig({ state: "running" });
    this.#log.render(run, 0); // written already
    await this.#writeLog(this.#log.resume(run, events));
    for (const file of this.#files) await file.resume(run, events);
  }

  async #write(event: SimulationEvent): Promise<void> {
    await this.#appendLog(event);
    if (event.type === "done") await this.#appendRetrogress();
    await this.#appendRow(event);
    for (const file of this.#files) await file.consume(event);
    switch (event.type) {
      case "evaluation":
      case "divergence":
      case "epoch":
        this.#history.push(event);
        break;
      case "aggregation":
        this.#history.push(event);
        await this.#drawCurves("svg"); // training waits; the other format takes ten times as long
        if (event.selected) await this.#nameBestRound(event);
        break;
      case "spectra":
        await writeSpectra(this.#path(spectraFile), event);
        break;
      case "predictions":
        await writePredictions(this.#path(predictionsFile), event);
        break;
      case "checkpoint":
        await writeCheckpoint(this.#header, this.#run!, event);
        break;
      case "state":
        await this.#storeState(event.state);
        break;
      case "done":
        await this.#nameLastRound(event);
        await this.#drawCurves("svg and png");
        await drawn("the report", () => this.#report());
        await this.#writeConfig({ state: "done" }); // last: until then it can be resumed
        await this.#states?.remove();
        break;
      case "interrupted": {
        const { type: state, ...place } = event;
        await this.#writeConfig({ state, ...place });
        if (this.#history.length > 0) await this.#drawCurves("svg and png");
        break;
      }
    }
  }

  async #create(run: RunEvent): Promise<void> {
    this.#run = run;
    this.#started = this.#clock.now();
    await expectNewOrEmptyFolder(this.#header.folder);
    await Deno.mkdir(this.#header.folder, { recursive: true });
    await this.#writeConfig({ state: "running" });
  }

  /** What began the run stays, whoever goes on with it. */
  async #writeConfig(status: RunConfig["status"]): Promise<void> {
    const config = { ...this.#earlier?.config ?? runConfig(this.#header), status };
    await writeFileAtomic(this.#path("config.json"), `${JSON.stringify(config, null, 2)}\n`);
  }

  async #appendLog(event: SimulationEvent): Promise<void> {
    const text = this.#log.render(event, this.#elapsed());
    if (text !== "") await this.#writeLog(text);
  }

  async #writeLog(text: string): Promise<void> {
    await Deno.writeTextFile(this.#path(logFile), text, { append: true });
  }

  async #storeState(state: SimulationState): Promise<void> {
    const growing = [logFile, metricsFile, csvFile, ...await this.#tensorboardFiles()];
    const lengths: Record<string, number> = {};
    for (const path of growing) lengths[path] = (await Deno.stat(this.#path(path))).size;
    this.#states ??= await StateFiles.create(this.#header.folder);
    await this.#states.store({ state, elapsed: this.#elapsed(), lengths });
  }

  async #tensorboardFiles(): Promise<string[]> {
    if (!this.#tensorboard) return [];
    return (await Array.fromAsync(Deno.readDir(this.#path(tensorboardFolder))))
      .map(({ name }) => `${tensorboardFolder}/${name}`);
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

  /** A row for each role: what every communication cost each client, and the mean over clients. */
  async #appendRetrogress(): Promise<void> {
    const events = retrogressEvents({ run: this.#run!, rows: this.#history });
    for (const role of this.#run!.roles) {
      const row = { type: "retrogress", ...retrogress(events, { role }), time: this.#time() };
      await appendJsonLine(this.#path(metricsFile), row);
    }
  }

  async #appendRow(event: SimulationEvent): Promise<void> {
    const row = metricsRow(event, this.#time());
    if (row !== null) await appendJsonLine(this.#path(metricsFile), row);
  }

  #time(): RowTime {
    return { at: this.#clock.date().toISOString(), elapsed: this.#elapsed() / 1000 };
  }

  async #drawCurves(formats: PictureFormats): Promise<void> {
    const history = { run: this.#run!, rows: this.#history };
    for (const metric of curveMetrics) {
      const choice = { split: "test", role: history.run.personalRole, metric } as const;
      const panels = [clientCurves(history, choice)];
      const picture = { title: curvesTitle(choice), panels };
      const caption = curvesCaption([history]);
      await writePicture(picture, caption, this.#path(curveFileName(metric)), formats);
    }
  }

  /** From the files, as the command `report` would. */
  async #report(): Promise<void> {
    const runs = labelled([await readRun(this.#header.folder)]);
    const figures = reportFigures(runs);
    await writePage(runs, figures, this.#path("report.html"));
    const known = "curves"; // drawn already
    await writePictures(figures.filter(({ id }) => id !== known), this.#header.folder);
  }

  async #nameBestRound(event: AggregationEvent): Promise<void> {
    if (this.#bestOverall !== null) await Deno.remove(this.#path(this.#bestOverall));
    this.#bestOverall = overallFileName("valid", this.#personal(event.test), event.round);
    await writeFileAtomic(this.#path(this.#bestOverall), "");
  }

  /** Which they were at the time of a state, the events tell. */
  async #removeOverallNames(): Promise<void> {
    for await (const { name } of Deno.readDir(this.#header.folder)) {
      if (isOverallFileName(name)) await Deno.remove(this.#path(name));
    }
  }

  async #nameLastRound(event: DoneEvent): Promise<void> {
    const name = overallFileName("end", this.#personal(event.test), event.rounds - 1);
    await writeFileAtomic(this.#path(name), "");
  }

  #personal(byRole: Readonly<Record<string, Metrics>>): Metrics {
    return byRole[this.#run!.personalRole];
  }

  #path(name: string): string {
    return join(this.#header.folder, name);
  }

  /** Milliseconds. */
  #elapsed(): number {
    return this.#clock.now() - this.#started;
  }
}
