// Reliability diagrams of every client: how often what a model says with some probability is true.

import type { EChartsOption } from "echarts";
import { calibration } from "../../metrics/calibration.ts";
import { counted, percent } from "../format.ts";
import type { LabelledRun } from "../reading/method_runs.ts";
import { rounded } from "./epoch_chart.ts";
import type { Figure, Panel } from "./figure.ts";
import { predictionsFigure } from "./predictions_figure.ts";
import type { ShownClient } from "./shown_clients.ts";
import { palette } from "./theme.ts";

const about = {
  id: "calibration",
  title: "Calibration",
  caption:
    "The predicted class of the test images, by the probability that the model gives it, in 15 bins: dots on the dashed diagonal are as " +
    "often right as the model says, dots below it less often. The larger a dot, the more images; ECE is their mean distance from the " +
    "diagonal.",
};

/** One chart per client, or of many those that stand for them, for every run and role. */
export function calibrationFigure(runs: readonly LabelledRun[]): Figure {
  return predictionsFigure(about, runs, { what: "calibration", file: null, panel: diagram });
}

/** The area of a dot goes by its images, from a smallest one that can be seen. */
function dotSize(images: number, all: number): number {
  return Math.round(5 + 25 * Math.sqrt(images / all));
}

function diagram(
  { heading, labels, scores }: ShownClient,
  classNames: readonly string[],
): Panel {
  const found = calibration(labels, scores, classNames.length);
  const bins = found?.bins.filter(({ images }) => images > 0) ?? [];
  const axis = {
    ...{ type: "value" as const, nameLocation: "middle" as const },
    ...{ min: 0, max: 100, interval: 25 },
  };
  const dots = bins.map(({ confidence, frequency, images }) => ({
    value: [rounded(100 * confidence!, 1), rounded(100 * frequency!, 1)],
    name: `${counted(images, "image")}: ${percent(100 * frequency!)} % right, ` +
      `said with ${percent(100 * confidence!)} %`,
    symbolSize: dotSize(images, labels.length),
  }));
  const option: EChartsOption = {
    animation: false,
    grid: { left: 56, right: 20, top: 12, bottom: 48 },
    xAxis: { ...axis, name: "mean probability (%)", nameGap: 28 },
    yAxis: { ...axis, name: "share that is right (%)", nameGap: 36 },
    series: [
      {
        type: "scatter",
        name: heading,
        data: dots,
        color: palette[0],
        itemStyle: { opacity: 0.75 },
      },
      {
        ...{ type: "line", data: [[0, 0], [100, 100]], symbol: "none", silent: true },
        color: "rgba(128, 128, 128, 0.8)",
        lineStyle: { type: "dashed", width: 1 },
      },
    ],
  };
  const words = `${heading}, ECE ${percent(found?.ece ?? null)}`;
  return { heading: words, option, tooltip: "named", shape: "square", height: 340 };
}
