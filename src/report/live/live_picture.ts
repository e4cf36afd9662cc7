// What the page of runs under way shows of them now: the sections of their report, as HTML and data of charts.

import type { Figure } from "../figures/figure.ts";
import { figureHtml, tableHtml } from "../page/figure_html.ts";
import { contentOf, reportFigures } from "../page/report.ts";
import { labelled } from "../reading/method_runs.ts";
import type { RecordedRun } from "../reading/recorded_run.ts";

/** One section of the page. */
interface Section {
  readonly html: string;
  /** what is drawn into it; null where it has tables alone, or nothing yet */
  readonly figure: Figure | null;
  /** whatever needs other elements if it changes; otherwise new numbers suffice */
  readonly frame: string;
}

/** The whole page. */
export interface LivePicture {
  readonly title: string;
  readonly lead: string;
  readonly sections: readonly Section[];
}

/** Draws runs as they stand; at least one. */
export function livePicture(runs: readonly RecordedRun[]): LivePicture {
  const { title, lead, results, figures } = contentOf(
    labelled(runs),
    reportFigures(labelled(runs)),
  );
  const tables = results.map((table) => tableHtml(table)).join("\n");
  const resultSection: Section = {
    html: `<section id="results"><h2>Results so far</h2>\n${tables}\n</section>`,
    figure: null,
    frame: JSON.stringify(results.map(({ caption, head, rows }) => [caption, head, rows.length])),
  };
  return {
    ...{ title, lead },
    sections: [
      ...results.length === 0 ? [] : [resultSection],
      ...figures.map(({ figure, tables }): Section => {
        const { missing, switches, caption, variants } = figure;
        const panels = variants[0]?.panels.length ?? 0;
        const rows = tables.map(({ rows }) => rows.length);
        return {
          html: figureHtml(figure, tables),
          figure: missing === null ? figure : null,
          frame: JSON.stringify([missing, switches, panels, rows, caption]),
        };
      }),
    ],
  };
}
