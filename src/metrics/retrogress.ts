// Retrogress: how far the server's weights throw a client's model back, and how long it lasts.

import type { AggregationEvent, EpochEvent, SimulationEvent } from "../federated/events.ts";
import { meanMetrics, type Metrics } from "./classification.ts";
import type { MetricChange } from "./falls.ts";
import { meanOfDefined } from "./statistics.ts";

/** Both metrics of one client, or of the mean over several, around one communication. */
export interface Changes {
  /** of the macro F1, percent */
  readonly f1: MetricChange;
  /** of the one-against-rest AUC, percent */
  readonly auc: MetricChange;
}

/** One communication. */
export interface Communication {
  /** counted from 0 */
  readonly round: number;
  /** those that trained in the round and received: of the others there is nothing to compare */
  readonly clients: readonly ({ readonly client: string } & Changes)[];
  /** of the metrics' means over these clients */
  readonly mean: Changes;
}

/** Retrogress of a whole run. */
export interface Retrogress {
  /** the role that was followed */
  readonly role: string;
  /** in their order */
  readonly communications: readonly Communication[];
  /** mean over communications of the change of `mean`, percentage points; null without any */
  readonly meanChange: { readonly f1: number | null; readonly auc: number | null };
}

/** Gives the followed model's test metrics of one client, or the mean over several, in an event. */
type Pick = (event: EpochEvent | AggregationEvent) => Metrics;
type MetricName = "f1" | "auc";

/**
 * Measures the retrogress of the models that receive the server's weights, on the test split. `docs/metrics.md` has
 * the definition in words and as a formula. Clients count that trained in the round and received: who sat the round
 * out, or was put back because its numbers went bad, brings a value from before it. A round without any has no
 * communication here.
 *
 * @param events of one run in their order; those that tell nothing of this are skipped
 * @param options `role` that is followed, by default the run event's shared role; without a run event the only
 *   role, or PRR-FL's `deputy`
 * @throws {TypeError} for no events or unknown options, {RangeError} if the events have no such role
 */
export function retrogress(
  events: Iterable<SimulationEvent>,
  options: { readonly role?: string } = {},
): Retrogress {
  if (typeof events?.[Symbol.iterator] !== "function") {
    throw new TypeError("Cannot measure retrogress: a list of a run's events is expected");
  }
  const unknown = Object.keys(options).find((name) => name !== "role");
  if (unknown !== undefined) {
    throw new TypeError(`Cannot measure retrogress: there is no option "${unknown}"; known: role`);
  }
  const all = [...events];
  const history = all.filter((event) => event.type === "epoch" || event.type === "aggregation");
  const role = options.role ?? defaultRole(all);
  const communications = history.flatMap((event, index) => {
    if (event.type !== "aggregation") return [];
    const earlier = history.slice(0, index).filter((before) => before.type === "epoch");
    const before = earlier.findLast(({ round }) => round === event.round) ?? null;
    const clients = comparableClients(event, before, putBack(all, event.round));
    const later = history.slice(index + 1).filter((after) => after.type === "epoch");
    return clients.length === 0 ? [] : [communicationOf(clients, { before, event, later }, role)];
  });
  const meanChange = (metric: MetricName) =>
    meanOfDefined(communications.map(({ mean }) => mean[metric].change));
  return { role, communications, meanChange: { f1: meanChange("f1"), auc: meanChange("auc") } };
}

function defaultRole(events: readonly SimulationEvent[]): string {
  const run = events.find((event) => event.type === "run");
  if (run) return run.sharedRole ?? run.personalRole;
  const epoch = events.find((event) => event.type === "epoch");
  const roles = Object.keys(epoch?.mean ?? {});
  return roles.length === 1 ? roles[0] : "deputy";
}

/** Clients whose numbers have gone bad in a round: their models are those from before it. */
function putBack(events: readonly SimulationEvent[], round: number): Set<string> {
  return new Set(
    events.flatMap((event) =>
      event.type === "divergence" && event.round === round ? [event.client] : []
    ),
  );
}

/** By their index. Without an epoch nobody knows who trained, and nothing is known from before. */
function comparableClients(
  { clients, receivers }: AggregationEvent,
  before: EpochEvent | null,
  putBack: ReadonlySet<string>,
): number[] {
  return [...clients.keys()].filter((k) => {
    const { client } = clients[k];
    return receivers.includes(client) && !putBack.has(client) &&
      before?.clients[k].train !== null;
  });
}

/** What is known around a communication. */
interface Around {
  /** the last local epoch of its round */
  readonly before: EpochEvent | null;
  readonly event: AggregationEvent;
  /** all local epochs that followed, through later communications */
  readonly later: readonly EpochEvent[];
}

function communicationOf(clients: readonly number[], around: Around, role: string): Communication {
  const changes = (pick: Pick): Changes => ({
    f1: changeOf("f1", pick, around),
    auc: changeOf("auc", pick, around),
  });
  const ofClient = (k: number): Pick => (event) => ofRole(event.clients[k].test, role);
  return {
    round: around.event.round,
    clients: clients.map((k) => ({
      client: around.event.clients[k].client,
      ...changes(ofClient(k)),
    })),
    mean: changes((event) => meanMetrics(clients.map((k) => ofClient(k)(event)))),
  };
}

function changeOf(metric: MetricName, pick: Pick, around: Around): MetricChange {
  const before = around.before && pick(around.before)[metric];
  const after = pick(around.event)[metric];
  if (before === null || after === null) return { before, after, change: null, recovery: null };
  const change = after - before;
  if (change >= 0) return { before, after, change, recovery: null };
  const found = around.later.findIndex((event) => (pick(event)[metric] ?? -1) >= before);
  const recovery = found < 0
    ? { regained: false, epochs: around.later.length }
    : { regained: true, epochs: found + 1 };
  return { before, after, change, recovery };
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
