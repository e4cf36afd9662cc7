// Client-rounds that were skipped because the client's numbers went bad.

import { counted } from "../format.ts";
import type { RecordedRow } from "./recorded_rows.ts";

/** A client-round is one client's part in one round. */
export interface SkippedRounds {
  readonly skipped: number;
  /** those that began, skipped ones included */
  readonly begun: number;
  /** how many of each client were skipped, of those that have any */
  readonly byClient: ReadonlyMap<string, number>;
}

/** Counts each client at most once a round. */
export function skippedRounds(rows: readonly RecordedRow[]): SkippedRounds {
  const skipped = new Map<string, string>();
  const begun = new Set<string>();
  for (const row of rows) {
    if (row.type === "divergence") skipped.set(`${row.round} ${row.client}`, row.client);
    if (row.type !== "epoch") continue;
    for (const { client, train } of row.clients) {
      if (train !== null) begun.add(`${row.round} ${client}`);
    }
  }
  const byClient = new Map<string, number>();
  for (const client of skipped.values()) byClient.set(client, (byClient.get(client) ?? 0) + 1);
  return { skipped: skipped.size, begun: new Set([...begun, ...skipped.keys()]).size, byClient };
}

/** "3 of 200 client-rounds, for divergence: A 2, B 1"; null if none was. */
export function skippedText(rows: readonly RecordedRow[]): string | null {
  const { skipped, begun, byClient } = skippedRounds(rows);
  if (skipped === 0) return null;
  const clients = [...byClient].map(([client, count]) => `${client} ${count}`);
  return `${skipped} of ${counted(begun, "client-round")}, for divergence: ${clients.join(", ")}`;
}
