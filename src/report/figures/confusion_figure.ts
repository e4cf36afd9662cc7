// Confusion matrices of every client: which class is taken for which.

import { shortened } from "../format.ts";
import type { EChartsOption } from "echarts";
import { confusionMatrix, predictClasses } from "../../metrics/classification.ts";
import type { LabelledRun } from "../reading/method_runs.ts";
import { rounded } from "./epoch_chart.ts";
import { predictionsFigure } from "./predictions_figure.ts";
import type { ShownClient } from "./shown_clients.ts";
import type { Figure, Panel } from "./figure.ts";

const about = {
  id: "confusion",
  title: "Confusion matrices",
  caption: "Rows are the true classes of the test images, columns what the model said. " +
    "Numbers count images; the fuller the colour, the larger the share of its row, so a good model colours the diagonal.",
};

/** With more classes than this their names are turned, to stand beside each other. */
const mostUpright = 4;
/** With more classes than this a matrix takes the whole width; with more than the second, cells have no numbers. */
const mostBeside = 10;
const mostNumbered = 44;
/** Above this share, letters are white on the cell's colour. */
const darkShare = 0.85;

/** One matrix per client, or of many those that stand for them, for every run and role. */
export function confusionFigure(runs: readonly LabelledRun[]): Figure {
  return predictionsFigure(about, runs, { what: "predictions", file: "confusion", panel: matrix });
}

function matrix(
  { heading, labels, scores }: ShownClient,
  classNames: readonly string[],
): Panel {
  const classes = classNames.length;
  const interval = classes > mostNumbered ? "auto" as const : 0;
  const counts = confusionMatrix(labels, predictClasses(scores, classes), classes);
  const data = counts.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.flatMap((count, predicted) => {
      if (count === 0 && classes > mostNumbered) return []; // they would be nearly all, and megabytes
      const share = total === 0 ? 0 : count / total;
      return [{
        value: [predicted, truth, rounded(100 * share, 1), count],
        label: share > darkShare ? { color: "#fff" } : {},
      }];
    });
  });
  const axis = {
    type: "category" as const,
    data: classNames.map((name, index) => shortened(name, `${index}`)),
    axisTick: { show: false },
    axisLabel: { interval },
  };
  const rotate = classes > mostBeside ? 90 : classes > mostUpright ? 40 : 0;
  const isLarge = classes > mostBeside;
  const room = isLarge ? 160 : 70; // for names
  const option: EChartsOption = {
    animation: false,
    grid: { left: room, right: 16, top: 8, bottom: rotate === 0 ? 48 : isLarge ? room : 66 },
    xAxis: {
      ...axis,
      axisLabel: { interval, rotate },
      name: "predicted class",
      nameLocation: "middle",
      nameGap: rotate === 0 ? 28 : isLarge ? room - 24 : 46,
    },
    yAxis: {
      ...axis,
      name: "true class",
      nameLocation: "middle",
      nameGap: room - 20,
      inverse: true,
    },
    visualMap: {
      show: false, // the caption says what the colour is
      min: 0,
      max: 100,
      dimension: 2,
      inRange: { color: ["#0072b2"], colorAlpha: [0.03, 1] }, // on any paper
    },
    series: [{
      type: "heatmap",
      name: heading,
      data,
      label: { show: classes <= mostNumbered, formatter: "{@[3]}", fontSize: isLarge ? 9 : 13 },
      itemStyle: { borderWidth: 1, borderColor: "rgba(128, 128, 128, 0.35)" },
    }],
  };
  const shape = isLarge ? "wide" : "square";
  const height = isLarge ? room + 20 * Math.min(classes, mostNumbered) : 300;
  return { heading, option, tooltip: "counts", shape, height };
}
