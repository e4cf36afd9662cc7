// Confusion matrices of every client: which class is taken for which.

import type { EChartsOption } from "echarts";
import { confusionMatrix, predictClasses } from "../../metrics/classification.ts";
import type { LabelledRun } from "../labelled_runs.ts";
import type { Predictions } from "../predictions.ts";
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
  id: "confusion",
  title: "Confusion matrices",
  caption: "Rows are the true classes of the test images, columns what the model said. " +
    "Numbers count images; colour is the share of the row, so a good model is dark on the diagonal.",
};

/** What has to be there for figures of predictions. */
export const noPredictions =
  "No run folder holds predictions.safetensors, which a run writes when it ends.";

/** With more classes than this their names are turned, to stand beside each other. */
const mostUpright = 4;
/** Above this share, letters are white on the cell's colour. */
const darkShare = 0.85;

/** One matrix per client, for every run and role. */
export function confusionFigure(runs: readonly LabelledRun[]): Figure {
  const variants = runs.flatMap((run) =>
    run.predictions === null ? [] : run.run.roles.map((role): Variant => ({
      choices: [role, run.label],
      title: `Test predictions of the ${role} models after round ${
        run.predictions!.round + 1
      }, ${run.label}`,
      panels: run.predictions!.clients.map((client) =>
        matrix(client, role, run.predictions!.classNames)
      ),
      file: role === run.run.personalRole
        ? "confusion" + (runs.length > 1 ? `-${fileNameOf(run.label)}` : "")
        : null,
    }))
  );
  if (variants.length === 0) return missingFigure(about, noPredictions);
  return { ...about, switches: switchesOf(["Model", "Run"], variants), variants, missing: null };
}

function matrix(
  { client, labels, probabilities }: Predictions["clients"][number],
  role: string,
  classNames: readonly string[],
): Panel {
  const classes = classNames.length;
  const counts = confusionMatrix(labels, predictClasses(probabilities[role], classes), classes);
  const data = counts.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => {
      const share = total === 0 ? 0 : count / total;
      return {
        value: [predicted, truth, rounded(100 * share, 1), count],
        label: share > darkShare ? { color: "#fff" } : {},
      };
    });
  });
  const axis = {
    type: "category" as const,
    data: [...classNames],
    axisTick: { show: false },
    axisLabel: { interval: 0 },
  };
  const rotate = classes > mostUpright ? 40 : 0;
  const option: EChartsOption = {
    animation: false,
    grid: { left: 70, right: 16, top: 8, bottom: rotate === 0 ? 48 : 66 },
    xAxis: {
      ...axis,
      axisLabel: { interval: 0, rotate },
      name: "predicted class",
      nameLocation: "middle",
      nameGap: rotate === 0 ? 28 : 46,
    },
    yAxis: { ...axis, name: "true class", nameLocation: "middle", nameGap: 50, inverse: true },
    visualMap: {
      show: false, // the caption says what the colour is
      min: 0,
      max: 100,
      dimension: 2,
      inRange: { color: ["#0072b2"], colorAlpha: [0.03, 1] }, // on any paper
    },
    series: [{
      type: "heatmap",
      name: client,
      data,
      label: { show: true, formatter: "{@[3]}", fontSize: 13 },
      itemStyle: { borderWidth: 1, borderColor: "rgba(128, 128, 128, 0.35)" },
    }],
  };
  return { heading: `Client ${client}`, option, tooltip: "counts", shape: "square", height: 300 };
}
