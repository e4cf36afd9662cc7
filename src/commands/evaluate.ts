// The command `evaluate`: every model of a run on every client's images, also those it was not trained for.

import { dirname } from "@std/path";
import { stringify } from "csv-stringify/sync";
import type { Dataset, SplitName } from "../data/dataset.ts";
import type { Outcomes } from "../federated/clients/outcomes.ts";
import { TrainedModels } from "../federated/trained_models.ts";
import { expectNewFile, toJsonLine, writeFileAtomic } from "../io/files.ts";
import type { Metrics } from "../metrics/classification.ts";
import { modelLabels } from "../report/reading/model_labels.ts";
import {
  clinicalJson,
  clinicalText,
  type JudgedImages,
} from "../report/terminal/clinical_report.ts";
import {
  type OperatedModel,
  operatingJson,
  operatingText,
} from "../report/terminal/operating_report.ts";
import { stdoutTerminal } from "../report/terminal/status_line.ts";
import {
  type CrossClientMatrix,
  type JudgedModel,
  matrixCsv,
  matrixJson,
  matrixText,
} from "../report/terminal/cross_client_report.ts";
import { counted } from "../report/format.ts";
import { ansiStyle, plainStyle } from "../report/terminal/style.ts";
import { evaluateFlags, type EvaluateOptions } from "./checkpoint_flags.ts";
import { dataSettings, type NetworkSettings, networkSettings } from "./checkpoint_settings.ts";
import {
  type CheckpointFile,
  findCheckpoints,
  isFolder,
  originOf,
  readCheckpoint,
} from "./checkpoints.ts";
import { checkDataFlags, showLoading } from "./load_dataset.ts";
import { resolveOptions } from "./options.ts";
import { ReadingLine } from "./reading_line.ts";
import { openTunedGpu } from "./tuned_gpu.ts";
import { UsageError } from "./usage_error.ts";

/** Flags with which a model's numbers on its own test images still are those of its run. */
const harmless: readonly { readonly name: string }[] = [
  evaluateFlags.split,
  evaluateFlags.role,
  evaluateFlags.reason,
  evaluateFlags.metrics,
  evaluateFlags.positive,
  evaluateFlags.clients,
  evaluateFlags.adapter,
  evaluateFlags.cache,
  evaluateFlags.json,
  evaluateFlags.csv,
];

/**
 * Prints the cross-client matrix of checkpoints.
 *
 * @throws {UsageError | ConfigError | DataError | GpuError} saying what is wrong and what to do
 * @throws {Deno.errors.AlreadyExists} if there is a file where the table should go
 */
export async function evaluate(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { options, settings, operands } = resolveOptions(args, evaluateFlags, {}, {
    takesOperands: true,
  });
  await checkOperands(operands, options);
  if (options.csv !== null) await expectNewFile(options.csv);
  const checkpoints = await readCheckpoints(operands, options);
  const network = await networkSettings(checkpoints, options);
  const data = dataSettings(checkpoints, options, network.imageSize);
  checkDataFlags(data);
  const positive = positiveClass(options, network);

  const gpu = await openTunedGpu(options);
  const weights = checkpoints.map(({ path, tensors }) => ({ name: path, tensors }));
  using models = new TrainedModels(gpu, weights, network);
  const splits = [options.split, ...(positive === null ? [] : ["valid" as const])];
  const wanted = { ...data, splits, cache: options.cache };
  const dataset = await showLoading(wanted, !options.json, signal);
  expectClasses(dataset, data.data, network);
  const judged = (split: SplitName) =>
    judge(models, checkpoints.length, dataset, { ...options, split }, signal);
  const outcomes = await judged(options.split);
  const chosenOn = positive === null ? null : await judged("valid");

  const flags = settings.filter(({ source }) => source === "flag").map(({ name }) => name);
  const isComparable = options.split === "test" &&
    flags.every((flag) => harmless.some(({ name }) => name === flag));
  const matrix: CrossClientMatrix = {
    models: checkpoints.map((checkpoint, model): JudgedModel => ({
      ...originOf(checkpoint),
      metrics: new Map(
        dataset.clients.map(({ name }, client) => [name, outcomes[client][model].metrics]),
      ),
      reported: isComparable ? reportedMetrics(checkpoint) : null,
    })),
    clients: dataset.clients.map((client) => ({
      name: client.name,
      images: client[options.split].labels.length,
    })),
    split: options.split,
    data: data.data,
    network: networkText(network),
  };
  print(matrix, options);
  const images = judgedImages(matrix, outcomes, dataset);
  if (options.metrics) printClinical(images, options);
  if (positive !== null && chosenOn !== null) {
    const valid = judgedImages({ ...matrix, split: "valid" }, chosenOn, dataset);
    const operated = images.map((judged, index) => ({ judged, chosenOn: valid[index] }));
    printOperating(operated, positive, options);
  }
  if (options.csv !== null) await writeFileAtomic(options.csv, stringify(matrixCsv(matrix)));
}

async function checkOperands(
  operands: readonly string[],
  { reason }: EvaluateOptions,
): Promise<void> {
  if (operands.length === 0) {
    throw new UsageError(
      "Cannot evaluate nothing: name a run folder or checkpoint files, " +
        "such as RUN/best/clientA_personal.safetensors",
    );
  }
  const folders = await Promise.all(operands.map(isFolder));
  if (reason === null || folders.includes(true)) return;
  throw new UsageError(
    `Cannot use --${evaluateFlags.reason.name} ${reason} without a run folder: name the folder, ` +
      "or the files alone",
  );
}

/** In the order in which they were named, but of each folder the personal models first. */
async function readCheckpoints(
  operands: readonly string[],
  { role, reason }: EvaluateOptions,
): Promise<CheckpointFile[]> {
  const paths = await findCheckpoints(operands, reason ?? "best");
  const all = await Promise.all(paths.map(readCheckpoint));
  const roles = [...new Set(all.map(({ metadata }) => metadata.role))];
  const wanted = role === "all" ? all : all.filter(({ metadata }) => metadata.role === role);
  if (wanted.length === 0) {
    const known = roles.filter((role) => role !== undefined).join(", ");
    throw new UsageError(
      `Cannot find models of role ${role}: the checkpoints' are ${known || "unknown"}; ` +
        `leave --${evaluateFlags.role.name} out`,
    );
  }
  const folders = wanted.map(({ path }) => dirname(path));
  const place = ({ path, metadata }: CheckpointFile) =>
    2 * folders.indexOf(dirname(path)) + Number(metadata.role !== "personal");
  return wanted.toSorted((a, b) => place(a) - place(b));
}

/** The number of the class whose operating points are wanted; null: of none. */
function positiveClass(
  { positive, split }: EvaluateOptions,
  { classNames }: NetworkSettings,
): number | null {
  if (positive === null) return null;
  const { name } = evaluateFlags.positive;
  if (split === "valid") {
    throw new UsageError(
      `Cannot judge --${name} on the valid split, on which its thresholds are chosen: leave ` +
        `--${evaluateFlags.split.name} out, or choose test`,
    );
  }
  const index = classNames.indexOf(positive);
  if (index >= 0) return index;
  throw new UsageError(
    `Cannot use ${positive} for --${name}: the classes are ${classNames.join(", ")}`,
  );
}

function expectClasses({ classNames }: Dataset, data: string, network: NetworkSettings): void {
  const [known, found] = [network.classNames, classNames].map((names) => names.join(", "));
  if (known === found) return;
  throw new UsageError(
    `Cannot evaluate models of the classes ${known} on ${data}: its classes are ${found}; ` +
      `choose other data with --${evaluateFlags.data.name}`,
  );
}

/** Outcomes `[client][model]`. */
async function judge(
  models: TrainedModels,
  modelCount: number,
  dataset: Dataset,
  { split, json }: EvaluateOptions,
  signal: AbortSignal,
): Promise<Outcomes[][]> {
  const images = dataset.clients.reduce((sum, client) => sum + client[split].labels.length, 0);
  using line = new ReadingLine(!json, `Evaluating ${counted(modelCount, "model")}`);
  let done = 0;
  const outcomes: Outcomes[][] = [];
  for (const client of dataset.clients) {
    outcomes.push(
      await models.evaluate(client[split], (passes) => {
        signal.throwIfAborted();
        line.show(done += passes, modelCount * images);
      }),
    );
  }
  return outcomes;
}

/** The test metrics that a run has stored with the weights. */
function reportedMetrics({ metadata }: CheckpointFile): Metrics | null {
  const { loss, accuracy, f1, auc } = metadata;
  if ([loss, accuracy, f1, auc].includes(undefined!)) return null;
  return {
    loss: Number(loss),
    accuracy: Number(accuracy),
    f1: Number(f1),
    auc: auc === String(null) ? null : Number(auc),
  };
}

function networkText({ networkName, width, imageSize, classNames }: NetworkSettings): string {
  return `${networkName} of width ${width} for ${imageSize}×${imageSize} pixels, ` +
    `classes ${classNames.join(", ")}`;
}

function print(matrix: CrossClientMatrix, { json }: EvaluateOptions): void {
  const terminal = stdoutTerminal();
  if (json) { for (const row of matrixJson(matrix)) terminal.write(`${toJsonLine(row)}\n`); }
  else terminal.write(matrixText(matrix, terminal.colour ? ansiStyle : plainStyle));
}

/** Models on their own client's images; on those of every client where that is unknown or not among them. */
function judgedImages(
  { models, split }: CrossClientMatrix,
  outcomes: readonly Outcomes[][],
  { clients, classNames }: Dataset,
): JudgedImages[] {
  const { labels } = modelLabels(models);
  const isThere = (name: string | null) => clients.some((client) => client.name === name);
  return models.flatMap(({ path, client, role, round }, model) =>
    clients.flatMap((data, index) => {
      if (isThere(client) && data.name !== client) return [];
      const { groups } = data[split as SplitName];
      return {
        ...{ label: labels[model], path, client, role, round, data: data.name, split, classNames },
        labels: data[split as SplitName].labels,
        ...(groups === undefined ? {} : { groups }),
        probabilities: outcomes[index][model].probabilities,
      };
    })
  );
}

function printClinical(list: readonly JudgedImages[], { json }: EvaluateOptions): void {
  const terminal = stdoutTerminal();
  if (json) { for (const row of clinicalJson(list)) terminal.write(`${toJsonLine(row)}\n`); }
  else terminal.write(clinicalText(list, terminal.colour ? ansiStyle : plainStyle));
}

function printOperating(
  models: readonly OperatedModel[],
  positive: number,
  { json }: EvaluateOptions,
): void {
  const terminal = stdoutTerminal();
  if (json) {
    for (const row of operatingJson(models, positive)) terminal.write(`${toJsonLine(row)}\n`);
  } else {
    const style = terminal.colour ? ansiStyle : plainStyle;
    terminal.write(operatingText(models, positive, style));
  }
}
