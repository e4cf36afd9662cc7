// The table of the retrogress: what a communication does to each method, and how long its falls last.

import { type Falls, type MetricChange, summarizeFalls } from "../../metrics/falls.ts";
import { type Communication, type Retrogress } from "../../metrics/retrogress.ts";
import { seedInterval } from "../../metrics/seed_interval.ts";
import { change, intervalText, membersText } from "../format.ts";
import { byMethod, type LabelledRun } from "../reading/method_runs.ts";
import { retrogressOf } from "../reading/run_retrogress.ts";
import { seedsText, type Table, tableMetrics } from "./tables.ts";

/** Of methods that share something, a row per metric; null where nothing was communicated. */
export function retrogressTable(runs: readonly LabelledRun[]): Table | null {
  const whole = new Map(runs.map((run) => [run, retrogressOf(run)]));
  const measured = runs.filter((run) =>
    whole.get(run) !== null && run.rows.some(({ type }) => type === "aggregation")
  );
  if (measured.length === 0) return null;
  const methods = byMethod(measured);
  return {
    caption:
      "Retrogress of the models that receive the server's weights: change of the test metric at a " +
      "communication (after minus before, points; negative = harm), mean over the clients that trained in the " +
      "round and received, then over communications, with the 95 % interval (Student's t) over seeds or, of one " +
      "seed, over communications as if they were independent; how many communications brought a fall, and the worst; " +
      "how many falls were regained, were not, or had no local epoch left to tell; and the median local epochs " +
      "to regain (Kaplan–Meier)",
    head: [
      ...["Method", "Metric", "Change", "Falls", "Worst"],
      ...["Regained", "Not regained", "No epochs left", "Median epochs"],
    ],
    rows: methods.flatMap((method) => {
      const ofRuns = method.runs.map((run) => whole.get(run)!);
      return tableMetrics.map(([metric, name]) =>
        [seedsText(method), name, ...cells(ofRuns, metric)].map((text) => ({ text }))
      );
    }),
  };
}

/** A metric's changes of the mean over clients, one for each communication. */
export function meanChanges(
  { communications }: Retrogress,
  metric: "f1" | "auc",
): MetricChange[] {
  return communications.map(({ mean }) => mean[metric]);
}

/**
 * " (3 of 4)" where the change of the mean AUC is that of fewer clients than trained and received; nothing where of
 * all. Of communications between which the numbers differ it only says so.
 */
export function changedMembersText(communications: readonly Communication[]): string {
  const texts = communications.map(({ clients }) => {
    const members = clients.length;
    const defined = clients.filter(({ auc }) => auc.change !== null).length;
    return membersText(defined > 0 && defined < members ? { aucOf: { defined, members } } : {});
  });
  const [first = "", ...others] = new Set(texts);
  return others.length === 0 ? first : " (of fewer clients at times)";
}

/** "2", or "not reached". */
export function medianText({ falls, medianEpochs }: Falls): string {
  if (falls === 0) return "no fall";
  return medianEpochs === null ? "not reached" : String(medianEpochs);
}

/** "5 of 6 (83 %)" or "5 of 6 communications (83 %)": those with a fall. */
export function fallsText({ falls, communications }: Falls, noun = ""): string {
  const share = communications === 0 ? "" : ` (${Math.round(100 * falls / communications)} %)`;
  return `${falls} of ${communications}${noun}${share}`;
}

function cells(whole: readonly Retrogress[], metric: "f1" | "auc"): string[] {
  const all = summarizeFalls(whole.flatMap((one) => meanChanges(one, metric)));
  const ofSeeds = whole.map(({ meanChange }) => meanChange[metric]).filter((one) => one !== null);
  const interval = ofSeeds.length > 1 ? seedInterval(ofSeeds) : all;
  return [
    intervalText(all.meanChange, interval, change) +
    (metric === "auc" ? changedMembersText(whole.flatMap((one) => one.communications)) : ""),
    fallsText(all),
    all.worst === null ? "no fall" : change(all.worst),
    ...[all.regained, all.notRegained, all.unknown].map(String),
    medianText(all),
  ];
}
