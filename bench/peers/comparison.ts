// The table of one workload: our time, the best of the others, and how many times longer those take.

import type { Measurement } from "./measurement.ts";
import { type PeerName, peerNames } from "./peers.ts";
import type { Workload } from "./workloads.ts";

/** The best time of some peers. */
export interface Best {
  readonly peer: PeerName;
  readonly ms: number;
  /** times ours; null if ours is missing */
  readonly ratio: number | null;
}

/** One case of a workload. */
export interface Row {
  readonly workload: Workload;
  readonly case: string;
  /** medians over rounds, ms */
  readonly medians: Readonly<Partial<Record<PeerName, number>>>;
  readonly ours: number | null;
  readonly webgpu: Best | null;
  readonly wasm: Best | null;
}

/** In the order in which cases were first measured. */
export function rowsOf(measurements: readonly Measurement[]): Row[] {
  const cases = Map.groupBy(
    measurements,
    (line) => `${line.workload} ${line.case}`,
  );
  return [...cases.values()].map((lines) => {
    const medians: Partial<Record<PeerName, number>> = {};
    for (const peer of peerNames) {
      const times = lines.filter((line) => line.peer === peer).map(({ ms }) => ms);
      if (times.length > 0) medians[peer] = median(times);
    }
    const ours = medians.ours ?? null;
    const [{ workload, case: name }] = lines;
    return {
      ...{ workload, case: name, medians, ours },
      webgpu: bestOf(medians, "-webgpu", ours),
      wasm: bestOf(medians, "-wasm", ours),
    };
  });
}

function bestOf(
  medians: Row["medians"],
  kind: string,
  ours: number | null,
): Best | null {
  const entries = (Object.entries(medians) as [PeerName, number][])
    .filter(([peer]) => peer.endsWith(kind));
  if (entries.length === 0) return null;
  const [peer, ms] = entries.reduce((best, entry) => entry[1] < best[1] ? entry : best);
  return { peer, ms, ratio: ours === null ? null : ms / ours };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Aligned columns; times in ms. */
export function tableText(rows: readonly Row[]): string {
  const peers = peerNames.filter((peer) => rows.some(({ medians }) => medians[peer] !== undefined));
  const header = ["", ...peers, "best WebGPU", "ratio", "best WASM", "ratio"];
  const lines = rows.map((row) => [
    row.case,
    ...peers.map((peer) => milliseconds(row.medians[peer])),
    ...bestText(row.webgpu),
    ...bestText(row.wasm),
  ]);
  const table = [header, ...lines];
  const widths = header.map((_, column) => Math.max(...table.map((line) => line[column].length)));
  return table.map((line) =>
    line.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])
    ).join("  ").trimEnd()
  ).join("\n");
}

function bestText(best: Best | null): [string, string] {
  if (!best) return ["–", "–"];
  return [
    milliseconds(best.ms),
    best.ratio === null ? "–" : `${best.ratio.toFixed(2)}×`,
  ];
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}
