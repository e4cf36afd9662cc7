// Figures of stored predictions: for every run and role a chart of each client.

import type { LabelledRun } from "../reading/method_runs.ts";
import {
  type Figure,
  fileNameOf,
  missingFigure,
  type Panel,
  switchesOf,
  type Variant,
} from "./figure.ts";
import { type ShownClient, shownClients } from "./shown_clients.ts";

/** What has to be there for figures of predictions. */
export const noPredictions =
  "No run folder holds predictions.safetensors, which a run writes when it ends.";

/** What tells one such figure from another. */
export interface PredictionsFigure {
  /** such as "ROC" */
  readonly what: string;
  /** of the personal models' pictures, without extension; null for none */
  readonly file: string | null;
  readonly panel: (client: ShownClient, classNames: readonly string[]) => Panel;
}

/** One chart per client, or of many those that stand for them, for every run and role. */
export function predictionsFigure(
  about: Pick<Figure, "id" | "title" | "caption">,
  runs: readonly LabelledRun[],
  { what, file, panel }: PredictionsFigure,
): Figure {
  const variants = runs.flatMap(({ label, predictions, run }) => {
    if (predictions === null) return [];
    const { classNames, round } = predictions;
    const suffix = runs.length > 1 ? `-${fileNameOf(label)}` : "";
    return run.roles.map((role): Variant => ({
      choices: [role, label],
      title: `Test ${what} of the ${role} models after round ${round + 1}, ${label}`,
      panels: shownClients(predictions, role).map((client) => panel(client, classNames)),
      file: file !== null && role === run.personalRole ? file + suffix : null,
    }));
  });
  if (variants.length === 0) return missingFigure(about, noPredictions);
  return { ...about, switches: switchesOf(["Model", "Run"], variants), variants, missing: null };
}
