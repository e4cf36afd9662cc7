// What a figure is: charts to choose from by switches, with the words that explain them.

import type { EChartsOption } from "echarts";

/** How values are shown under the pointer. */
export type Tooltip = "trace" | "cells" | "stages" | "counts" | "rates" | "named";

/** One chart. Its option is plain JSON, so that the page and the pictures draw the same. */
export interface Panel {
  /** above the chart where several stand together; null for one alone */
  readonly heading: string | null;
  readonly option: EChartsOption;
  readonly tooltip: Tooltip;
  /** wide charts take the whole line, square ones stand beside each other */
  readonly shape: "wide" | "square";
  /** pixels */
  readonly height: number;
}

/** The charts of one position of all switches. */
export interface Variant {
  /** one choice of each switch, in their order */
  readonly choices: readonly string[];
  /** what is shown, in full */
  readonly title: string;
  readonly panels: readonly Panel[];
  /** name of the picture that is made of it, without extension; null for none */
  readonly file: string | null;
}

/** One thing that can be chosen, such as the metric. */
export interface Switch {
  readonly name: string;
  readonly choices: readonly string[];
}

/** One figure of the report. */
export interface Figure {
  /** `retrogress`: its anchor in the page */
  readonly id: string;
  readonly title: string;
  /** a sentence on how to read it */
  readonly caption: string;
  readonly switches: readonly Switch[];
  /** one for each combination of choices that there is; empty where `missing` says why */
  readonly variants: readonly Variant[];
  /** why there is nothing to see, and what would change that; null if there is */
  readonly missing: string | null;
}

/** A figure for which the run folders hold no data. */
export function missingFigure(
  { id, title, caption }: Pick<Figure, "id" | "title" | "caption">,
  missing: string,
): Figure {
  return { id, title, caption, switches: [], variants: [], missing };
}

/** Switches with the choices that the variants make; those with a single choice stay for the label. */
export function switchesOf(names: readonly string[], variants: readonly Variant[]): Switch[] {
  return names.map((name, index) => ({
    name,
    choices: [...new Set(variants.map(({ choices }) => choices[index]))],
  }));
}

/** Text as part of a file name: `PRR-FL, seed 1` → `prr-fl-seed-1`. */
export function fileNameOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
}
