// Every model on every client's data: how good it is at home, and how good elsewhere.

import { meanMetrics, type Metrics } from "./classification.ts";

/** A model and what it says of the images of each client. */
export interface CrossEvaluation {
  /** the client that trained it; null where that is unknown */
  readonly client: string | null;
  /** by the client whose images they are */
  readonly metrics: ReadonlyMap<string, Metrics>;
}

/** Means that tell a specialist from a generalist; null where there is nothing to average. */
export interface HomeAndAway {
  /** on the model's own client's images: the diagonal of the matrix */
  readonly own: Metrics | null;
  /** on those of all others, each client counting the same: off the diagonal */
  readonly others: Metrics | null;
}

/** Means over models, which are those over the diagonal and off it if every client has one model. */
export function homeAndAway(models: readonly CrossEvaluation[]): HomeAndAway {
  const known = models.filter(({ client }) => client !== null);
  const own = known.flatMap(({ client, metrics }) => metrics.get(client!) ?? []);
  const others = known.flatMap(({ client, metrics }) =>
    [...metrics].flatMap(([data, values]) => data === client ? [] : values)
  );
  return { own: meanOrNull(own), others: meanOrNull(others) };
}

function meanOrNull(list: readonly Metrics[]): Metrics | null {
  return list.length === 0 ? null : meanMetrics(list);
}
