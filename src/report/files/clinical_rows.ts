// Clinical metrics of predictions as rows of metrics.csv and as JSON.

import type { ByRole, PredictionsEvent } from "../../federated/events.ts";
import {
  type ClinicalClass,
  type ClinicalMetrics,
  clinicalMetrics,
  type ClinicalOverall,
} from "../../metrics/clinical.ts";

/** Clinical metrics of one model on its client's test images. */
export interface ClinicalJson {
  /** by the class's name */
  readonly classes: Readonly<Record<string, ClinicalClass>>;
  readonly means: ClinicalMetrics["means"];
  readonly overall: Omit<ClinicalOverall, "reliability">;
}

/** What every model says of its client's test images; probabilities that are in no range have no clinical metrics. */
function* judged({ clients, classNames }: PredictionsEvent) {
  for (const { client, labels, probabilities } of clients) {
    for (const [role, scores] of Object.entries(probabilities)) {
      yield { client, role, metrics: clinicalMetrics(labels, scores, classNames.length) };
    }
  }
}

/** By client and role, as `evaluate --metrics --json` has them. */
export function clinicalJson(event: PredictionsEvent): Record<string, ByRole<ClinicalJson>> {
  const found: Record<string, Record<string, ClinicalJson>> = {};
  for (const { client, role, metrics: { classes, means, overall } } of judged(event)) {
    const { reliability: _, ...rest } = overall; // bins are for pictures
    const byClass = event.classNames.map((name, c) => [name, classes[c]]);
    const one = { classes: Object.fromEntries(byClass), means, overall: rest };
    found[client] = { ...found[client], [role]: one };
  }
  return found;
}

/** Columns of metrics.csv for these alone. */
export const clinicalColumns: readonly string[] = [
  ...["class", "sensitivity", "specificity", "balanced_accuracy", "ppv", "npv"],
  ...["weighted_f1", "pr_auc", "mcc", "kappa", "brier", "ece"],
];

/** One model's row: for a class against the rest, or for all together. */
export interface ClinicalRow {
  readonly client: string;
  readonly role: string;
  readonly f1: number | null;
  readonly auc: number | null;
  /** percent; null for one class, which has none of its own */
  readonly accuracy: number | null;
  /** in the order of `clinicalColumns` */
  readonly cells: readonly (string | number | null)[];
}

/** For each model a row of all classes together, whose class is null, and one for each class. */
export function* clinicalRows(event: PredictionsEvent): Generator<ClinicalRow> {
  for (const { client, role, metrics: { classes, means, overall } } of judged(event)) {
    yield {
      ...{ client, role, f1: overall.macroF1, auc: overall.auc, accuracy: overall.accuracy },
      cells: [
        ...[null, means.sensitivity.mean, means.specificity.mean, overall.balancedAccuracy],
        ...[means.ppv.mean, means.npv.mean, overall.weightedF1, means.prAuc.mean],
        ...[overall.mcc, overall.kappa, overall.brier, overall.ece],
      ],
    };
    for (const [c, one] of classes.entries()) {
      yield {
        ...{ client, role, f1: one.f1, auc: one.auc, accuracy: null },
        cells: [
          ...[event.classNames[c], one.sensitivity, one.specificity, one.balancedAccuracy],
          ...[one.ppv, one.npv, null, one.prAuc, one.mcc, one.kappa, one.brier, one.ece],
        ],
      };
    }
  }
}
