// The figures of the page: drawn when there is something to see, redrawn as runs go on.

/// <reference lib="dom" />

import { clientCurvesFigure } from "../report/figures/client_curves.ts";
import { confusionFigure } from "../report/figures/confusion_figure.ts";
import type { Figure } from "../report/figures/figure.ts";
import { retrogressFigure } from "../report/figures/retrogress_figure.ts";
import { rocFigure } from "../report/figures/roc_figure.ts";
import { spectraFigure } from "../report/figures/spectra_figure.ts";
import { stageTimeline } from "../report/figures/stage_timeline.ts";
import { themes } from "../report/figures/theme.ts";
import { figureSources, sourceAddress } from "./figure_sources.ts";
import { figureHtml } from "../report/page/figure_html.ts";
import { change } from "../report/format.ts";
import { FigureView } from "../report/page/figure_view.js";
import { retrogressTable } from "../report/page/retrogress_table.ts";
import type { LabelledRun } from "../report/reading/method_runs.ts";
import { retrogressOf } from "../report/reading/run_retrogress.ts";

/** By id, in the order of the page. */
const figures: Readonly<Record<string, (runs: readonly LabelledRun[]) => Figure>> = {
  ...{ retrogress: retrogressFigure, spectra: windowsFirst, stages: stageTimeline },
  ...{ curves: clientCurvesFigure, confusion: confusionFigure, roc: rocFigure },
};

/** What stands on the page of one figure. */
interface Shown {
  readonly section: HTMLElement;
  readonly view: FigureView | null;
  /** whatever needs other elements if it changes */
  readonly frame: string;
}

/** The figures of a page. */
export class FiguresPanel {
  readonly #shown = new Map<string, Shown>();
  #runs: readonly LabelledRun[] = [];
  /** ids of figures that have not been drawn with these runs yet */
  readonly #due = new Set<string>();
  /** in which the next one is drawn; 0 for none */
  #frame = 0;

  /** @param onDrawn called after each figure */
  constructor(private readonly place: HTMLElement, private readonly onDrawn: () => void) {}

  /**
   * Draws what is new in these runs: one figure in a frame, for all at once would keep the page from moving; those that
   * are new or in sight before others.
   */
  show(runs: readonly LabelledRun[]): void {
    this.#runs = runs;
    Object.keys(figures).forEach((id) => this.#due.add(id));
    this.#schedule();
  }

  /** Draws at once what has not been drawn yet. */
  finish(): void {
    while (this.#due.size > 0) this.#drawNext();
    this.#cancel();
  }

  #schedule(): void {
    if (this.#frame !== 0 || this.#due.size === 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#drawNext();
      this.#schedule();
    });
  }

  #cancel(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  #drawNext(): void {
    const due = [...this.#due];
    const isNew = (id: string) => !this.#shown.has(id);
    const id = due.find(isNew) ?? due.find((id) => isInSight(this.#shown.get(id)!.section)) ??
      due[0];
    this.#due.delete(id);
    this.#draw(id);
    this.onDrawn();
  }

  #draw(id: string): void {
    const runs = this.#runs;
    const figure = figures[id](runs);
    const { switches, missing, caption } = figure;
    const table = id === "retrogress" ? retrogressTable(runs) : null;
    const rows = table?.rows.length ?? 0;
    const panels = figure.variants[0]?.panels.length ?? 0;
    const frame = JSON.stringify([missing, switches, panels, rows, caption]);
    const before = this.#shown.get(id);
    const html = figureHtml(figure, table ? [table] : []);
    if (before?.frame === frame && before.view) {
      before.view.update(figure);
      replaceTable(before.section, html);
    } else if (before?.frame !== frame) {
      before?.view?.dispose();
      const section = fromHtml(html);
      section.append(computedBy(figureSources[id]));
      if (before) before.section.replaceWith(section);
      else this.place.append(section);
      const view = missing === null ? new FigureView(figure, themes) : null;
      this.#shown.set(id, { section, view, frame });
    }
    if (id === "retrogress") sayLosses(this.#shown.get(id)!.section, runs);
  }

  /** How a figure is drawn; null where there is nothing to draw yet. */
  viewOf(id: string): FigureView | null {
    return this.#shown.get(id)?.view ?? null;
  }

  /** The curve as it stands, as a PNG in a data URL; null if there is none. */
  curvePicture(): string | null {
    return this.viewOf("retrogress")?.places[0].chart.getDataURL({ type: "png", pixelRatio: 2 }) ??
      null;
  }

  clear(): void {
    this.#cancel();
    this.#due.clear();
    for (const { section, view } of this.#shown.values()) {
      view?.dispose();
      section.remove();
    }
    this.#shown.clear();
  }
}

function isInSight(section: HTMLElement): boolean {
  const { top, bottom } = section.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

/** Spectra of runs whose server has a window before others: that is what there is to see and to move. */
function windowsFirst(runs: readonly LabelledRun[]): Figure {
  const hasWindow = ({ spectra }: LabelledRun) => typeof spectra?.rate === "number";
  return spectraFigure([...runs.filter(hasWindow), ...runs.filter((run) => !hasWindow(run))]);
}

/** What each method's models lose at a communication, in one line beneath the curve. */
function sayLosses(section: HTMLElement, runs: readonly LabelledRun[]): void {
  const losses = runs.flatMap((run) => {
    const f1 = retrogressOf(run)?.meanChange.f1 ?? null;
    return f1 === null ? [] : [`${run.label} ${change(f1)}`];
  });
  const line = section.querySelector(".losses") ?? document.createElement("p");
  line.className = "losses";
  line.textContent = losses.length === 0
    ? ""
    : `Lost per communication (change of test F1, points): ${losses.join(", ")}.`;
  section.querySelector("figure")!.after(line);
}

function computedBy(source: string): HTMLElement {
  const note = document.createElement("p");
  note.className = "caption";
  const link = Object.assign(document.createElement("a"), { href: sourceAddress(source) });
  link.append(Object.assign(document.createElement("code"), { textContent: source }));
  note.append("Computed by ", link, ".");
  return note;
}

function fromHtml(html: string): HTMLElement {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild as HTMLElement;
}

/** Numbers of the table alone: the reader may be scrolling in it. */
function replaceTable(section: HTMLElement, html: string): void {
  const [old, own] = [section, fromHtml(html)].map((one) => one.querySelector("tbody"));
  if (old && own && old.innerHTML !== own.innerHTML) old.innerHTML = own.innerHTML;
}
