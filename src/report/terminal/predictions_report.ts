// Class probabilities of images for people and programs: a table, CSV rows and lines of JSON.

import { predictClasses } from "../../metrics/classification.ts";
import { percent } from "../format.ts";
import { tableLines } from "../table_lines.ts";
import type { Style } from "./style.ts";

/** What models say of images. */
export interface PredictionTable {
  /** what they are called */
  readonly models: readonly string[];
  /** by index */
  readonly classNames: readonly string[];
  readonly files: readonly {
    readonly file: string;
    /** in [0, 1], `[model][class]` */
    readonly probabilities: readonly (readonly number[])[];
  }[];
  /** images that could not be read */
  readonly failures: readonly { readonly file: string; readonly message: string }[];
}

/** One model's word on one image, or the mean of all. */
interface Row {
  readonly file: string;
  readonly model: string;
  readonly isMean: boolean;
  /** name of the most probable class */
  readonly predicted: string;
  readonly probabilities: readonly number[];
}

/** One line for each image and model; with several models also their mean. */
export function predictionsText(table: PredictionTable, style: Style): string {
  const { models, classNames } = table;
  const named = models.length > 1;
  const header = ["image", ...(named ? ["model"] : []), "class"];
  const lines = rowsOf(table).map(({ file, model, isMean, predicted, probabilities }, index) => {
    const isFirst = index % (named ? models.length + 1 : 1) === 0;
    const own = [...(named ? [model] : []), predicted];
    const shares = probabilities.map((value) => percent(100 * value));
    const cells = [...own, ...shares];
    return [isFirst ? file : "", ...(isMean ? cells.map(style.strong) : cells)];
  });
  const rows = [[...header, ...classNames.map((name) => `${name} %`)], ...lines];
  const alignment = `${"l".repeat(header.length)}${"r".repeat(classNames.length)}`;
  const [first, ...rest] = tableLines(rows, alignment);
  return `${[style.strong(first), ...rest].join("\n")}\n`;
}

/** The same lines as fields, probabilities as they are; the first row names the columns. */
export function predictionsCsv(table: PredictionTable): string[][] {
  const rows = rowsOf(table).map(({ file, model, predicted, probabilities }) => [
    ...[file, model, predicted],
    ...probabilities.map(String),
  ]);
  return [["file", "model", "class", ...table.classNames], ...rows];
}

/** The same lines as objects, then the images that could not be read. */
export function predictionsJson(table: PredictionTable): Record<string, unknown>[] {
  const { classNames, failures } = table;
  const rows = rowsOf(table).map(({ file, model, predicted, probabilities }) => ({
    ...{ file, model, class: predicted },
    probabilities: Object.fromEntries(classNames.map((name, c) => [name, probabilities[c]])),
  }));
  return [...rows, ...failures.map(({ file, message }) => ({ file, error: message }))];
}

function rowsOf({ models, classNames, files }: PredictionTable): Row[] {
  const classes = classNames.length;
  return files.flatMap(({ file, probabilities }) => {
    const row = (model: string, values: readonly number[], isMean = false): Row => {
      const [best] = predictClasses(values, classes);
      return { file, model, isMean, predicted: classNames[best], probabilities: values };
    };
    const rows = models.map((model, index) => row(model, probabilities[index]));
    if (models.length === 1) return rows;
    const mean = classNames.map((_, c) =>
      probabilities.reduce((sum, own) => sum + own[c], 0) / models.length
    );
    return [...rows, row("mean", mean, true)];
  });
}
