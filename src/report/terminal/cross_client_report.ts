// The cross-client matrix for people and programs: tables, CSV rows and lines of JSON.

import type { Metrics } from "../../metrics/classification.ts";
import { type CrossEvaluation, homeAndAway } from "../../metrics/cross_client.ts";
import { aucText, counted, loss, percent } from "../format.ts";
import { tableLines } from "../table_lines.ts";
import { type LabelledFile, modelLabels } from "../reading/model_labels.ts";
import type { Style } from "./style.ts";

/** A checkpoint's results. */
export interface JudgedModel extends CrossEvaluation, LabelledFile {
  /** counted from 0 */
  readonly round: number | null;
  /** what the run reported of it on its own client's test split; null where that cannot be compared */
  readonly reported: Metrics | null;
}

/** Several models on the same images. */
export interface CrossClientMatrix {
  /** those of one folder and role stand together */
  readonly models: readonly JudgedModel[];
  /** whose images, in the data's order; the number of images of the split */
  readonly clients: readonly { readonly name: string; readonly images: number }[];
  readonly split: string;
  /** where the images are from */
  readonly data: string;
  /** the network on one line */
  readonly network: string;
}

/** What is reported, in the order in which it is shown. */
const measures: readonly {
  readonly key: keyof Metrics;
  /** heads its table */
  readonly title: string;
  /** within a sentence */
  readonly name: string;
  readonly show: (metrics: Metrics) => string;
}[] = [
  { key: "f1", title: "F1 %", name: "F1", show: ({ f1 }) => percent(f1) },
  { key: "auc", title: "AUC %", name: "AUC", show: aucText },
  {
    key: "accuracy",
    title: "Accuracy %",
    name: "accuracy",
    show: ({ accuracy }) => percent(accuracy),
  },
  { key: "loss", title: "Loss, nats", name: "loss", show: (metrics) => loss(metrics.loss) },
];

/** One line of every table. */
interface Row {
  readonly label: string;
  /** by column; null where there is no number, undefined where there is nothing to be said */
  readonly values: readonly (Metrics | null | undefined)[];
  readonly isStrong: (column: number) => boolean;
}

/** Models over which means are taken. */
interface Group {
  readonly label: string;
  readonly folder: string;
  readonly role: string | null;
  readonly models: readonly JudgedModel[];
}

/** One table for each metric. */
export function matrixText(matrix: CrossClientMatrix, style: Style): string {
  const { clients } = matrix;
  const header = ["model", ...clients.map(({ name }) => name), "own", "others"];
  const alignment = `l${"r".repeat(header.length - 1)}`;
  const rows = rowsOf(matrix);
  const tables = measures.flatMap(({ title, show }) => {
    const cells = rows.map(({ label, values, isStrong }) => {
      const texts = values.map((value) => value ? show(value) : value === null ? "n/a" : "");
      return [label, ...texts.map((text, column) => isStrong(column) ? style.strong(text) : text)];
    });
    return ["", style.strong(title), ...tableLines([header, ...cells], alignment)];
  });
  return `${[...headLines(matrix), ...tables, ...agreementLines(matrix)].join("\n")}\n`;
}

/** One row for each model and client, numbers as they are; the first row names the columns. */
export function matrixCsv({ models, clients, split }: CrossClientMatrix): string[][] {
  const header = ["model_client", "role", "round", "data_client", "split", "images"];
  const rows = models.flatMap(({ path, client, role, round, metrics }) =>
    clients.map(({ name, images }) => [
      ...[client, role, round, name, split, images].map(csvField),
      ...measures.map(({ key }) => csvField(metrics.get(name)![key])),
      path,
    ])
  );
  return [[...header, ...measures.map(({ key }) => key), "checkpoint"], ...rows];
}

/** One object for each model and client, then one for the means of each folder and role. */
export function matrixJson(matrix: CrossClientMatrix): Record<string, unknown>[] {
  const { models, clients, split } = matrix;
  const cells = models.flatMap(({ path, client, role, round, metrics, reported }) =>
    clients.map(({ name, images }) => ({
      type: "evaluation",
      ...{ checkpoint: path, client, role, round, data: name, split, images },
      metrics: metrics.get(name)!,
      reported: name === client ? reported : null,
    }))
  );
  const means = groupsOf(models).map(({ folder, role, models }) => ({
    type: "mean",
    ...{ folder, role, models: models.length, split, ...homeAndAway(models) },
  }));
  return [...cells, ...means];
}

function rowsOf({ models, clients }: CrossClientMatrix): Row[] {
  const { labels } = modelLabels(models);
  const row = (label: string, group: readonly JudgedModel[], values: Row["values"]): Row => {
    const { own, others } = homeAndAway(group);
    const isStrong = (column: number) =>
      group.length > 1 || clients[column]?.name === group[0].client;
    return { label, values: [...values, own, others], isStrong };
  };
  return groupsOf(models).flatMap((group) => {
    const rows = group.models.map((model) => {
      const values = clients.map(({ name }) => model.metrics.get(name));
      return row(labels[models.indexOf(model)], [model], values);
    });
    if (rows.length === 1) return rows;
    return [...rows, row(group.label, group.models, clients.map(() => undefined))];
  });
}

function groupsOf(models: readonly JudgedModel[]): Group[] {
  const { numbers, folders } = modelLabels(models);
  const groups = Map.groupBy(models.keys(), (index) => `${numbers[index]}${models[index].role}`);
  return [...groups.values()].map((members) => {
    const { role } = models[members[0]];
    const number = numbers[members[0]];
    return {
      label: `${folders.length > 1 ? `${number} ` : ""}mean${role === null ? "" : ` ${role}`}`,
      folder: folders[number - 1],
      role,
      models: members.map((index) => models[index]),
    };
  });
}

/** What was evaluated on what. */
function headLines({ models, clients, split, data, network }: CrossClientMatrix): string[] {
  const { folders } = modelLabels(models);
  const rounds = [...new Set(models.map(({ round }) => round))];
  const [round] = rounds;
  const after = rounds.length > 1 || round === null ? "" : ` after round ${round + 1}`;
  const images = clients.map(({ name, images }) => `${name} ${images}`).join(", ");
  const rows = [
    ["models", `${counted(models.length, "checkpoint")}${after}`],
    ...folders.map((folder, index) => [index === 0 ? "from" : "", numbered(folder, index)]),
    ["network", network],
    ["images", `${split} split of ${data}: ${images}`],
  ];
  function numbered(folder: string, index: number): string {
    return folders.length === 1 ? folder : `${index + 1} ${folder}`;
  }
  return [
    ...tableLines(rows, "ll"),
    "",
    "Rows are models, columns are clients whose images they are shown. Own: those of the model's own",
    "client; others: the mean over the other clients.",
  ];
}

/** Do the models do on their own test images what the run said? Nothing where that is unknown. */
function agreementLines({ models }: CrossClientMatrix): string[] {
  const pairs = models.flatMap(({ client, metrics, reported }) => {
    const own = client === null ? undefined : metrics.get(client);
    return own && reported ? [{ own, reported }] : [];
  });
  if (pairs.length === 0) return [];
  const differences = measures.map(({ key, name }) => ({
    name,
    largest: Math.max(...pairs.map(({ own, reported }) => difference(own[key], reported[key]))),
  })).filter(({ largest }) => largest > 0);
  const subject = `${counted(pairs.length, "model")} on the own client's test images`;
  if (differences.length === 0) return ["", `As the run reported, to the last digit: ${subject}.`];
  const list = differences.map(({ name, largest }) =>
    `${name} ${Number.isFinite(largest) ? largest.toPrecision(2) : "n/a"}`
  );
  return [
    "",
    `Not as the run reported: ${subject}, by up to ${list.join(", ")}.`,
    "So adapter, program or data are not those of the run.",
  ];
}

function difference(a: number | null, b: number | null): number {
  return a === b ? 0 : a === null || b === null ? Infinity : Math.abs(a - b);
}

function csvField(value: string | number | null): string {
  return value === null ? "" : String(value);
}
