// Clinical metrics of a run's personal models after the last communication, by the predictions that it stored.

import { type ClinicalMetrics, clinicalMetrics } from "../../metrics/clinical.ts";
import type { Predictions } from "../files/predictions.ts";
import type { RecordedRun } from "./recorded_run.ts";
import { predictionsAt } from "./result_draws.ts";

/** By what they were made from: every metric and client of the figure needs the same. */
const known = new WeakMap<Predictions, readonly ClinicalMetrics[]>();

/** Of each client, in the order of the run's; null where the run stored no predictions. */
export function clinicalResults(recorded: RecordedRun): readonly ClinicalMetrics[] | null {
  const predictions = predictionsAt(recorded, "after");
  if (predictions === null) return null;
  const { classNames: { length: classes }, clients } = predictions;
  const found = known.get(predictions) ??
    clients.map(({ labels, probabilities }) =>
      clinicalMetrics(labels, probabilities[recorded.run.personalRole], classes)
    );
  known.set(predictions, found);
  return found;
}
