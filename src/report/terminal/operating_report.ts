// Operating points of models, for people and programs: thresholds chosen on validation images, judged on others.

import {
  operateAt,
  type OperatingPoint,
  thresholdAtSpecificity,
  youdenThreshold,
} from "../../metrics/operating_point.ts";
import { percent } from "../format.ts";
import { tableLines } from "../table_lines.ts";
import type { JudgedImages } from "./clinical_report.ts";
import type { Style } from "./style.ts";

/** What one model said of its validation images and of those by which its thresholds are judged. */
export interface OperatedModel {
  readonly chosenOn: JudgedImages;
  readonly judged: JudgedImages;
}

/** The ways to choose a threshold. */
const ways: readonly {
  readonly key: string;
  readonly words: string;
  readonly choose: (...of: Parameters<typeof youdenThreshold>) => number;
}[] = [
  { key: "youden", words: "Youden's J", choose: youdenThreshold },
  ...[90, 95].map((specificity) => ({
    key: `specificity ${specificity}`,
    words: `specificity ≥ ${specificity} %`,
    choose: (...of: Parameters<typeof youdenThreshold>) =>
      thresholdAtSpecificity(...of, specificity),
  })),
];

/** A point for each way; null where the validation images are all of the class or none is. */
function pointsOf(
  { chosenOn, judged }: OperatedModel,
  positive: number,
): (OperatingPoint | null)[] {
  const classes = judged.classNames.length;
  const members = chosenOn.labels.filter((label) => label === positive).length;
  if (members === 0 || members === chosenOn.labels.length) return ways.map(() => null);
  return ways.map(({ choose }) => {
    const threshold = choose(chosenOn.labels, chosenOn.probabilities, classes, positive);
    return operateAt(judged.labels, judged.probabilities, classes, positive, threshold);
  });
}

/** One table of all models. */
export function operatingText(
  models: readonly OperatedModel[],
  positive: number,
  style: Style,
): string {
  const { classNames, split } = models[0].judged;
  const rows = models.flatMap((model) =>
    pointsOf(model, positive).map((point, way) => [
      way === 0 ? `${model.judged.label} on ${model.judged.data}` : "",
      ways[way].words,
      ...(point === null ? Array(5).fill("n/a") : [
        point.threshold === Infinity ? "none called" : point.threshold.toFixed(3),
        ...[point.sensitivity, point.specificity, point.ppv, point.npv].map(percent),
      ]),
    ])
  );
  const [head, ...body] = tableLines([
    ["model", "threshold chosen by", "from", "sens.", "spec.", "PPV", "NPV"],
    ...rows,
  ], "llrrrrr");
  return [
    "",
    `Operating points of ${
      classNames[positive]
    } against the rest, in %: thresholds chosen on the valid split, judged on ` +
    `${split}; n/a where the valid split has no such image or no other.`,
    "",
    style.strong(head),
    ...body,
    "",
  ].join("\n");
}

/** One object for each model; a threshold of null calls no image positive. */
export function operatingJson(
  models: readonly OperatedModel[],
  positive: number,
): Record<string, unknown>[] {
  return models.map((model) => {
    const { path, client, role, round, data, split, classNames } = model.judged;
    const points = pointsOf(model, positive).map((point, way) => {
      if (point === null) return { chosen: ways[way].key, threshold: null, isKnown: false };
      const { threshold, ...rates } = point;
      const finite = threshold === Infinity ? null : threshold;
      return { chosen: ways[way].key, threshold: finite, isKnown: true, ...rates };
    });
    return {
      type: "operating points",
      ...{ checkpoint: path, client, role, round, data, split, class: classNames[positive] },
      points,
    };
  });
}
