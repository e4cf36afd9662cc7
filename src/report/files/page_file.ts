// report.html and its pictures: made at a run's end from the files, as the command `report` would.

import type { SimulationEvent } from "../../federated/events.ts";
import { drawn } from "../page/drawing.ts";
import { labelled } from "../reading/method_runs.ts";
import { readRun } from "../reading/recorded_run.ts";
import { reportFigures, writePage, writePictures } from "../page/report.ts";
import type { RunContext, RunFile } from "./run_file.ts";

export class PageFile implements RunFile {
  constructor(private readonly context: RunContext) {}

  async consume({ type }: SimulationEvent): Promise<void> {
    if (type === "done") await drawn("the report", () => this.#write());
  }

  resume(): void {}

  async #write(): Promise<void> {
    const { folder } = this.context.header;
    const runs = labelled([await readRun(folder)]);
    const figures = reportFigures(runs);
    await writePage(runs, figures, this.context.path("report.html"));
    const known = "curves"; // drawn already
    await writePictures(figures.filter(({ id }) => id !== known), folder);
  }
}
