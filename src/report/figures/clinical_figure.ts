// Clinical metrics of methods: each class against the rest, and all classes together.

import type { EChartsOption } from "echarts";
import type { ClinicalMetrics } from "../../metrics/clinical.ts";
import { meanOfDefined } from "../../metrics/statistics.ts";
import { shortened } from "../format.ts";
import { areMany } from "../many_clients.ts";
import { clinicalResults } from "../reading/clinical_results.ts";
import { byMethod, type LabelledRun, type MethodRuns } from "../reading/method_runs.ts";
import { noPredictions } from "./predictions_figure.ts";
import { rounded } from "./epoch_chart.ts";
import { type Figure, missingFigure, type Panel, switchesOf, type Variant } from "./figure.ts";

const about = {
  id: "clinical",
  title: "Clinical metrics",
  caption:
    "Personal models on the test images after the last communication: each class against the rest, and all classes together, as " +
    "docs/metrics.md defines both; the mean over clients and seeds of what is defined. The fuller the colour, the larger the number.",
};

interface Measure {
  readonly name: string;
  readonly unit: "%" | "";
  readonly ofClass: keyof ClinicalMetrics["classes"][number] | null;
  readonly ofAll: (metrics: ClinicalMetrics) => number | null;
}

const measures: readonly Measure[] = [
  ofMean("sensitivity", "sensitivity"),
  ofMean("specificity", "specificity"),
  ofAll("balanced accuracy", "balancedAccuracy", "balancedAccuracy"),
  ofMean("PPV", "ppv"),
  ofMean("NPV", "npv"),
  ofAll("F1", "f1", "macroF1"),
  ofAll("weighted F1", null, "weightedF1"),
  ofAll("accuracy", null, "accuracy"),
  ofAll("AUC", "auc", "auc"),
  ofMean("PR-AUC", "prAuc"),
  ofAll("MCC", "mcc", "mcc", ""),
  ofAll("Cohen's κ", "kappa", "kappa", ""),
  ofAll("Brier score", "brier", "brier", ""),
  ofAll("ECE", "ece", "ece"),
];

function ofMean(name: string, key: keyof ClinicalMetrics["means"]): Measure {
  return { name, unit: "%", ofClass: key, ofAll: ({ means }) => means[key].mean };
}

function ofAll(
  name: string,
  ofClass: Measure["ofClass"],
  key: Exclude<keyof ClinicalMetrics["overall"], "reliability">,
  unit: Measure["unit"] = "%",
): Measure {
  return { name, unit, ofClass, ofAll: ({ overall }) => overall[key] };
}

const meanOverClients = "mean";
/** Of more classes than this only all together are told. */
const mostClasses = 20;

/** A row for each method, a column for each class; to be chosen are the metric and the client. */
export function clinicalFigure(runs: readonly LabelledRun[]): Figure {
  const stored = runs.filter((run) => clinicalResults(run) !== null);
  if (stored.length === 0) return missingFigure(about, noPredictions);
  const { classNames: all, clients } = stored[0].predictions!;
  const judged = stored.filter(({ predictions }) => predictions!.classNames.join() === all.join());
  const isPart = judged.length < stored.length;
  const methods = byMethod(judged);
  const classNames = all.length > mostClasses ? [] : all;
  const names = areMany(clients) ? [] : clients.map(({ client }) => client);
  const variants = measures.flatMap((measure) =>
    [null, ...names.keys()].map((client): Variant => {
      const choice = client === null ? meanOverClients : names[client];
      return {
        choices: [measure.name, choice],
        title: `Test ${measure.name}${measure.unit === "%" ? " in %" : ""}, ` +
          (client === null ? "mean over clients" : `client ${choice}`),
        panels: [chart(methods, measure, client, classNames)],
        file: null,
      };
    })
  );
  return {
    ...about,
    caption: about.caption + (isPart ? " Runs of other classes are left out." : ""),
    switches: switchesOf(["Metric", "Client"], variants),
    ...{ variants, missing: null },
  };
}

function chart(
  methods: readonly MethodRuns[],
  measure: Measure,
  client: number | null,
  classNames: readonly string[],
): Panel {
  const digits = measure.unit === "%" ? 1 : 3;
  const rows = methods.map(({ runs }) =>
    valuesOf(runs, measure, client).slice(-classNames.length - 1)
  );
  const defined = rows.flat().filter((value) => value !== null);
  const [least, most] = [Math.min(...defined, 0), Math.max(...defined, 0)];
  const data = rows.flatMap((values, row) =>
    values.flatMap((value, column) => {
      if (value === null && measure.ofClass === null && column < classNames.length) return [];
      const shown = value === null ? "n/a" : value.toFixed(digits).replace("-", "−");
      return [{
        value: [column, row, rounded(value ?? least, 4)],
        name: `${methods[row].method}, ${[...classNames, "all classes"][column]}: ${shown}`,
        label: { formatter: shown },
      }];
    })
  );
  const axis = { type: "category" as const, axisTick: { show: false } };
  const columns = classNames.map((name, index) => shortened(name, `${index}`));
  const rotate = columns.length > 8 ? 40 : 0;
  const option: EChartsOption = {
    animation: false,
    grid: { left: 120, right: 16, top: 8, bottom: rotate === 0 ? 32 : 90 },
    xAxis: { ...axis, data: [...columns, "all"], axisLabel: { interval: 0, rotate } },
    yAxis: {
      ...{ ...axis, data: methods.map(({ method }) => method), inverse: true },
      axisLabel: { interval: 0, width: 108, overflow: "truncate" },
    },
    visualMap: {
      ...{ show: false, min: least, max: most, dimension: 2 }, // the caption says what the colour is
      inRange: { color: ["#0072b2"], colorAlpha: [0.03, 0.55] }, // letters can be read on any paper
    },
    series: [{
      ...{ type: "heatmap", name: measure.name, data },
      label: { show: true, fontSize: 13 },
      itemStyle: { borderWidth: 1, borderColor: "rgba(128, 128, 128, 0.35)" },
    }],
  };
  const height = (rotate === 0 ? 48 : 106) + 32 * methods.length;
  return { heading: null, option, tooltip: "named", shape: "wide", height };
}

/** Of every class and of all together. */
function valuesOf(
  runs: readonly LabelledRun[],
  { ofClass, ofAll }: Measure,
  client: number | null,
): (number | null)[] {
  const found = runs.flatMap((run) => {
    const all = clinicalResults(run)!;
    return client === null ? all : [all[client]];
  });
  const classes = found[0].classes.map((_, c) =>
    ofClass === null ? null : meanOfDefined(found.map(({ classes }) => classes[c][ofClass]))
  );
  return [...classes, meanOfDefined(found.map(ofAll))];
}
