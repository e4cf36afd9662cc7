// ROC curves of every client, each class against the rest.

import type { EChartsOption } from "echarts";
import { rocAucOvr } from "../../metrics/classification.ts";
import { rocCurve } from "../../metrics/roc_curve.ts";
import { percent, shortened } from "../format.ts";
import type { LabelledRun } from "../reading/method_runs.ts";
import { rounded } from "./epoch_chart.ts";
import { predictionsFigure } from "./predictions_figure.ts";
import type { ShownClient } from "./shown_clients.ts";
import type { Figure, Panel } from "./figure.ts";
import { palette } from "./theme.ts";

const about = {
  id: "roc",
  title: "ROC curves",
  caption:
    "Each class against the rest, on the test images: the further a curve bends to the upper left, the better the class is told from the " +
    "others; the dashed diagonal is guessing. AUC is the area under the curve, in %.",
};

/** One chart per client, or of many those that stand for them, for every run and role. */
export function rocFigure(runs: readonly LabelledRun[]): Figure {
  return predictionsFigure(about, runs, { what: "ROC", file: "roc", panel: curves });
}

/** More curves cannot be told apart, nor would their names find room. */
const mostCurves = 8;

function curves(
  { heading, labels, scores }: ShownClient,
  classNames: readonly string[],
): Panel {
  const auc = rocAucOvr(labels, scores, classNames.length);
  const counts = classNames.map((_, index) => labels.filter((label) => label === index).length);
  const most = [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b)
    .slice(0, mostCurves).sort((a, b) => a - b);
  const drawn = most.map((index) => {
    const name = shortened(classNames[index]);
    const value = auc?.perClass[index] ?? null;
    const points = value === null ? [] : rocCurve(labels, scores, classNames.length, index);
    return { name: `${name}, AUC ${percent(value)}`, points };
  });
  const axis = {
    type: "value" as const,
    nameLocation: "middle" as const,
    min: 0,
    max: 100,
    interval: 25,
  };
  const option: EChartsOption = {
    animation: false,
    legend: {
      data: drawn.map(({ name }) => name),
      orient: "vertical",
      right: 24,
      bottom: 56,
      itemHeight: 8,
    },
    grid: { left: 56, right: 20, top: 12, bottom: 48 },
    xAxis: { ...axis, name: "false positive rate (%)", nameGap: 28 },
    yAxis: { ...axis, name: "true positive rate (%)", nameGap: 36 },
    series: [
      ...drawn.map(({ name, points }, index) => ({
        type: "line" as const,
        name,
        data: points.map(({ falsePositives, truePositives }) => [
          rounded(100 * falsePositives, 2),
          rounded(100 * truePositives, 2),
        ]),
        color: palette[index % palette.length],
        symbol: "none",
        lineStyle: { width: 2 },
        emphasis: { disabled: true },
      })),
      {
        type: "line",
        data: [[0, 0], [100, 100]],
        symbol: "none",
        silent: true,
        color: "rgba(128, 128, 128, 0.8)",
        lineStyle: { type: "dashed", width: 1 },
      },
    ],
  };
  const words = heading +
    (classNames.length > mostCurves
      ? `, the ${mostCurves} of ${classNames.length} classes with most images`
      : "");
  return { heading: words, option, tooltip: "rates", shape: "square", height: 340 };
}
