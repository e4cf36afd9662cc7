// Whose predictions are drawn: every client's, or of many all together and three that stand for them.

import { macroF1, predictClasses } from "../../metrics/classification.ts";
import type { Predictions } from "../files/predictions.ts";
import { percent } from "../format.ts";
import { areMany } from "../many_clients.ts";

/** Test labels, and what the models of one role say, of one client or of all. */
export interface ShownClient {
  readonly heading: string;
  readonly labels: Int32Array;
  /** row-major `[images, classes]` */
  readonly scores: Float32Array;
}

/** Each has a chart. */
export function shownClients({ clients, classNames }: Predictions, role: string): ShownClient[] {
  const all = clients.map(({ client, labels, probabilities }) => ({
    heading: `Client ${client}`,
    labels,
    scores: probabilities[role],
  }));
  if (!areMany(all)) return all;
  const f1 = (one: ShownClient) =>
    macroF1(one.labels, predictClasses(one.scores, classNames.length));
  const ordered = all.map((one) => ({ ...one, f1: f1(one) })).sort((a, b) => a.f1 - b.f1);
  const chosen = { worst: 0, median: ordered.length >> 1, best: ordered.length - 1 };
  return [
    {
      heading: `All ${all.length} clients together`,
      labels: Int32Array.from(all.flatMap(({ labels }) => [...labels])),
      scores: Float32Array.from(all.flatMap(({ scores }) => [...scores])),
    },
    ...Object.entries(chosen).map(([which, place]) => {
      const { heading, f1, ...one } = ordered[place];
      return { ...one, heading: `${heading}: the ${which}, F1 ${percent(f1)}` };
    }),
  ];
}
