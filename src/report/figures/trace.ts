// One metric of one model along a run, with the value on both sides of every communication.

import { meanMetrics, type Metrics } from "../../metrics/classification.ts";
import type { RecordedHistory } from "../reading/progress.ts";
import type { MetricsRow } from "../reading/recorded_rows.ts";

/** One evaluation. */
export interface TracePoint {
  /** local epochs done */
  readonly x: number;
  /** whether the server's weights had just arrived; at the end of a round there is one point before and one after */
  readonly after: boolean;
  /** null: n/a */
  readonly value: number | null;
}

/** What is followed. */
export interface TraceChoice {
  readonly split: "train" | "test";
  readonly role: string;
  /** null: the mean over clients */
  readonly client: string | null;
  readonly metric: keyof Metrics;
}

/** All evaluations of one model in the order of training. */
export function trace({ run, rows }: RecordedHistory, choice: TraceChoice): TracePoint[] {
  const points = new Map<string, TracePoint>();
  for (const row of rows) {
    if (row.type === "divergence") continue;
    const metrics = metricsOf(row, choice);
    if (metrics === null) continue;
    const point = { ...timeOf(row, run.localEpochs), value: metrics[choice.metric] };
    points.set(`${point.x} ${point.after}`, point); // the last step of an epoch is evaluated twice
  }
  return [...points.values()].sort(byTime);
}

/** A sentence for captions, with a space before it, where mean AUCs are over fewer clients than there are; else nothing. */
export function fewerClientsWords(histories: readonly RecordedHistory[]): string {
  const defined = histories.flatMap(({ run, rows }) =>
    rows.flatMap((row) => {
      if (row.type === "divergence") return [];
      const results = row.clients.map(({ test }) => test[run.personalRole]);
      return results.filter(({ auc }) => auc !== null).length;
    }).filter((count) => count > 0 && count < run.clients.length)
  );
  if (defined.length === 0) return "";
  const { length } = histories[0].run.clients;
  return ` Clients whose test images are all of one class have no AUC: its means are over ${
    Math.min(...defined)
  } of ${length} clients where they are over fewest.`;
}

/** Order along the axis: before a communication, then after it. */
export function byTime(a: Omit<TracePoint, "value">, b: Omit<TracePoint, "value">): number {
  return a.x - b.x || Number(a.after) - Number(b.after);
}

/** Local epochs done at each communication so far. */
export function communications({ run, rows }: RecordedHistory): number[] {
  return rows.filter(({ type }) => type === "aggregation")
    .map(({ round }) => (round + 1) * run.localEpochs);
}

function timeOf(row: MetricsRow, localEpochs: number): Omit<TracePoint, "value"> {
  const start = row.round * localEpochs;
  switch (row.type) {
    case "epoch":
      return { x: start + row.epoch + 1, after: false };
    case "aggregation":
      return { x: start + localEpochs, after: true };
    case "evaluation": // before the first step of a round nothing has changed since the communication
      return { x: start + row.epoch + row.step / row.steps, after: row.epoch + row.step === 0 };
  }
}

function metricsOf(row: MetricsRow, { split, role, client }: TraceChoice): Metrics | null {
  if (split === "train") {
    if (row.type !== "epoch") return null;
    const taking = row.clients.filter((member) => client === null || member.client === client)
      .map(({ train }) => train?.[role]).filter((metrics) => metrics !== undefined);
    return taking.length === 0 ? null : meanMetrics(taking); // nobody trained
  }
  if (client !== null) return row.clients.find((other) => other.client === client)!.test[role];
  return (row.type === "aggregation" ? row.test : row.mean)[role];
}
