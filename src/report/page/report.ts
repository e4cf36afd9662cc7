// The report of one or several runs: its page, and its pictures as files.

import { join } from "@std/path";
import { writeFileAtomic } from "../../io/files.ts";
import { drawn } from "./drawing.ts";
import { loadChartLibrary } from "./chart_library.ts";
import { calibrationFigure } from "../figures/calibration_figure.ts";
import { clientCurvesFigure } from "../figures/client_curves.ts";
import { clinicalFigure } from "../figures/clinical_figure.ts";
import { confusionFigure } from "../figures/confusion_figure.ts";
import type { Figure, Variant } from "../figures/figure.ts";
import { resultsFigure } from "../figures/results_figure.ts";
import { retrogressFigure } from "../figures/retrogress_figure.ts";
import { rocFigure } from "../figures/roc_figure.ts";
import { spectraFigure } from "../figures/spectra_figure.ts";
import { stageTimeline } from "../figures/stage_timeline.ts";
import { counted, membersText, percent } from "../format.ts";
import { areMany } from "../many_clients.ts";
import { intervalTables } from "./interval_tables.ts";
import { htmlPage, type ReportContent } from "./html_page.ts";
import { byMethod, type LabelledRun } from "../reading/method_runs.ts";
import { pictureSvg } from "./picture.ts";
import { loadPngRenderer } from "./png.ts";
import { chosenText, passedByText } from "../reading/chosen_round.ts";
import { choiceTable } from "./choice_table.ts";
import { resultAt, viewsOf } from "../reading/result_views.ts";
import { retrogressTable } from "./retrogress_table.ts";
import { sharingTable } from "../terminal/sharing.ts";
import { skippedText } from "../reading/skipped_rounds.ts";
import { resultTables, runsTable, settingsTable, type Table } from "./tables.ts";

/** PNG pixels per SVG unit: pictures are 1440 wide. */
const pictureScale = 1.5;

/** All figures, the one that matters first. */
export function reportFigures(runs: readonly LabelledRun[]): Figure[] {
  return [
    retrogressFigure(runs),
    resultsFigure(runs),
    clientCurvesFigure(runs),
    stageTimeline(runs),
    spectraFigure(runs),
    clinicalFigure(runs),
    confusionFigure(runs),
    rocFigure(runs),
    calibrationFigure(runs),
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
  const names: string[] = [];
  for (const { caption, variants } of figures) {
    for (const variant of variants) {
      if (variant.file === null) continue;
      if (await writePicture(variant, caption, join(folder, variant.file))) {
        names.push(variant.file);
      }
    }
  }
  return names;
}

/** How a picture is written. */
export type PictureFormats = "svg" | "svg and png";

/**
 * Writes one picture.
 *
 * @param path without extension
 * @returns false if it could not be drawn
 */
export async function writePicture(
  picture: Pick<Variant, "title" | "panels">,
  caption: string,
  path: string,
  formats: PictureFormats = "svg and png",
): Promise<boolean> {
  const { render } = await loadPngRenderer();
  return await drawn(path, async () => {
    const svg = pictureSvg(picture, caption);
    await writeFileAtomic(`${path}.svg`, svg);
    if (formats === "svg and png") await writeFileAtomic(`${path}.png`, render(svg, pictureScale));
  });
}

/** Everything that a page of these runs shows. */
export function contentOf(runs: readonly LabelledRun[], figures: readonly Figure[]): ReportContent {
  const tables = (...list: (Table | null)[]) => list.filter((table) => table !== null);
  return {
    title: titleOf(runs),
    lead: leadOf(runs),
    notices: runs.flatMap(({ notices }) => notices),
    results: tables(
      ...resultTables(runs),
      choiceTable(runs),
      sharingTable(runs),
    ),
    figures: figures.map((figure) => ({
      figure,
      tables: tables(...tablesOf(figure, runs)),
    })),
    runs: runsTable(runs),
    settings: settingsTable(runs),
    versions: runs[0].versions,
  };
}

/** What stands under a figure. */
function tablesOf({ id }: Figure, runs: readonly LabelledRun[]): readonly (Table | null)[] {
  if (id === "retrogress") return [retrogressTable(runs)];
  return id === "intervals" ? intervalTables(runs) : [];
}

function titleOf(runs: readonly LabelledRun[]): string {
  if (runs.length === 1) return runs[0].label;
  const methods = byMethod(runs).map(({ method }) => method);
  if (methods.length === 1) return `${methods[0]}, ${runs.length} runs`;
  return `${methods.slice(0, -1).join(", ")} and ${methods[methods.length - 1]} compared`;
}

function leadOf(runs: readonly LabelledRun[]): string {
  const [{ run }] = runs;
  const names = run.clients.map(({ name }) => name);
  const shown = areMany(names) ? `${names[0]} to ${names.at(-1)}` : names.join(", ");
  const clients = `${counted(run.clients.length, "client")} (${shown}), ` +
    `${run.classNames.length} classes`;
  const images = run.clients.reduce((sum, { train }) => sum + train, 0);
  const size = `${clients}, ${counted(images, "training image")}.`;
  const several = new Set(runs.map(({ run }) => `${run.rounds} × ${run.localEpochs}`)).size > 1;
  const isShared = runs.some(({ run }) => run.sharedRole !== null);
  const length = several
    ? ""
    : ` ${counted(run.rounds, "round")} of ${counted(run.localEpochs, "local epoch")}${
      isShared ? ", each round closed by a communication" : ""
    }.`;
  if (runs.length > 1) return size + length;
  return [size + length, resultSentence(runs[0]), ...choiceSentences(runs[0])].join(" ");
}

/** The three views of one run's result. */
function resultSentence(run: LabelledRun): string {
  const { personalRole } = run.run;
  const parts = viewsOf(run).map(({ words, result: { mean: { [personalRole]: metrics } } }) =>
    `${percent(metrics.f1)} % and ${percent(metrics.auc)} %${membersText(metrics)} ${words}`
  );
  if (parts.length === 0) return "";
  return `The ${personalRole} models' mean test F1 and AUC are ${parts.join(", ")}.`;
}

function choiceSentences(run: LabelledRun): string[] {
  if (resultAt(run, "after") === null) return [];
  const passedBy = passedByText(run);
  const skipped = skippedText(run.rows);
  return [
    `Chosen round: ${chosenText(run)}${passedBy === null ? "" : `; ${passedBy}`}.`,
    ...(skipped === null ? [] : [`Skipped: ${skipped}.`]),
  ];
}
