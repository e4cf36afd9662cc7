// Retrogress: how far the server's weights throw a client's model back, and how long it lasts.

import type { AggregationEvent, EpochEvent, SimulationEvent } from "../federated/events.ts";
import { meanMetrics, type Metrics } from "./classification.ts";
import { meanOfDefined } from "./statistics.ts";

/** One metric around one communication. */
export interface Drop {
  /** after the last local epoch before the communication, percent; null: n/a */
  readonly before: number | null;
  /** right after the communication, percent; null: n/a */
  readonly after: number | null;
  /** before minus after, percentage points: positive if the communication did harm; null: n/a */
  readonly depth: number | null;
  /**
   * Local epochs until `before` is reached again, counted on through later communications: 0 if
   * nothing was lost, null if it was never reached.
   */
  readonly recoveryEpochs: number | null;
}

/** Both metrics of one client, or of the mean over several, around one communication. */
export interface Drops {
  readonly f1: Drop;
  readonly auc: Drop;
}

/** One communication. */
export interface Communication {
  readonly round: number;
  /** those that received something: the others' models did not change */
  readonly clients: readonly ({ readonly client: string } & Drops)[];
  /** of the metrics' means over these clients */
  readonly mean: Drops;
}

/** Retrogress of a whole run. */
export interface Retrogress {
  /** the role that was followed */
  readonly role: string;
  readonly communications: readonly Communication[];
  /** mean over communications of the depth of `mean`, percentage points; null without any */
  readonly meanDepth: { readonly f1: number | null; readonly auc: number | null };
}

/** How often and how soon what a communication took was regained. */
export interface Recovery {
  readonly communications: number;
  /** after how many of them the value before was reached again; nothing lost counts too */
  readonly regained: number;
  /** mean local epochs that this took; null if it never was */
  readonly meanEpochs: number | null;
}

/** Gives the followed model's test metrics of one client, or the mean over several, in an event. */
type Pick = (event: EpochEvent | AggregationEvent) => Metrics;
type MetricName = "f1" | "auc";

/**
 * Measures the retrogress of the models that receive the server's weights, on the test split. Clients that
 * receive nothing do not count, and a round in which nobody does has no communication.
 *
 * @param events of one run in their order; those that are no epochs or aggregations are skipped
 * @param options `role` that is followed, by default PRR-FL's `deputy`
 * @throws {RangeError} if the events have no such role
 */
export function retrogress(
  events: Iterable<SimulationEvent>,
  options: { readonly role?: string } = {},
): Retrogress {
  const { role = "deputy" } = options;
  const history = [...events].filter((event) =>
    event.type === "epoch" || event.type === "aggregation"
  );
  const communications = history.flatMap((event, index) =>
    event.type === "aggregation" && event.receivers.length > 0
      ? [communicationAt(history, index, role)]
      : []
  );
  const meanDepth = (metric: MetricName) =>
    meanOfDefined(communications.map(({ mean }) => mean[metric].depth));
  return { role, communications, meanDepth: { f1: meanDepth("f1"), auc: meanDepth("auc") } };
}

/** Sums up the recovery of a metric's mean over clients. */
export function recovery({ communications }: Retrogress, metric: MetricName): Recovery {
  const epochs = communications.map(({ mean }) => mean[metric].recoveryEpochs)
    .filter((epochs) => epochs !== null);
  return {
    communications: communications.length,
    regained: epochs.length,
    meanEpochs: meanOfDefined(epochs),
  };
}

function communicationAt(
  history: readonly (EpochEvent | AggregationEvent)[],
  index: number,
  role: string,
): Communication {
  const after = history[index] as AggregationEvent;
  const before = history.slice(0, index).findLast((event) => event.type === "epoch");
  const later = history.slice(index + 1).filter((event) => event.type === "epoch");
  const drops = (pick: Pick): Drops => ({
    f1: dropOf("f1", pick, before, after, later),
    auc: dropOf("auc", pick, before, after, later),
  });
  const ofClient = (k: number): Pick => (event) => ofRole(event.clients[k].test, role);
  const receivers = [...after.clients.keys()]
    .filter((k) => after.receivers.includes(after.clients[k].client));
  return {
    round: after.round,
    clients: receivers.map((k) => ({ client: after.clients[k].client, ...drops(ofClient(k)) })),
    mean: drops((event) => meanMetrics(receivers.map((k) => ofClient(k)(event)))),
  };
}

function dropOf(
  metric: MetricName,
  pick: Pick,
  beforeEvent: EpochEvent | undefined,
  afterEvent: AggregationEvent,
  later: readonly EpochEvent[],
): Drop {
  const before = beforeEvent ? pick(beforeEvent)[metric] : null;
  const after = pick(afterEvent)[metric];
  if (before === null || after === null) {
    return { before, after, depth: null, recoveryEpochs: null };
  }
  const regained = [after, ...later.map((event) => pick(event)[metric])]
    .findIndex((value) => value !== null && value >= before);
  return {
    before,
    after,
    depth: before - after,
    recoveryEpochs: regained < 0 ? null : regained,
  };
}

function ofRole(metrics: Readonly<Record<string, Metrics>>, role: string): Metrics {
  if (!Object.hasOwn(metrics, role)) {
    const roles = Object.keys(metrics).join(", ");
    throw new RangeError(
      `Cannot measure retrogress: events have no role "${role}", only ${roles}`,
    );
  }
  return metrics[role];
}
