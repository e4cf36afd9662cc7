// The report of one or several runs: its page, and its pictures as files.

import { join } from "@std/path";
import { writeFileAtomic } from "../io/files.ts";
import { loadChartLibrary } from "./chart_library.ts";
import { clientCurvesFigure } from "./figures/client_curves.ts";
import { confusionFigure } from "./figures/confusion_figure.ts";
import type { Figure } from "./figures/figure.ts";
import { retrogressFigure } from "./figures/retrogress_figure.ts";
import { rocFigure } from "./figures/roc_figure.ts";
import { spectraFigure } from "./figures/spectra_figure.ts";
import { stageTimeline } from "./figures/stage_timeline.ts";
import { counted, percent } from "./format.ts";
import { htmlPage, type ReportContent } from "./html_page.ts";
import { byMethod, type LabelledRun } from "./labelled_runs.ts";
import { pictureSvg } from "./picture.ts";
import { loadPngRenderer } from "./png.ts";
import { resultOf, resultTables, retrogressTable, runsTable, settingsTable } from "./tables.ts";

/** PNG pixels per SVG unit: pictures are 1440 wide. */
export const pictureScale = 1.5;

/** All figures, the one that matters first. */
export function reportFigures(runs: readonly LabelledRun[]): Figure[] {
  return [
    retrogressFigure(runs),
    clientCurvesFigure(runs),
    stageTimeline(runs),
    spectraFigure(runs),
    confusionFigure(runs),
    rocFigure(runs),
  ];
}

/** Writes the page; what is there already is replaced. */
export async function writePage(
  runs: readonly LabelledRun[],
  figures: readonly Figure[],
  path: string,
): Promise<void> {
  const page = htmlPage(contentOf(runs, figures), await loadChartLibrary());
  await writeFileAtomic(path, page);
}

/**
 * Writes the pictures into a folder, each as SVG and PNG.
 *
 * @returns their names without extension
 */
export async function writePictures(
  figures: readonly Figure[],
  folder: string,
): Promise<string[]> {
  const { render } = await loadPngRenderer();
  const names: string[] = [];
  for (const { caption, variants } of figures) {
    for (const variant of variants) {
      if (variant.file === null) continue;
      const svg = pictureSvg(variant, caption);
      await writeFileAtomic(join(folder, `${variant.file}.svg`), svg);
      await writeFileAtomic(join(folder, `${variant.file}.png`), render(svg, pictureScale));
      names.push(variant.file);
    }
  }
  return names;
}

function contentOf(runs: readonly LabelledRun[], figures: readonly Figure[]): ReportContent {
  const retrogress = retrogressTable(runs);
  return {
    title: titleOf(runs),
    lead: leadOf(runs),
    notices: runs.flatMap(({ notices }) => notices),
    results: resultTables(runs),
    figures: figures.map((figure) => ({
      figure,
      tables: figure.id === "retrogress" && retrogress !== null ? [retrogress] : [],
    })),
    runs: runsTable(runs),
    settings: settingsTable(runs),
    versions: runs[0].versions,
  };
}

function titleOf(runs: readonly LabelledRun[]): string {
  if (runs.length === 1) return runs[0].label;
  const methods = byMethod(runs).map(({ method }) => method);
  if (methods.length === 1) return `${methods[0]}, ${runs.length} runs`;
  return `${methods.slice(0, -1).join(", ")} and ${methods[methods.length - 1]} compared`;
}

function leadOf(runs: readonly LabelledRun[]): string {
  const [{ run, rows }] = runs;
  const names = run.clients.map(({ name }) => name).join(", ");
  const clients = `${counted(run.clients.length, "client")} (${names}), ` +
    `${run.classNames.length} classes`;
  const images = run.clients.reduce((sum, { train }) => sum + train, 0);
  const size = `${clients}, ${counted(images, "training image")}.`;
  const several = new Set(runs.map(({ run }) => `${run.rounds} × ${run.localEpochs}`)).size > 1;
  const length = several
    ? ""
    : ` ${counted(run.rounds, "round")} of ${
      counted(run.localEpochs, "local epoch")
    }, each round closed by a communication.`;
  const isMeasured = runs.length === 1 && rows.some(({ type }) => type === "aggregation");
  if (!isMeasured) return size + length;
  const [f1, auc] = (["f1", "auc"] as const).map((metric) =>
    percent(resultOf(runs[0], null, metric))
  );
  return `${size}${length} After the last one the ${run.personalRole} models reach a mean test F1 ` +
    `of ${f1} % and AUC of ${auc} %.`;
}
