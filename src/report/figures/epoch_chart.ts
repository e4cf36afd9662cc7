// A chart of one metric against local epochs, as lines with bands around them.

import type { EChartsOption, LineSeriesOption } from "echarts";
import type { Metrics } from "../../metrics/classification.ts";
import type { Panel } from "./figure.ts";
import { palette } from "./theme.ts";

/** Names of a metric: in titles and switches, and on an axis with its unit. */
export const metricNames: Readonly<Record<keyof Metrics, { name: string; axis: string }>> = {
  f1: { name: "F1", axis: "macro F1 (%)" },
  auc: { name: "AUC", axis: "macro one-vs-rest AUC (%)" },
  loss: { name: "loss", axis: "cross-entropy (nats)" },
  accuracy: { name: "accuracy", axis: "accuracy (%)" },
};

/** One line. */
export interface Curve {
  readonly name: string;
  readonly points: readonly {
    readonly x: number;
    /** null: n/a */
    readonly value: number | null;
    /** standard deviation, drawn as a band; 0 for none */
    readonly deviation?: number;
  }[];
  /** sums up the others: drawn in the colour of the text, and heavier */
  readonly strong?: boolean;
  /** one of many: thin, without a name, in one colour with the others */
  readonly faint?: boolean;
}

const dashes = ["solid", "dashed", "dotted"] as const;
/** With more points than this, lines carry no symbols. */
const mostSymbols = 40;
/** With more communications than this, their lines are fainter. */
const mostFaintLines = 20;
const communicationColour = "rgba(128, 128, 128, 0.75)";
const faintCommunicationColour = "rgba(128, 128, 128, 0.35)";

/** Lines against local epochs. */
export function epochChart(
  { curves, communications, metric }: {
    curves: readonly Curve[];
    /** local epochs done at each */
    communications: readonly number[];
    metric: keyof Metrics;
  },
): Panel {
  const names = curves.filter(({ faint }) => !faint).map(({ name }) => name);
  const option: EChartsOption = {
    animation: false,
    legend: { data: names, top: 0, left: 56, itemGap: 18, itemHeight: 10 },
    grid: { left: 56, right: 20, top: 20 + 22 * legendRows(names), bottom: 48 },
    xAxis: {
      type: "value",
      name: "local epochs",
      nameLocation: "middle",
      nameGap: 28,
      min: 0,
      max: Math.max(1, ...curves.flatMap(({ points }) => points.map(({ x }) => x))),
      minInterval: 1,
      splitLine: { show: false },
    },
    yAxis: {
      type: "value",
      name: metricNames[metric].axis,
      nameLocation: "middle",
      nameGap: 38,
      ...valueRange(curves, metric),
    },
    series: [
      communicationLines(communications),
      ...curves.flatMap((curve, index) => lines(curve, index, metric)),
    ],
  };
  return { heading: null, option, tooltip: "trace", shape: "wide", height: 400 };
}

/** A line, and the two that make its band: an unseen lower edge, and on it the band itself. */
function lines(curve: Curve, index: number, metric: keyof Metrics): LineSeriesOption[] {
  const { name, points, strong = false, faint = false } = curve;
  const few = points.length <= mostSymbols && !faint;
  const color = strong ? undefined : palette[faint ? 0 : index % palette.length];
  const type = strong || faint
    ? "solid"
    : dashes[Math.floor(index / palette.length) % dashes.length];
  const main: LineSeriesOption = {
    type: "line",
    name,
    data: points.map(({ x, value }) => [rounded(x, 3), shown(value, metric)]),
    showSymbol: few,
    symbol: "circle",
    symbolSize: strong ? 7 : 5,
    color,
    lineStyle: { width: (few ? 2 : 1.5) * (strong ? 1.6 : 1), type, opacity: faint ? 0.3 : 1 },
    emphasis: { disabled: true },
    z: strong ? 4 : 3,
  };
  if (!points.some(({ deviation = 0 }) => deviation > 0)) return [main];
  const most = metric === "loss" ? Infinity : 100; // a band ends with the axis
  const edge = (value: (mean: number, deviation: number) => number): LineSeriesOption => ({
    type: "line",
    name,
    data: points.map(({ x, value: mean, deviation = 0 }) => [
      rounded(x, 3),
      mean === null ? "-" : shown(value(mean, deviation), metric),
    ]),
    stack: `band of ${name}`,
    stackStrategy: "all",
    symbol: "none",
    silent: true,
    color,
    lineStyle: { width: 0 },
    emphasis: { disabled: true },
    z: 2,
  });
  const low = (mean: number, deviation: number) => Math.max(mean - deviation, 0);
  const lower = edge(low);
  const band = edge((mean, deviation) => Math.min(mean + deviation, most) - low(mean, deviation));
  return [main, lower, { ...band, areaStyle: { color, opacity: 0.18 } }];
}

/** A line of no points, so that no legend entry takes the communications away. */
function communicationLines(epochs: readonly number[]): LineSeriesOption {
  return {
    type: "line",
    data: [],
    color: communicationColour, // else it would take the palette's first
    markLine: {
      silent: true,
      symbol: "none",
      label: { show: false },
      lineStyle: {
        color: epochs.length > mostFaintLines ? faintCommunicationColour : communicationColour,
        width: 1,
        type: [2, 3],
      },
      data: epochs.map((xAxis) => ({ xAxis })),
      z: 1,
    },
  };
}

/** Whole tens around all values; losses begin at 0. */
function valueRange(
  curves: readonly Curve[],
  metric: keyof Metrics,
): { min: number; max?: number } {
  if (metric === "loss") return { min: 0 };
  const values = curves.flatMap(({ points }) =>
    points.flatMap(({ value, deviation = 0 }) =>
      value === null || !Number.isFinite(value) ? [] : [value - deviation, value + deviation]
    )
  );
  if (values.length === 0) return { min: 0, max: 100 };
  const min = Math.max(0, Math.floor(Math.min(...values) / 10) * 10);
  const max = Math.min(100, Math.ceil(Math.max(...values) / 10) * 10);
  return { min: Math.min(min, 90), max: Math.max(max, min + 10) };
}

/** Lines that the legend takes in a picture; the width of letters is an estimate. */
function legendRows(names: readonly string[]): number {
  const width = names.reduce((sum, name) => sum + 60 + 8 * name.length, 0);
  return Math.ceil(width / 860);
}

function shown(value: number | null, metric: keyof Metrics): number | "-" {
  if (value === null || !Number.isFinite(value)) return "-";
  return rounded(value, metric === "loss" ? 4 : 3);
}

/** Fewer digits make a smaller page. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
