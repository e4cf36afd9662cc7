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

/** What every model says of its client's test images. */
function* judged({ clients, classNames }: PredictionsEvent) {
  for (const { client, labels, probabilities } of clients) {
    for (const [role, scores] of Object.entries(probabilities)) {
      yield { client, role, metrics: clinicalMetrics(labels, scores, classNames.length) };
    }
  }
}

/** By client and role, as `evaluate --metrics --json` has them, without the bins of reliability diagrams. */
export function clinicalJson(event: PredictionsEvent): Record<string, ByRole<ClinicalJson>> {
  const found: Record<string, Record<string, ClinicalJson>> = {};
  for (const { client, role, metrics: { classes, means, overall } } of judged(event)) {
    const { reliability: _, ...rest } = overall;
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

/** By column, for each model a row of all classes together, whose class is null, and one for each class. */
export function* clinicalRows(
  event: PredictionsEvent,
): Generator<Readonly<Record<string, string | number | null>>> {
  for (const { client, role, metrics: { classes, means, overall } } of judged(event)) {
    yield {
      ...{ client, role, class: null },
      ...{ f1: overall.macroF1, auc: overall.auc, accuracy: overall.accuracy },
      sensitivity: means.sensitivity.mean,
      specificity: means.specificity.mean,
      balanced_accuracy: overall.balancedAccuracy,
      ...{ ppv: means.ppv.mean, npv: means.npv.mean },
      ...{ weighted_f1: overall.weightedF1, pr_auc: means.prAuc.mean },
      ...{ mcc: overall.mcc, kappa: overall.kappa, brier: overall.brier, ece: overall.ece },
    };
    for (const [c, { images: _, balancedAccuracy, prAuc, ...one }] of classes.entries()) {
      const names = { balanced_accuracy: balancedAccuracy, pr_auc: prAuc };
      yield { client, role, class: event.classNames[c], ...one, ...names };
    }
  }
}
