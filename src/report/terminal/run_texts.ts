// What a person is shown of a run, as strings: settings, data, epochs, communications, summary.
//
// Clients are judged on the models of the personal role; those of the shared role go to the server
// and back. In PRR-FL these are `personal` and `deputy`, in FedAvg both are `local`.

import type {
  AggregationEvent,
  DivergenceEvent,
  DoneEvent,
  EpochEvent,
  RunEvent,
} from "../../federated/events.ts";
import type { TransferStage } from "../../federated/methods/transfer_stage.ts";
import type { MeanMetrics, Metrics } from "../../metrics/classification.ts";
import { type MetricChange, summarizeFalls } from "../../metrics/falls.ts";
import type { Communication, Retrogress } from "../../metrics/retrogress.ts";
import { chosenText, passedByText } from "../reading/chosen_round.ts";
import { aucText, change, counted, duration, loss, percent, settingText } from "../format.ts";
import { areMany, distribution, distributionNames } from "../many_clients.ts";
import { tableLines } from "../table_lines.ts";
import type { RecordedHistory } from "../reading/progress.ts";
import { viewsOf } from "../reading/result_views.ts";
import {
  changedMembersText,
  fallsText,
  meanChanges,
  medianText,
} from "../page/retrogress_table.ts";
import type { RunHeader } from "../run_header.ts";
import { skippedText } from "../reading/skipped_rounds.ts";
import type { Style } from "./style.ts";
import { meanTrainLoss } from "./train_loss.ts";

const stageNames: Record<TransferStage, string> = {
  1: "1 recover",
  2: "2 exchange",
  3: "3 sublimate",
  4: "4 mutual",
};

/** Columns, so that the tables of all epochs look the same. */
const stageWidth = "3 sublimate".length;

/** Every resolved setting with its source, then adapter and versions. */
export function settingsText(header: RunHeader, style: Style): string {
  const versions = Object.entries(header.versions).map(([name, version]) => `${name} ${version}`);
  const rows = [
    ["setting", "source", "value"],
    ...header.settings.map(({ name, value, source }) => [name, source, settingText(value)]),
    ["adapter", "", header.adapter],
    ["versions", "", versions.join(", ")],
    ["folder", "", header.folder],
  ];
  return block(emphasized(tableLines(rows, "lll"), style, [0]));
}

/** The clients' images, and what will be trained on them. */
export function dataText(run: RunEvent, style: Style): string {
  const total = (split: "train" | "valid" | "test") =>
    run.clients.reduce((sum, client) => sum + client[split], 0);
  const rows = [
    ["client", "train", "valid", "test"],
    ...run.clients.map(({ name, train, valid, test }) => [name, train, valid, test].map(String)),
    ["all", total("train"), total("valid"), total("test")].map(String),
  ];
  const roles = run.roles.join(" and ");
  const models = `${counted(run.clients.length * run.roles.length, "model")} (${roles}) of ` +
    `${run.parameters.toLocaleString("en")} parameters`;
  return block([
    ...emphasized(tableLines(rows, "lrrr"), style, [0]),
    "",
    `  classes ${run.classNames.join(", ")}`,
    `  ${models}, ${counted(run.parallelClients, "client")} at a time`,
    `  ${counted(run.rounds, "round")} of ${counted(run.localEpochs, "local epoch")}`,
  ]);
}

/** Where many clients lie in each column by itself; the lowest loss is the best. */
function distributionRows({ clients }: EpochEvent, role: string): string[][] {
  const column = (valueOf: (metrics: Metrics) => number | null) =>
    distribution(clients.map(({ test }) => valueOf(test[role])));
  const trained = clients.flatMap(({ train }) => train === null ? [] : [train[role].loss]);
  const columns = [
    distribution(trained).reverse().map((value) => value === null ? "" : loss(value)),
    column(({ loss }) => loss).reverse().map((value) => loss(value!)),
    ...[column(({ f1 }) => f1), column(({ auc }) => auc), column(({ accuracy }) => accuracy)]
      .map((values) => values.map(percent)),
  ];
  return distributionNames.map((name, k) => [name, "", ...columns.map((cells) => cells[k])]);
}

/** The personal models of all clients on the test split, and the mean of the shared ones where these are others. */
export function epochText(
  event: EpochEvent,
  run: RunEvent,
  learningRate: number,
  elapsed: number,
  style: Style,
): string {
  const { personalRole: personal, sharedRole: shared } = run;
  const trainLoss = meanTrainLoss(event, personal);
  const rows = [
    ["client", "stage", "train loss", "test loss", "F1 %", "AUC %", "accuracy %"],
    ...(areMany(event.clients) ? distributionRows(event, personal) : event.clients.map((
      { client, stage, train, test },
    ) => [
      client,
      stage === null ? "" : stageNames[stage].padEnd(stageWidth),
      train === null ? "sat out" : loss(train[personal].loss),
      ...metricCells(test[personal]),
    ])),
    ["mean", "", loss(trainLoss), ...metricCells(event.mean[personal])],
  ];
  const hasStages = !areMany(event.clients) && event.clients.some(({ stage }) => stage !== null);
  const table = hasStages ? rows : rows.map((row) => row.toSpliced(1, 1));
  const title = `Round ${event.round + 1}/${run.rounds}, ` +
    `epoch ${event.epoch + 1}/${run.localEpochs}, lr ${rounded(learningRate)}, ` +
    `test of the ${personal} models`;
  const others = shared === null || shared === personal
    ? []
    : [style.faint(`  ${shared} models' mean: ${metricsText(event.mean[shared])}`)];
  return block([
    `${style.strong(title)} ${style.faint(`(${duration(elapsed)})`)}`,
    ...emphasized(tableLines(table, hasStages ? "llrrrrr" : "lrrrrr"), style, [rows.length - 1]),
    ...others,
  ]);
}

/** One line that says where a client's numbers went bad, and what becomes of it. */
export function divergenceText(event: DivergenceEvent, run: RunEvent): string {
  const { round, epoch, client, role, step, steps, cause } = event;
  const when = step === 0 ? "before the first step" : `step ${step}/${steps}`;
  return `Round ${round + 1}/${run.rounds}, epoch ${
    epoch + 1
  }/${run.localEpochs}, ${when}: client ${client}'s ` +
    `${role} model has diverged (${cause}); the client is put back to where the round began and sits out its rest`;
}

/**
 * Rate, validation and, what PRR-FL is about, the exchanged models before → after; null where nothing can be compared.
 */
export function aggregationText(
  event: AggregationEvent,
  run: RunEvent,
  communication: Communication | null,
  style: Style,
): string {
  const { personalRole: personal, sharedRole: shared } = run;
  const isShared = event.receivers.length > 0;
  const what = isShared ? "Communication" : "End of round";
  const rate = event.rate !== null && isShared ? `, rate ${event.rate.toFixed(3)}` : "";
  return block([
    style.strong(`${what} ${event.round + 1}/${run.rounds}${rate}`) +
    (event.selected ? style.good(", best round so far") : ""),
    ...(shared === null ? [] : arrivals(event, run)),
    `  validation of the ${personal} models: ${metricsText(event.valid[personal])}`,
    ...(communication
      ? [`  test of the ${shared} models: ${changesText(communication, style)}`]
      : []),
  ]);
}

/** Whose updates the server has, where some are missing. */
function arrivals({ senders }: AggregationEvent, { clients }: RunEvent): string[] {
  if (senders.length === clients.length) return [];
  if (senders.length === 0) return ["  no client's update arrived: all models stay as they are"];
  return [
    `  ${counted(senders.length, "client")} of ${clients.length} sent: ${senders.join(", ")}`,
  ];
}

/** How it ended and where the files are; without retrogress where nothing was communicated. */
export function summaryText(
  event: DoneEvent,
  history: RecordedHistory,
  retrogress: Retrogress | null,
  header: RunHeader,
  elapsed: number,
  style: Style,
): string {
  const passedBy = passedByText(history);
  const skipped = skippedText(history.rows);
  const rows = [
    ...resultRows(history),
    ["best round", chosenText(history)],
    ...(passedBy === null ? [] : [["", passedBy]]),
    ...(retrogress ? retrogressRows(retrogress) : []),
    ...(skipped === null ? [] : [["skipped", skipped]]),
    ["files", header.folder],
  ];
  const done = `Done: ${counted(event.rounds, "round")} in ${duration(elapsed)}`;
  return block([style.strong(done), ...tableLines(rows, "ll")]);
}

/** The views of the result, below each other. */
function resultRows(history: RecordedHistory): string[][] {
  const { personalRole } = history.run;
  return [
    ["test", `${personalRole} models, mean over clients:`],
    ...viewsOf(history).map(({ words, result }) => [
      "",
      `${metricsText(result.mean[personalRole])} ${words}`,
    ]),
  ];
}

function retrogressRows(retrogress: Retrogress): string[][] {
  const { role, meanChange: { f1, auc }, communications } = retrogress;
  const members = changedMembersText(communications);
  const falls = summarizeFalls(meanChanges(retrogress, "f1"));
  const { worst, regained, notRegained, unknown } = falls;
  const worstText = worst === null ? "" : `, the worst ${change(worst)}`;
  return [
    [
      "retrogress",
      `F1 ${change(f1)}, AUC ${change(auc)}${members} per communication (${role} models' mean)`,
    ],
    ["falls", `F1 fell at ${fallsText(falls, " communications")}${worstText}`],
    ...(worst === null ? [] : [[
      "recovery",
      `regained ${regained}, not regained ${notRegained}, no epochs left ${unknown}; ` +
      `median epochs ${medianText(falls)}`,
    ]]),
  ];
}

function metricCells(metrics: MeanMetrics): string[] {
  return [
    loss(metrics.loss),
    percent(metrics.f1),
    aucText(metrics),
    percent(metrics.accuracy),
  ];
}

function metricsText(metrics: MeanMetrics): string {
  const { f1, accuracy } = metrics;
  return `F1 ${percent(f1)}, AUC ${aucText(metrics)}, accuracy ${percent(accuracy)}`;
}

function changesText(communication: Communication, style: Style): string {
  const { f1, auc } = communication.mean;
  const members = changedMembersText([communication]);
  return `F1 ${changeText(f1, style)}, AUC ${changeText(auc, style)}${members}`;
}

function changeText(of: MetricChange, style: Style): string {
  const difference = `(${change(of.change)})`;
  const coloured = (of.change ?? 0) < 0 ? style.bad(difference) : difference;
  return `${percent(of.before)} → ${percent(of.after)} ${coloured}`;
}

/** Three significant digits: halving a rate soon makes many. */
function rounded(value: number): string {
  return settingText(Number(value.toPrecision(3)));
}

function emphasized(lines: readonly string[], style: Style, strong: readonly number[]): string[] {
  return lines.map((line, index) => strong.includes(index) ? style.strong(line) : line);
}

/** Lines followed by an empty one. */
function block(lines: readonly string[]): string {
  return `${lines.join("\n")}\n\n`;
}
