// F1 and AUC of all clients against local epochs, as an SVG.

import * as echarts from "echarts";
import type { AggregationEvent, EpochEvent, RunEvent } from "../federated/events.ts";
import { percent } from "./format.ts";
import { fontFamily } from "./png.ts";

/** The metrics that are drawn. */
export const curveMetrics = ["f1", "auc"] as const;
export type CurveMetric = typeof curveMetrics[number];

/** One line of the figure. */
export interface Curve {
  readonly name: string;
  /** by local epoch, percent; null: n/a */
  readonly values: readonly (number | null)[];
}

const titles: Record<CurveMetric, { readonly title: string; readonly axis: string }> = {
  f1: { title: "Test F1", axis: "macro F1 (%)" },
  auc: { title: "Test AUC", axis: "macro one-vs-rest AUC (%)" },
};

/** Okabe and Ito's colours, told apart by the colour-blind too; without black and pale yellow. */
const palette = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"];
const dashes = ["solid", "dashed", "dotted"] as const;
const meanColour = "#111";
const textColour = "#333";
const faintColour = "#bbb";
const fainterColour = "#ddd";

const longestLegendName = 20;

const width = 960;
const height = 540;
/** With more points than this the lines are thinner and carry no symbols. */
const mostSymbols = 40;
/** With more communications than this their lines are drawn fainter still. */
const mostFaintLines = 20;

/**
 * The clients' curves and, last, their mean, on the test split, of the models that clients keep. As
 * in the official code, the last epoch of a round is represented by the test after aggregation.
 */
export function metricCurves(
  run: RunEvent,
  history: readonly (EpochEvent | AggregationEvent)[],
  metric: CurveMetric,
): Curve[] {
  const role = run.personalRole;
  const curves = [...run.clients.map(({ name }) => name), "mean"]
    .map((name) => ({ name, values: [] as (number | null)[] }));
  for (const event of history) {
    const mean = event.type === "epoch" ? event.mean : event.test;
    const all = [...event.clients.map(({ test }) => test[role]), mean[role]];
    const last = event.type === "aggregation" ? run.localEpochs - 1 : event.epoch;
    curves.forEach((curve, k) =>
      curve.values[event.round * run.localEpochs + last] = all[k][metric]
    );
  }
  return curves;
}

/** The figure of one metric, 960 × 540. */
export function curvesSvg(
  run: RunEvent,
  history: readonly (EpochEvent | AggregationEvent)[],
  metric: CurveMetric,
): string {
  const curves = metricCurves(run, history, metric);
  const communications = history
    .filter((event) => event.type === "aggregation" && event.senders.length > 0)
    .map(({ round }) => (round + 1) * run.localEpochs);
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption(figure(run, curves, communications, metric));
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function figure(
  run: RunEvent,
  curves: readonly Curve[],
  communications: readonly number[],
  metric: CurveMetric,
): echarts.EChartsOption {
  const { title, axis } = titles[metric];
  return {
    animation: false,
    backgroundColor: "#fff",
    textStyle: { fontFamily, color: textColour },
    title: {
      text: `${title} of the ${run.personalRole} models`,
      subtext: run.sharedRole === null
        ? "no communication with a server"
        : "dotted vertical lines: communication with the server",
      left: 80,
      top: 14,
      textStyle: { fontSize: 18, fontWeight: "normal" },
      subtextStyle: { fontSize: 12, color: "#777" },
    },
    legend: legend(curves),
    grid: { left: 80, right: legendWidth(curves), top: 84, bottom: 64 },
    xAxis: {
      type: "value",
      name: "local epochs completed",
      nameLocation: "middle",
      nameGap: 34,
      min: 0,
      max: curves[0].values.length,
      minInterval: 1,
      splitLine: { show: false },
      ...axisStyle(),
    },
    yAxis: {
      type: "value",
      name: axis,
      nameLocation: "middle",
      nameGap: 44,
      ...valueRange(curves),
      splitLine: { lineStyle: { color: "#eee" } },
      ...axisStyle(),
    },
    series: curves.map((curve, k) => line(curve, k, k === curves.length - 1, communications)),
  };
}

function axisStyle() {
  return {
    nameTextStyle: { fontSize: 14, color: textColour },
    axisLabel: { fontSize: 13, color: textColour },
    axisLine: { show: true, lineStyle: { color: "#999" } },
  };
}

/** On the right, out of the way of the lines, with each curve's last value. */
function legend(curves: readonly Curve[]): echarts.LegendComponentOption {
  const rowHeight = Math.min((height - 140) / curves.length, 26);
  const fontSize = Math.min(rowHeight - 2, 14);
  const lastValues = new Map(curves.map(({ name, values }) => [name, values.at(-1) ?? null]));
  return {
    orient: "vertical",
    left: width - legendWidth(curves) + 24,
    top: 84,
    itemGap: rowHeight - fontSize,
    itemHeight: 8,
    textStyle: { fontSize, color: textColour },
    formatter: (name) => `${shortened(name)}  ${percent(lastValues.get(name) ?? null)}`,
  };
}

/** Also the grid's right margin: SVG units for symbol, longest name, value and space around. */
function legendWidth(curves: readonly Curve[]): number {
  const longestName = Math.max(...curves.map(({ name }) => shortened(name).length));
  return 118 + 9 * longestName;
}

function shortened(name: string): string {
  return name.length <= longestLegendName ? name : `${name.slice(0, longestLegendName - 1)}…`;
}

/** Whole tens around all values. */
function valueRange(curves: readonly Curve[]): { min: number; max: number } {
  const values = curves.flatMap((curve) => curve.values).filter((value) => value !== null);
  if (values.length === 0) return { min: 0, max: 100 };
  const min = Math.floor(Math.min(...values) / 10) * 10;
  const max = Math.ceil(Math.max(...values) / 10) * 10;
  return { min: Math.min(min, 90), max: Math.max(max, min + 10) };
}

function line(
  { name, values }: Curve,
  index: number,
  isMean: boolean,
  communications: readonly number[],
): echarts.LineSeriesOption {
  const few = values.length <= mostSymbols;
  const color = isMean ? meanColour : palette[index % palette.length];
  const type = isMean ? "solid" : dashes[Math.floor(index / palette.length) % dashes.length];
  return {
    type: "line",
    name,
    data: values.map((value, epoch) => [epoch + 1, value ?? "-"]),
    showSymbol: few,
    symbol: "circle",
    symbolSize: isMean ? 7 : 6,
    itemStyle: { color },
    lineStyle: { color, width: (few ? 2 : 1.4) * (isMean ? 1.75 : 1), type },
    z: isMean ? 3 : 2,
    markLine: isMean ? communicationLines(communications) : undefined,
  };
}

function communicationLines(epochs: readonly number[]): echarts.MarkLineComponentOption {
  return {
    silent: true,
    symbol: "none",
    label: { show: false },
    z: 1, // behind the curves
    lineStyle: {
      color: epochs.length > mostFaintLines ? fainterColour : faintColour,
      width: 1,
      type: "dotted",
    },
    data: epochs.map((xAxis) => ({ xAxis })),
  };
}
