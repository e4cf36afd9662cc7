// Run folders of runs that never were: what reading, figures and pages are tested with.

import { join } from "@std/path";
import type { SimulationEvent } from "../../src/federated/events.ts";
import { writeSafetensors } from "../../src/io/safetensors.ts";
import { metricsRow } from "../../src/report/files/metrics_rows.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { madeUpRun, type MadeUpSize } from "./made_up_run.ts";

export interface MadeUpFolder extends MadeUpSize {
  readonly settings?: Readonly<Record<string, unknown>>;
  /** rows instead of those of `madeUpRun()` */
  readonly rows?: readonly unknown[];
}

/** Rows as a run would write them. */
export function madeUpRows(size: MadeUpSize = {}): Record<string, unknown>[] {
  const time = { at: "2026-01-31T12:00:00Z", elapsed: 1 };
  return [...madeUpRun(size)].map((event: SimulationEvent) => metricsRow(event, time))
    .filter((row) => row !== null);
}

/** Makes `path` a run folder of settings and metrics. */
export async function writeMadeUpFolder(path: string, made: MadeUpFolder = {}): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  const config = {
    settings: { method: "prrfl", theme: "prrfl", data: "demo", seed: 1, ...made.settings },
    flags: [],
    adapter: "llvmpipe (cpu)",
    versions: { "prrfl-webgpu": "0.1.0", deno: "2.9.6" },
  };
  await Deno.writeTextFile(join(path, "config.json"), JSON.stringify(config));
  const rows = made.rows ?? madeUpRows(made);
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  await Deno.writeTextFile(join(path, "metrics.jsonl"), lines);
}

/** Adds predictions of both roles: `personal` is always right, `deputy` always says the first class. */
export async function addPredictions(path: string, clients = ["A", "B", "C", "D"]): Promise<void> {
  const labels = [0, 1, 2, 2, 1, 0, 2];
  const probabilities = (said: (label: number) => number) =>
    Float32Array.from(
      labels.flatMap((label) => [0, 1, 2].map((c) => c === said(label) ? 0.8 : 0.1)),
    );
  const tensors = clients.flatMap((client): [string, HostTensor][] => [
    [`${client}.labels`, { shape: [7], data: Int32Array.from(labels) }],
    [`${client}.personal.probabilities`, { shape: [7, 3], data: probabilities((label) => label) }],
    [`${client}.deputy.probabilities`, { shape: [7, 3], data: probabilities(() => 0) }],
  ]);
  const metadata = { classes: "nv,bkl,mel", round: "2" };
  const bytes = writeSafetensors(new Map(tensors), metadata);
  await Deno.writeFile(join(path, "predictions.safetensors"), bytes);
}

/** Adds spectra of `rows × cols`, in which the window of rate 0.5 grows tenfold. */
export async function addSpectra(
  path: string,
  { rows = 6, cols = 9, clients = ["A", "B", "C", "D"] } = {},
): Promise<void> {
  const inside = (index: number, n: number) =>
    Math.abs(index + 0.5 - Math.floor(n / 2)) < Math.floor(n * 0.5 / 2);
  const matrix = (gain: number): HostTensor => ({
    shape: [rows, cols],
    data: Float32Array.from({ length: rows * cols }, (_, cell) => {
      const isInside = inside(Math.floor(cell / cols), rows) && inside(cell % cols, cols);
      return (1 + cell) * (isInside ? gain : 1);
    }),
  });
  const tensors = clients.flatMap((client): [string, HostTensor][] => [
    [`${client}.before`, matrix(1)],
    [`${client}.after`, matrix(10)],
  ]);
  const metadata = { layer: "layer1.0.conv.weight", rate: "0.5", round: "2" };
  const bytes = writeSafetensors(new Map(tensors), metadata);
  await Deno.writeFile(join(path, "spectrum.safetensors"), bytes);
}
