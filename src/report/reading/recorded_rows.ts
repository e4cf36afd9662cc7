// One row of metrics.jsonl, held against a schema: files outlive the program that wrote them.

import * as v from "valibot";
import type {
  AggregationEvent,
  DivergenceEvent,
  EpochEvent,
  EvaluationEvent,
  RoundEvent,
  RunEvent,
  StageEvent,
} from "../../federated/events.ts";
import { shown } from "../../io/json.ts";
import { count, held, object, record, text, texts } from "../../io/schema.ts";
import { RunFolderError } from "../run_folder_error.ts";

/** The rows that hold metrics. */
export type MetricsRow = EpochEvent | AggregationEvent | EvaluationEvent;
/** Those, and which clients were put back. */
export type RecordedRow = MetricsRow | DivergenceEvent;
/** What came after the run event and is needed to go on: the reports compare with what was before. */
export type EarlierEvent = RoundEvent | RecordedRow;

type AnyRow = RunEvent | RoundEvent | StageEvent | RecordedRow | { readonly type: "done" };
type MetricsType = MetricsRow["type"] | "stage";

/** Numbers that are not finite were stored as text. */
const number = v.pipe(
  v.custom<number | string>(
    (value) =>
      typeof value === "number" || ["NaN", "Infinity", "-Infinity"].includes(value as string),
    "is no number",
  ),
  v.transform(Number),
);
const metrics = object({
  loss: number,
  accuracy: number,
  f1: number,
  auc: v.nullable(number),
  aucOf: v.optional(object({ defined: count, members: count })),
});
const names = v.pipe(texts, v.minLength(1, "is empty"));
const runRow = object({
  roles: names,
  classNames: names,
  clients: v.array(object({ name: text, train: count, valid: count, test: count }), "is no list"),
  rounds: count,
  localEpochs: count,
  title: v.optional(text),
  shares: v.optional(record(v.nullable(text))),
  fingerprint: v.optional(text),
});
const roundRow = object({ round: count, learningRate: v.number("is no number") });
const divergenceRow = object({ round: count, client: text });

/** Rows with metrics of a run with these roles. */
function metricsRows(roles: readonly string[]): Readonly<Record<MetricsType, v.GenericSchema>> {
  const byRole = object(Object.fromEntries(roles.map((role) => [role, metrics])));
  const clients = (members: v.ObjectEntries) =>
    v.array(object({ client: v.unknown(), test: byRole, ...members }), "is no list");
  const mean = byRole;
  return {
    stage: object({
      ...{ round: count, epoch: count },
      clients: v.array(object({ client: text, decision: v.nullish(byRole) }), "is no list"),
    }),
    epoch: object({
      ...{ round: count, epoch: count, mean },
      clients: clients({ train: v.nullable(byRole) }),
    }),
    evaluation: object({
      ...{ round: count, epoch: count, step: count, mean },
      steps: v.pipe(count, v.minValue(1, "is 0")),
      clients: clients({}),
    }),
    aggregation: object({
      ...{ round: count, test: byRole, valid: byRole, senders: texts, receivers: texts },
      rate: v.nullable(v.number("is no number")),
      clients: clients({ valid: byRole }),
    }),
  };
}

/** Made once for each run. */
const schemas = new WeakMap<RunEvent, ReturnType<typeof metricsRows>>();

const metricsOf = (start: RunEvent) =>
  schemas.getOrInsertComputed(start, () => metricsRows(start.roles));

/**
 * Checks what the report uses of a row; rows that it does not use, known or not, are null.
 *
 * @param start the run row, which says which clients and roles to expect
 * @param where file and line, for the message
 * @throws {RunFolderError} naming file, line and what is wrong
 */
export function readRow(value: unknown, start: RunEvent | null, where: string): AnyRow | null {
  const fail = (problem: string) => new RunFolderError(`Cannot read ${where}: ${problem}`);
  const of = <T extends v.GenericSchema>(schema: T) => held(schema, value, "the row", fail);
  const { type } = of(object({ type: text }));
  switch (type) {
    case "run": {
      if (start !== null) throw fail('a second row of type "run"');
      const run = of(runRow) as unknown as RunEvent;
      for (const role of [run.personalRole, run.sharedRole ?? run.personalRole]) { // null: nothing is shared
        if (!run.roles.includes(role)) {
          throw fail(`role ${shown(role)} is not one of ${run.roles}`);
        }
      }
      return run;
    }
    case "stage": // of participants alone
      if (start === null) throw fail('stage comes before the row of type "run"');
      return of(metricsOf(start)[type]) as unknown as StageEvent;
    case "round":
      return of(roundRow) as unknown as RoundEvent;
    case "epoch":
    case "aggregation":
    case "evaluation": {
      if (start === null) throw fail(`${type} comes before the row of type "run"`);
      expectClients(value as { readonly clients?: unknown }, start, fail);
      return of(metricsOf(start)[type]) as unknown as MetricsRow;
    }
    case "divergence":
      return of(divergenceRow) as unknown as DivergenceEvent;
    case "done":
      return { type };
    default:
      return null;
  }
}

/** All of the run's, in its order; and a stage that is none is told with its client. */
function expectClients(
  { clients }: { readonly clients?: unknown },
  start: RunEvent,
  fail: (problem: string) => Error,
): void {
  if (!Array.isArray(clients)) throw fail("clients is no list");
  clients.forEach((member, index) => {
    const expected = start.clients[index]?.name;
    if (member?.client === expected && expected !== undefined) return;
    throw fail(`client ${shown(member?.client)} comes where ${expected ?? "none"} is expected`);
  });
  for (const { client, stage } of clients) {
    if ([undefined, null, 1, 2, 3, 4].includes(stage)) continue;
    throw fail(`stage ${shown(stage)} of client ${client} is not one of 1 to 4`);
  }
  if (clients.length < start.clients.length) throw fail("clients are missing");
}
