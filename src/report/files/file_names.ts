// Names of folders and files, those of the official PRR-FL code where it has them.

import type { CheckpointEvent } from "../../federated/events.ts";
import type { Metrics } from "../../metrics/classification.ts";

/** The settings that are part of a run folder's name. */
export interface NamedSettings {
  readonly theme: string;
  readonly fourierRate: number;
  readonly optimizer: string;
  readonly learningRate: number;
  readonly learningRateStep: number;
  readonly seed: number;
  readonly weightDecay: number;
  readonly rounds: number;
}

/** `20240131-235959_prrfl_0.7_sgd_lr0.01_step5_seed0_wd1e-06_iters50`, in local time. */
export function runFolderName(settings: NamedSettings, start: Date): string {
  return [
    timeMark(start),
    settings.theme,
    pythonFloat(settings.fourierRate),
    settings.optimizer,
    `lr${pythonFloat(settings.learningRate)}`,
    `step${settings.learningRateStep}`,
    `seed${settings.seed}`,
    `wd${pythonFloat(settings.weightDecay)}`,
    `iters${settings.rounds}`,
  ].join("_");
}

/**
 * `save_valid_overall-F1-m63.21-AUC-m80.12-iters49.txt`: the name of an empty file that tells the
 * mean test metrics of the best round so far (`valid`) or of the last round (`end`), counted from 0.
 */
export function overallFileName(reason: "valid" | "end", test: Metrics, round: number): string {
  const [f1, auc] = [twoDecimals(test.f1), test.auc === null ? "nan" : twoDecimals(test.auc)];
  return `save_${reason}_overall-F1-m${f1}-AUC-m${auc}-iters${round}.txt`;
}

/** Whether a file's name is one of these. */
export function isOverallFileName(name: string): boolean {
  return /^save_(valid|end)_overall-.*\.txt$/.test(name);
}

/** `curve-Test-F1-all-client`, without extension. */
export function curveFileName(metric: keyof Metrics): string {
  return `curve-Test-${metric.toUpperCase()}-all-client`;
}

/** Named like the curves that show the same; official is only that it begins with `infodict-`. */
export const infoDictFile = "infodict-Test-all-client.json";

/** `best/clientA_personal.safetensors`: not the official names, which cannot tell roles apart. */
export function checkpointFile(
  { reason, client, role }: Pick<CheckpointEvent, "reason" | "client" | "role">,
): string {
  return `${reason}/client${client}_${role}.safetensors`;
}

/** `best/server.safetensors`, of methods whose server has one model for all clients. */
export function serverFile(reason: CheckpointEvent["reason"]): string {
  return `${reason}/server.safetensors`;
}

/** `20240131-235959_compare`, in local time. */
export function comparisonFolderName(theme: string | null, start: Date): string {
  return `${timeMark(start)}_${theme ?? "compare"}`;
}

function timeMark(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}

/** Python's `{:.2f}` of a percentage: 46.125 is 46.12, for of two equally near it takes the even one. */
function twoDecimals(percentage: number): string {
  const below = Math.floor(percentage * 100);
  const isTie = Number.isInteger(percentage * 8) && percentage * 100 - below === 0.5;
  return isTie && below % 2 === 0 ? (below / 100).toFixed(2) : percentage.toFixed(2);
}

/** Python's `str()` of a float: 1.0, 0.01, 1e-06. */
function pythonFloat(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-4) {
    return value.toExponential().replace(/e-(\d)$/, "e-0$1");
  }
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** What the models say of every test image at the end, after the last communication or before it. */
export const predictionsFiles = {
  before: "predictions-before.safetensors",
  after: "predictions.safetensors",
} as const;

/** Amplitudes of a layer before and after the last communication. */
export const spectraFile = "spectrum.safetensors";
