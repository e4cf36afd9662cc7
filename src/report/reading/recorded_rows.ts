// One row of metrics.jsonl, checked: files outlive the program that wrote them.

import type {
  AggregationEvent,
  DivergenceEvent,
  EpochEvent,
  EvaluationEvent,
  RoundEvent,
  RunEvent,
} from "../../federated/events.ts";
import type { MeanMetrics } from "../../metrics/classification.ts";
import { isCount, isRecord, shown } from "../../io/json.ts";
import { RunFolderError } from "../run_folder_error.ts";

/** The rows that hold metrics. */
export type MetricsRow = EpochEvent | AggregationEvent | EvaluationEvent;
/** Those, and which clients were put back. */
export type RecordedRow = MetricsRow | DivergenceEvent;
/** What came after the run event and is needed to go on: the reports compare with what was before. */
export type EarlierEvent = RoundEvent | RecordedRow;

type AnyRow = RunEvent | RoundEvent | RecordedRow | { readonly type: "done" };
type Json = Record<string, unknown>;

/**
 * Checks what the report uses of a row; rows that it does not use, known or not, are null.
 *
 * @param start the run row, which says which clients and roles to expect
 * @param where file and line, for the message
 * @throws {RunFolderError} naming file, line and what is wrong
 */
export function readRow(value: unknown, start: RunEvent | null, where: string): AnyRow | null {
  const check = new Check(where);
  const row = check.object(value, "the row");
  const type = check.text(row.type, "type");
  switch (type) {
    case "run":
      if (start !== null) throw check.error('a second row of type "run"');
      return runRow(row, check);
    case "round":
      return roundRow(row, check);
    case "epoch":
    case "aggregation":
    case "evaluation":
      if (start === null) throw check.error(`${type} comes before the row of type "run"`);
      return metricsRow(row, type, start, check);
    case "divergence":
      return divergenceRow(row, check);
    case "done":
      return { type };
    default:
      return null;
  }
}

function runRow(row: Json, check: Check): RunEvent {
  check.names(row.roles, "roles");
  check.names(row.classNames, "classNames");
  for (const value of check.list(row.clients, "clients")) {
    const client = check.object(value, "a client");
    check.text(client.name, "a client's name");
    for (const split of ["train", "valid", "test"]) {
      check.count(client[split], `a client's ${split}`);
    }
  }
  check.count(row.rounds, "rounds");
  check.count(row.localEpochs, "localEpochs");
  if (row.shares !== undefined) {
    for (const how of Object.values(check.object(row.shares, "shares"))) {
      if (how !== null) check.text(how, "what is shared");
    }
  }
  if (row.fingerprint !== undefined) check.text(row.fingerprint, "fingerprint");
  const run = row as unknown as RunEvent;
  for (const role of [run.personalRole, run.sharedRole ?? run.personalRole]) { // null: nothing is shared
    if (!run.roles.includes(role)) {
      throw check.error(`role ${shown(role)} is not one of ${run.roles}`);
    }
  }
  return run;
}

function roundRow(row: Json, check: Check): RoundEvent {
  check.count(row.round, "round");
  if (typeof row.learningRate !== "number") throw check.error("learningRate is no number");
  return row as unknown as RoundEvent;
}

function divergenceRow(row: Json, check: Check): DivergenceEvent {
  check.count(row.round, "round");
  check.text(row.client, "client");
  return row as unknown as DivergenceEvent;
}

function metricsRow(
  row: Json,
  type: MetricsRow["type"],
  start: RunEvent,
  check: Check,
): MetricsRow {
  check.count(row.round, "round");
  if (type !== "aggregation") check.count(row.epoch, "epoch");
  if (type === "evaluation") {
    check.count(row.step, "step");
    if (check.count(row.steps, "steps") < 1) throw check.error("steps is 0");
  }
  const byRole = (value: unknown, what: string) => {
    const all = check.object(value, what);
    return Object.fromEntries(
      start.roles.map((role) => [role, check.metrics(all[role], `${what}.${role}`)]),
    );
  };
  const clients = check.list(row.clients, "clients").map((value, index) => {
    const client = check.object(value, "a client");
    const expected = start.clients[index]?.name;
    if (client.client !== expected) {
      const found = shown(client.client);
      throw check.error(`client ${found} comes where ${expected ?? "none"} is expected`);
    }
    const test = byRole(client.test, `${expected}.test`);
    if (type === "epoch" && client.stage !== undefined && client.stage !== null) {
      if (![1, 2, 3, 4].includes(client.stage as number)) {
        throw check.error(
          `stage ${shown(client.stage)} of client ${expected} is not one of 1 to 4`,
        );
      }
    }
    if (type === "aggregation") {
      return { ...client, test, valid: byRole(client.valid, `${expected}.valid`) };
    }
    if (type !== "epoch") return { ...client, test };
    const satOut = client.train === null;
    return { ...client, test, train: satOut ? null : byRole(client.train, `${expected}.train`) };
  });
  if (clients.length < start.clients.length) throw check.error("clients are missing");
  const means = type === "aggregation" ? ["test", "valid"] : ["mean"];
  if (type === "aggregation") {
    for (const name of ["senders", "receivers"]) {
      check.list(row[name], name).forEach((client) => check.text(client, name));
    }
    if (row.rate !== null && typeof row.rate !== "number") throw check.error("rate is no number");
  }
  return {
    ...row,
    clients,
    ...Object.fromEntries(means.map((mean) => [mean, byRole(row[mean], mean)])),
  } as unknown as MetricsRow;
}

/** Reads values or says what is wrong with them. */
class Check {
  constructor(private readonly where: string) {}

  error(problem: string): RunFolderError {
    return new RunFolderError(`Cannot read ${this.where}: ${problem}`);
  }

  object(value: unknown, what: string): Json {
    if (isRecord(value)) return value;
    throw this.error(`${what} is no object`);
  }

  list(value: unknown, what: string): unknown[] {
    if (Array.isArray(value)) return value;
    throw this.error(`${what} is no list`);
  }

  names(value: unknown, what: string): string[] {
    const list = this.list(value, what).map((name) => this.text(name, what));
    if (list.length > 0) return list;
    throw this.error(`${what} is empty`);
  }

  text(value: unknown, what: string): string {
    if (typeof value === "string") return value;
    throw this.error(`${what} is no text`);
  }

  count(value: unknown, what: string): number {
    if (isCount(value)) return value;
    throw this.error(`${what} is no whole number of at least 0`);
  }

  /** Numbers that are not finite were stored as text. */
  metrics(value: unknown, what: string): MeanMetrics {
    const { loss, accuracy, f1, auc, aucOf } = this.object(value, what);
    const number = (value: unknown, name: string) => {
      if (typeof value === "number") return value;
      if (["NaN", "Infinity", "-Infinity"].includes(value as string)) return Number(value);
      throw this.error(`${what}.${name} is no number`);
    };
    return {
      loss: number(loss, "loss"),
      accuracy: number(accuracy, "accuracy"),
      f1: number(f1, "f1"),
      auc: auc === null ? null : number(auc, "auc"),
      ...(aucOf === undefined ? {} : { aucOf: this.#members(aucOf, `${what}.aucOf`) }),
    };
  }

  #members(value: unknown, what: string): NonNullable<MeanMetrics["aucOf"]> {
    const { defined, members } = this.object(value, what);
    return {
      defined: this.count(defined, `${what}.defined`),
      members: this.count(members, `${what}.members`),
    };
  }
}
