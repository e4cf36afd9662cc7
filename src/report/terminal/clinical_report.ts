// Clinical metrics of models on their own clients' images, for people and programs: tables and lines of JSON.

import { type BootstrapInterval, bootstrapInterval } from "../../metrics/bootstrap.ts";
import { confusionMatrix, predictClasses } from "../../metrics/classification.ts";
import {
  type ClinicalClass,
  type ClinicalMeasure,
  type ClinicalMetrics,
  clinicalMetrics,
} from "../../metrics/clinical.ts";
import { resampledMacroF1, resampledRocAuc } from "../../metrics/resampled.ts";
import { counted, independenceWords, percent } from "../format.ts";
import { tableLines } from "../table_lines.ts";
import type { Style } from "./style.ts";

/** What one model said of the images of one client. */
export interface JudgedImages {
  /** what the model is called in tables */
  readonly label: string;
  readonly path: string;
  readonly client: string | null;
  readonly role: string | null;
  /** counted from 0 */
  readonly round: number | null;
  /** whose images they are */
  readonly data: string;
  readonly split: string;
  readonly classNames: readonly string[];
  /** `[n]` */
  readonly labels: Int32Array;
  /** `[n]`: equal for images of one lesion or patient; absent where the data do not tell */
  readonly groups?: readonly (string | null)[];
  /** row-major `[n, classes]` */
  readonly probabilities: Float32Array;
}

/** Columns of the tables, in their order. */
const columns: readonly {
  readonly key: ClinicalMeasure;
  readonly title: string;
  readonly show: (value: number | null) => string;
}[] = [
  { key: "sensitivity", title: "sens.", show: percent },
  { key: "specificity", title: "spec.", show: percent },
  { key: "balancedAccuracy", title: "bal.acc.", show: percent },
  { key: "ppv", title: "PPV", show: percent },
  { key: "npv", title: "NPV", show: percent },
  { key: "f1", title: "F1", show: percent },
  { key: "auc", title: "AUC", show: percent },
  { key: "prAuc", title: "PR-AUC", show: percent },
  { key: "ece", title: "ECE", show: percent },
  { key: "mcc", title: "MCC", show: plain },
  { key: "kappa", title: "kappa", show: plain },
  { key: "brier", title: "Brier", show: plain },
];

/** One table for each model, and lines of what holds for all classes together. */
export function clinicalText(list: readonly JudgedImages[], style: Style): string {
  const lines = list.flatMap((judged) => {
    const metrics = clinicalMetricsOf(judged);
    const { label, data, split, labels } = judged;
    const images = counted(labels.length, "image");
    return [
      "",
      style.strong(`${label} on ${data}, ${split} split, ${images}`),
      ...tableLines(tableOf(metrics, judged.classNames), `l${"r".repeat(columns.length + 1)}`),
      ...overallLines(metrics, intervalsOf(judged)),
    ];
  });
  return `${[...headLines(list), ...lines].join("\n")}\n`;
}

/** One object for each model. */
export function clinicalJson(list: readonly JudgedImages[]): Record<string, unknown>[] {
  return list.map((judged) => {
    const { path, client, role, round, data, split, classNames, labels } = judged;
    const { classes, means, overall } = clinicalMetricsOf(judged);
    const predictions = predictClasses(judged.probabilities, classNames.length);
    return {
      type: "clinical",
      ...{ checkpoint: path, client, role, round, data, split, images: labels.length },
      classes: Object.fromEntries(classNames.map((name, c) => [name, classes[c]])),
      ...{ means, overall },
      intervals: intervalsOf(judged),
      confusion: confusionMatrix(labels, predictions, classNames.length),
    };
  });
}

function headLines(list: readonly JudgedImages[]): string[] {
  const drawn = independenceWords(list.some(({ groups }) => groups !== undefined));
  return [
    "",
    "Clinical metrics: each class against the rest; rates in %; MCC, kappa and Brier score as they are.",
    `In brackets: 95 % intervals over images (bootstrap), ${drawn}.`,
  ];
}

function clinicalMetricsOf({ labels, probabilities, classNames }: JudgedImages): ClinicalMetrics {
  return clinicalMetrics(labels, probabilities, classNames.length);
}

/** Of what the results of a run are stated in. */
function intervalsOf(
  { labels, groups, probabilities, classNames: { length: classes } }: JudgedImages,
): Readonly<Record<"f1" | "auc", BootstrapInterval>> {
  const predictions = predictClasses(probabilities, classes);
  const options = groups
    ? { groups: groups.map((group, row) => group === null ? `image ${row}` : `group ${group}`) }
    : {};
  return {
    f1: bootstrapInterval(labels, resampledMacroF1(labels, predictions), options),
    auc: bootstrapInterval(labels, resampledRocAuc(labels, probabilities, classes), options),
  };
}

function tableOf({ classes, means }: ClinicalMetrics, names: readonly string[]): string[][] {
  const row = (name: string, { images, ...values }: ClinicalClass) => [
    name,
    String(images),
    ...columns.map(({ key, show }) => show(values[key])),
  ];
  const meanRow = columns.map(({ key, show }) => {
    const { mean, classes: defined } = means[key];
    const isPart = defined > 0 && defined < names.length;
    return show(mean) + (isPart ? ` (${defined} of ${names.length})` : "");
  });
  return [
    ["class", "images", ...columns.map(({ title }) => title)],
    ...classes.map((values, c) => row(names[c], values)),
    ["mean", "", ...meanRow],
  ];
}

function overallLines(
  { overall }: ClinicalMetrics,
  { f1, auc }: ReturnType<typeof intervalsOf>,
): string[] {
  const first = [
    `accuracy ${percent(overall.accuracy)}`,
    `balanced accuracy ${percent(overall.balancedAccuracy)}`,
    `macro F1 ${percent(overall.macroF1)}${bracketed(f1)}`,
    `weighted F1 ${percent(overall.weightedF1)}`,
  ];
  const second = [
    `AUC ${percent(overall.auc)}${bracketed(auc)}`,
    `MCC ${plain(overall.mcc)}`,
    `kappa ${plain(overall.kappa)}`,
    `Brier ${plain(overall.brier)}`,
    `ECE of the predicted class ${percent(overall.ece)}`,
  ];
  return [`  all classes: ${first.join(", ")},`, `  ${second.join(", ")}`];
}

function bracketed({ low, high }: BootstrapInterval): string {
  return low === null || high === null ? "" : ` [${percent(low)}, ${percent(high)}]`;
}

/** "0.712", "−0.040"; "n/a" for null. */
function plain(value: number | null): string {
  return value === null ? "n/a" : value.toFixed(3).replace("-", "−");
}
