// What sets runs of one method apart: runs that are not alike are no repetitions of each other.

import { recordedText } from "../format.ts";
import type { RecordedRun } from "./recorded_run.ts";
import { communicationsOf, progressOf } from "./progress.ts";

/** Settings that only say where the data lie: what they are, the fingerprint tells. */
const pathSettings = ["data", "csv-folder", "csv_folder"];

/**
 * What tells a run from others of its method, in words: its theme, deciding settings, the data, and not having
 * reached the end. The seed is no such thing.
 */
export function variantOf(run: RecordedRun, siblings: readonly RecordedRun[]): string[] {
  const ofTheme = siblings.filter((other) => themeOf(other) === themeOf(run));
  const differing = [...new Set(ofTheme.flatMap(({ decisive }) => decisive))]
    .filter((name) => !["seed", "theme", ...pathSettings].includes(name))
    .filter((name) => distinct(ofTheme, (other) => settingOf(other, name)) > 1);
  const alike = ofTheme.filter((other) =>
    differing.every((name) => settingOf(other, name) === settingOf(run, name))
  );
  return [
    ...(distinct(siblings, themeOf) > 1 ? [themeOf(run)] : []),
    ...differing.map((name) => `${name} ${recordedText(run.settings[name])}`),
    ...dataOf(run, alike),
    ...(communicationsOf(run) === run.run.rounds ? [] : [progressOf(run)]),
  ];
}

/** One way to tell data apart. */
type Facet = (run: RecordedRun) => string;

/** From what says most to a reader, to what always differs. */
const facets: readonly Facet[] = [
  ({ settings }) =>
    `data ${
      pathSettings.filter((name) => settings[name] != null)
        .map((name) => recordedText(settings[name])).join(" ")
    }`,
  ({ run }) => `classes ${run.classNames.join(", ")}`,
  ({ run: { clients } }) => {
    const [train, valid, test] = (["train", "valid", "test"] as const)
      .map((split) => clients.reduce((sum, client) => sum + client[split], 0));
    return `images ${train}/${valid}/${test}`;
  },
  ({ run }) => `fingerprint ${run.fingerprint?.slice(0, 8) ?? "not recorded"}`,
  ({ run: { clients } }) =>
    `images ${
      clients.map(({ name, train, valid, test }) => `${name} ${train}/${valid}/${test}`).join(", ")
    }`,
];

/** What tells the run's data from those of others: one fact if that is enough, else all that differ. */
function dataOf(run: RecordedRun, others: readonly RecordedRun[]): string[] {
  const kinds = distinct(others, identityOf);
  if (kinds === 1) return [];
  const enough = facets.find((facet) =>
    distinct(others, facet) === kinds &&
    distinct(others, (other) => facet(other) + identityOf(other)) === kinds
  );
  const telling = enough ? [enough] : facets.filter((facet) => distinct(others, facet) > 1);
  return telling.map((facet) => facet(run));
}

/**
 * What makes data the same: fingerprint, classes and sizes. Runs from before there were fingerprints are the same
 * by their paths.
 */
function identityOf({ run, settings }: RecordedRun): string {
  const { fingerprint, classNames, clients } = run;
  const sizes = clients.map(({ name, train, valid, test }) => [name, train, valid, test]);
  const images = fingerprint ?? pathSettings.map((name) => settings[name] ?? null);
  return JSON.stringify([images, classNames, sizes]);
}

function settingOf({ settings }: RecordedRun, name: string): string {
  return JSON.stringify(settings[name] ?? null);
}

/** As in the name of its folder. */
function themeOf({ settings }: RecordedRun): string {
  return String(settings.theme ?? settings.method);
}

function distinct(runs: readonly RecordedRun[], of: (run: RecordedRun) => string): number {
  return new Set(runs.map(of)).size;
}
