// How many images each client, split and class of a federation has, as a table.

import { type SplitName, splitNames } from "../data/dataset.ts";
import { tableLines } from "../report/table_lines.ts";

/** A client and the labels of its images. */
export interface CountedClient {
  readonly name: string;
  /** class indices */
  readonly labels: Readonly<Record<SplitName, readonly number[]>>;
}

/** Indented lines: the clients one after the other, then all together. */
export function countTable(
  clients: readonly CountedClient[],
  classNames: readonly string[],
): string[] {
  const together = (split: SplitName) => clients.flatMap(({ labels }) => labels[split]);
  const all = { train: together("train"), valid: together("valid"), test: together("test") };
  const rows = [...clients, { name: "all", labels: all }].flatMap(({ name, labels }) =>
    splitNames.map((split, index) => [
      index === 0 ? name : "",
      split,
      ...countLabels(labels[split], classNames.length).map(String),
      String(labels[split].length),
    ])
  );
  return tableLines(
    [["client", "split", ...classNames, "all"], ...rows],
    `ll${"r".repeat(classNames.length + 1)}`,
  );
}

function countLabels(labels: readonly number[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]++;
  return counts;
}
