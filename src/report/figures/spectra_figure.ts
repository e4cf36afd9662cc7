// What PFA does: amplitude spectra of one layer before and after a communication, and their ratio.

import type { EChartsOption } from "echarts";
import type { LabelledRun } from "../reading/method_runs.ts";
import type { Amplitudes, Spectra } from "../files/spectra_file.ts";
import { mostClients } from "../many_clients.ts";
import { rounded } from "./epoch_chart.ts";
import {
  type Figure,
  fileNameOf,
  missingFigure,
  type Panel,
  switchesOf,
  type Variant,
} from "./figure.ts";

const about = {
  id: "spectra",
  title: "Amplitude spectra",
  caption:
    "A layer's weights before and after the last communication; zero frequency is in the middle. A frame, " +
    "if there is one, is the window of PFA: inside it the server replaces each client's amplitude by the " +
    "mean over clients; outside it each client keeps its own. Weights are real, so a window without its " +
    "mirror image works by half on either edge. Of many clients the first twelve are here.",
};

/** Cells along an axis at most; larger spectra are shown as means over blocks. */
const mostCells = 64;

// From the dark to the bright, even to the eye and to the colour-blind (matplotlib's viridis).
const sequential = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"];
/** Less, equal, more. */
const diverging = ["#0072b2", "#e3e6e9", "#d55e00"];
/** Share of the cells at either end that the colours do not tell apart, so that a few do not dim the rest. */
const clippedShare = 0.01;

/** Three maps for each of the first clients of every run that stored them: of all, many would be megabytes. */
export function spectraFigure(runs: readonly LabelledRun[]): Figure {
  const variants = runs.flatMap((run) =>
    (run.spectra?.clients ?? []).slice(0, mostClients).map(
      ({ client, before, after }, index): Variant => {
        const { layer, round, rate } = run.spectra!;
        return {
          choices: [client, run.label],
          title: `${layer} of client ${client}, communication ${round + 1}, ` +
            (rate === null ? "" : `rate ${rate.toFixed(3)}, `) + run.label,
          panels: maps(before, after, rate),
          file: index === 0
            ? "spectrum" + (runs.length > 1 ? `-${fileNameOf(run.label)}` : "")
            : null,
        };
      },
    )
  );
  if (variants.length === 0) {
    return missingFigure(
      about,
      "No run folder holds spectrum.safetensors, which a run writes at its last communication.",
    );
  }
  return { ...about, switches: switchesOf(["Client", "Run"], variants), variants, missing: null };
}

function maps(before: Amplitudes, after: Amplitudes, rate: Spectra["rate"]): Panel[] {
  const [first, second] = [blockMeans(before), blockMeans(after)];
  const logs = [first, second].map(({ values }) => values.map((value) => Math.log10(value)));
  const ratios = logs[1].map((value, index) => value - logs[0][index]);
  const [min, max] = clippedRange(logs.flat());
  const largest = Math.max(...clippedRange(ratios.map(Math.abs)), 0.01);
  const map = (
    heading: string,
    values: readonly number[],
    scale: { min: number; max: number; color: readonly string[] },
  ) =>
    heatMap(heading, values, {
      ...first,
      ...scale,
      window: rate === null ? null : windowOf(before, rate),
    });
  return [
    map("Before: log₁₀ amplitude", logs[0], { min, max, color: sequential }),
    map("After: log₁₀ amplitude", logs[1], { min, max, color: sequential }),
    map("After / before: log₁₀ ratio", ratios, {
      min: -largest,
      max: largest,
      color: diverging,
    }),
  ];
}

/** The range that all but a few finite values lie in. */
function clippedRange(values: readonly number[]): [min: number, max: number] {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length === 0) return [0, 1];
  const clipped = Math.floor(clippedShare * sorted.length);
  return [rounded(sorted[clipped], 2), rounded(sorted[sorted.length - 1 - clipped], 2)];
}

/** A rectangle in frequencies, zero in the middle; half open. */
export interface Window {
  readonly rows: readonly [begin: number, end: number];
  readonly cols: readonly [begin: number, end: number];
}

/** PFA's window, `[c − b, c + b)` with c = ⌊n/2⌋ and b = ⌊n·rate/2⌋, counted from zero frequency. */
export function windowOf({ rows, cols }: Pick<Amplitudes, "rows" | "cols">, rate: number): Window {
  const half = (n: number) => Math.floor(n * rate / 2);
  return { rows: [-half(rows), half(rows)], cols: [-half(cols), half(cols)] };
}

function heatMap(
  heading: string,
  values: readonly number[],
  { rows, cols, sizes, min, max, color, window }: {
    rows: number;
    cols: number;
    sizes: { rows: number; cols: number };
    min: number;
    max: number;
    color: readonly string[];
    window: Window | null;
  },
): Panel {
  const cell = (x: number, y: number, value: number) => {
    const clipped = Math.min(Math.max(value, min), max);
    // The colour's value, and the true one where it differs.
    return [x, y, rounded(clipped, 2), ...clipped === value ? [] : [rounded(value, 2)]];
  };
  const cells = values.flatMap((value, index) =>
    Number.isFinite(value) ? [cell(index % cols, Math.floor(index / cols), value)] : []
  );
  const hidden = (name: string, length: number, n: number) => ({
    type: "category" as const,
    show: false,
    name,
    data: Array.from(
      { length },
      (_, index) => String(Math.floor(index * n / length) - Math.floor(n / 2)),
    ),
  });
  const frequencies = (name: string, n: number, gap: number) => ({
    type: "value" as const,
    name,
    nameLocation: "middle" as const,
    nameGap: gap,
    position: gap === 28 ? "bottom" as const : "left" as const,
    min: -Math.floor(n / 2),
    max: n - Math.floor(n / 2),
    splitLine: { show: false },
    interval: Math.max(1, Math.floor(n / 4)),
    axisLabel: { showMaxLabel: false },
  });
  const option: EChartsOption = {
    animation: false,
    grid: {
      ...{ left: 56, right: 16, top: 8, bottom: 100 },
      // Behind the cells, lest the paper shine through between them.
      ...{ show: true, borderWidth: 0, backgroundColor: color[Math.floor(color.length / 2)] },
    },
    // Cells lie on categories, the frame between them on values: two pairs of axes on one grid.
    xAxis: [
      hidden("column frequency", cols, sizes.cols),
      frequencies("column frequency", sizes.cols, 28),
    ],
    yAxis: [
      hidden("row frequency", rows, sizes.rows),
      frequencies("row frequency", sizes.rows, 38),
    ],
    visualMap: {
      min,
      max,
      seriesIndex: 0,
      dimension: 2,
      precision: 2,
      calculable: false,
      orient: "horizontal",
      left: "center",
      bottom: 0,
      itemWidth: 12,
      itemHeight: 140,
      text: [`≥ ${max}`, `≤ ${min}`.replace("-", "−")],
      inRange: { color: [...color] },
    },
    series: [
      { type: "heatmap", name: heading, data: cells, progressive: 0 },
      {
        type: "line",
        name: "window",
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: window === null ? [] : corners(window),
        symbol: "none",
        silent: true,
        color: "#d55e00",
        lineStyle: { width: 2 },
      },
    ],
  };
  return { heading, option, tooltip: "cells", shape: "square", height: 360 };
}

/** Once around. */
function corners({ rows: [bottom, top], cols: [left, right] }: Window): number[][] {
  return [[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]];
}

/** Means over blocks of neighbouring frequencies, so that at most 64 × 64 cells are left. */
export function blockMeans({ rows, cols, values }: Amplitudes): {
  rows: number;
  cols: number;
  values: number[];
  sizes: { rows: number; cols: number };
} {
  const [height, width] = [rows, cols].map((n) => Math.min(n, mostCells));
  const border = (index: number, cells: number, n: number) => Math.floor(index * n / cells);
  const means = Array.from({ length: height * width }, (_, cell) => {
    const [y, x] = [Math.floor(cell / width), cell % width];
    let sum = 0;
    let count = 0;
    for (let row = border(y, height, rows); row < border(y + 1, height, rows); row++) {
      for (let col = border(x, width, cols); col < border(x + 1, width, cols); col++) {
        sum += values[row * cols + col];
        count++;
      }
    }
    return sum / count;
  });
  return { rows: height, cols: width, values: means, sizes: { rows, cols } };
}
