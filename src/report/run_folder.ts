// A run's folder: settings, log, metrics, checkpoints and curves, written as the events come.

import { join } from "@std/path";
import type {
  AggregationEvent,
  CheckpointEvent,
  DoneEvent,
  EpochEvent,
  RunEvent,
  SimulationEvent,
} from "../federated/events.ts";
import type { Metrics } from "../metrics/classification.ts";
import { appendJsonLine, createNewFolder, expectNewFolder, writeFileAtomic } from "../io/files.ts";
import { writeSafetensors } from "../io/safetensors.ts";
import { curveMetrics, curvesSvg } from "./curves.ts";
import { checkpointFile, curveFileName, infoDictFile, overallFileName } from "./file_names.ts";
import { InfoDict } from "./info_dict.ts";
import { MetricsCsv } from "./metrics_csv.ts";
import { metricsRow } from "./metrics_rows.ts";
import { loadPngRenderer } from "./png.ts";
import { runConfig } from "./run_config.ts";
import type { EventConsumer, RunHeader } from "./run_header.ts";
import { plainStyle } from "./style.ts";
import { TextReport } from "./text_report.ts";

/** Which files a run folder has besides those that all have. */
export interface RunFolderOptions {
  /** event files for TensorBoard, in `tensorboard/` */
  readonly tensorboard?: boolean;
}

/** PNG pixels per SVG unit: 1440 × 810. */
const curveScale = 1.5;

/** Writes everything that stays of a run. The folder is made with the first event. */
export class RunFolder implements EventConsumer {
  readonly #header: RunHeader;
  readonly #log: TextReport;
  /** what is written by others, told after this folder is made */
  readonly #files: readonly EventConsumer[];
  #started = 0;
  readonly #history: (EpochEvent | AggregationEvent)[] = [];
  #run: RunEvent | null = null;
  /** name of the file that tells the best round's result, replaced with every better one */
  #bestOverall: string | null = null;

  private constructor(header: RunHeader, files: readonly EventConsumer[]) {
    this.#header = header;
    this.#log = new TextReport(header, plainStyle);
    this.#files = files;
  }

  /**
   * Prepares the folder `header.folder` without writing anything, so that what cannot work fails
   * before the training.
   *
   * @throws {Deno.errors.AlreadyExists} if something is there already
   * @throws {Deno.errors.NotADirectory} if something above it is a file
   */
  static async open(header: RunHeader, options: RunFolderOptions = {}): Promise<RunFolder> {
    await expectNewFolder(header.folder);
    await loadPngRenderer();
    const files: EventConsumer[] = [
      new MetricsCsv(join(header.folder, "metrics.csv")),
      new InfoDict(join(header.folder, infoDictFile)),
    ];
    if (options.tensorboard) {
      const { TensorBoardLog } = await import("./tensorboard_log.ts"); // with its two libraries
      files.push(new TensorBoardLog(join(header.folder, "tensorboard")));
    }
    return new RunFolder(header, files);
  }

  /** Writes what the event adds. Errors of the file system are passed on. */
  async consume(event: SimulationEvent): Promise<void> {
    if (event.type === "run") await this.#create(event);
    await this.#appendLog(event);
    await this.#appendRow(event);
    for (const file of this.#files) await file.consume(event);
    switch (event.type) {
      case "epoch":
        this.#history.push(event);
        break;
      case "aggregation":
        this.#history.push(event);
        await this.#drawCurves();
        if (event.selected) await this.#nameBestRound(event);
        break;
      case "checkpoint":
        await this.#writeCheckpoint(event);
        break;
      case "done":
        await this.#nameLastRound(event);
        await this.#writeConfig({ state: "done" });
        break;
      case "interrupted": {
        const { type: state, ...place } = event;
        await this.#writeConfig({ state, ...place });
        if (this.#history.length > 0) await this.#drawCurves();
        break;
      }
    }
  }

  async #create(run: RunEvent): Promise<void> {
    this.#run = run;
    this.#started = performance.now();
    await createNewFolder(this.#header.folder);
    await this.#writeConfig({ state: "running" });
  }

  /** @param status how the run is going: one that was killed says "running" for ever */
  async #writeConfig(status: Readonly<Record<string, unknown>>): Promise<void> {
    const config = { status, ...runConfig(this.#header) };
    await writeFileAtomic(this.#path("config.json"), `${JSON.stringify(config, null, 2)}\n`);
  }

  async #appendLog(event: SimulationEvent): Promise<void> {
    const text = this.#log.render(event, this.#elapsed());
    if (text !== "") await Deno.writeTextFile(this.#path("log.txt"), text, { append: true });
  }

  async #appendRow(event: SimulationEvent): Promise<void> {
    const time = { at: new Date().toISOString(), elapsed: this.#elapsed() / 1000 };
    const row = metricsRow(event, time);
    if (row !== null) await appendJsonLine(this.#path("metrics.jsonl"), row);
  }

  async #drawCurves(): Promise<void> {
    const renderer = await loadPngRenderer();
    for (const metric of curveMetrics) {
      const svg = curvesSvg(this.#run!, this.#history, metric);
      await writeFileAtomic(this.#path(curveFileName(metric, "svg")), svg);
      const png = renderer.render(svg, curveScale);
      await writeFileAtomic(this.#path(curveFileName(metric, "png")), png);
    }
  }

  async #writeCheckpoint(event: CheckpointEvent): Promise<void> {
    const path = this.#path(checkpointFile(event));
    await Deno.mkdir(this.#path(event.reason), { recursive: true });
    await writeFileAtomic(path, writeSafetensors(event.tensors, this.#checkpointMetadata(event)));
  }

  /** Strings only, as the format has it, with what determined the numbers: equal runs give equal files. */
  #checkpointMetadata(event: CheckpointEvent): Record<string, string> {
    const { reason, round, client, role, test } = event;
    const settings = this.#header.settings
      .filter(({ decisive }) => decisive)
      .map(({ name, value }) => [name, String(value)]);
    return {
      format: "pt", // what Python's safetensors asks for before it loads into PyTorch
      ...Object.fromEntries(settings),
      reason,
      round: String(round),
      client,
      role,
      ...metricStrings(test),
      classes: this.#run!.classNames.join(","),
    };
  }

  async #nameBestRound(event: AggregationEvent): Promise<void> {
    if (this.#bestOverall !== null) await Deno.remove(this.#path(this.#bestOverall));
    this.#bestOverall = overallFileName("valid", this.#personal(event.test), event.round);
    await writeFileAtomic(this.#path(this.#bestOverall), "");
  }

  async #nameLastRound(event: DoneEvent): Promise<void> {
    const name = overallFileName("end", this.#personal(event.test), event.rounds - 1);
    await writeFileAtomic(this.#path(name), "");
  }

  #personal(byRole: Readonly<Record<string, Metrics>>): Metrics {
    return byRole[this.#run!.roles[0]];
  }

  #path(name: string): string {
    return join(this.#header.folder, name);
  }

  /** Milliseconds. */
  #elapsed(): number {
    return performance.now() - this.#started;
  }
}

function metricStrings({ f1, auc, accuracy, loss }: Metrics): Record<string, string> {
  return { f1: String(f1), auc: String(auc), accuracy: String(accuracy), loss: String(loss) };
}
