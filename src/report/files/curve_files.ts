// The learning curves of a run, drawn anew after every communication.

import type { SimulationEvent } from "../../federated/events.ts";
import { curveFileName } from "./file_names.ts";
import { clientCurves, curvesCaption, curvesTitle } from "../figures/client_curves.ts";
import { type PictureFormats, writePicture } from "../page/report.ts";
import type { RunContext, RunFile } from "./run_file.ts";

/** The metrics whose curves are drawn. */
const metrics = ["f1", "auc"] as const;

export class CurveFiles implements RunFile {
  constructor(private readonly context: RunContext) {}

  async consume({ type }: SimulationEvent): Promise<void> {
    if (type === "aggregation") await this.#draw("svg"); // training waits; the other format takes ten times as long
    const isEnd = type === "done" || type === "interrupted" && this.context.rows.length > 0;
    if (isEnd) await this.#draw("svg and png");
  }

  resume(): void {}

  async #draw(formats: PictureFormats): Promise<void> {
    const { run, rows } = this.context;
    const history = { run, rows };
    for (const metric of metrics) {
      const choice = { split: "test", role: run.personalRole, metric } as const;
      const picture = { title: curvesTitle(choice), panels: [clientCurves(history, choice)] };
      const caption = curvesCaption([history]);
      await writePicture(picture, caption, this.context.path(curveFileName(metric)), formats);
    }
  }
}
