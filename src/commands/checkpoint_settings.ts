// What checkpoints say of themselves: network, images and data, which flags may overrule or complete.

import { type Architecture, architectureOf } from "../federated/checkpoint.ts";
import { defaultConfig } from "../federated/config.ts";
import type { NetworkName } from "../nn/networks.ts";
import type { EvaluateOptions, PredictOptions } from "./checkpoint_flags.ts";
import type { CheckpointFile } from "./checkpoints.ts";
import { type DataOptions, type Flag, trainFlags } from "./flags.ts";
import { expectImageSize, loadNetwork } from "./own_modules.ts";
import { UsageError } from "./usage_error.ts";
import { isModulePath } from "./values.ts";

/** The network of checkpoints, and the images they take. */
export interface NetworkSettings extends Architecture {
  readonly imageSize: number;
  readonly batchSize: number;
}

/**
 * What all checkpoints have in common, so that they can be used side by side.
 *
 * @throws {UsageError} if metadata are missing, unusable or differ
 */
export async function networkSettings(
  checkpoints: readonly CheckpointFile[],
  options: Pick<PredictOptions, "network" | "width" | "imageSize" | "classes" | "batchSize">,
): Promise<NetworkSettings> {
  const { network, width, imageSize, classes, batchSize } = options;
  const given: Record<string, string | undefined> = {
    network: network ?? undefined,
    width: width?.toString(),
    "image-size": imageSize?.toString(),
    classes: classes?.join(","),
  };
  const settings = checkpoints.map((checkpoint) => ({
    ...checkpoint,
    metadata: withFlags(checkpoint, given),
  }));
  for (const key of Object.keys(given)) expectAgreement(settings, key);
  const [first] = settings;
  return {
    ...await architectureIn(first),
    imageSize: settingIn(first, trainFlags.imageSize)!,
    batchSize: batchSize ?? agreedBatchSize(settings),
  };
}

/**
 * Which data to use: with `--data` those that the flags say, else those of the checkpoints' runs.
 *
 * @throws {UsageError} if metadata are missing, unusable or differ
 */
export function dataSettings(
  checkpoints: readonly CheckpointFile[],
  options: Pick<EvaluateOptions, "data" | "csvFolder" | "clients" | "limit">,
  imageSize: number,
): DataOptions {
  const { data, csvFolder, clients, limit } = options;
  if (data !== null) return { data, csvFolder, clients, limit, imageSize };
  const { data: dataFlag, ...others } = dataFlags;
  for (const { path, metadata } of checkpoints) {
    if (metadata[dataFlag.name] !== undefined) continue;
    throw new UsageError(
      `Cannot tell the data of ${path}: its metadata name none; add --data FOLDER or --data demo`,
    );
  }
  const given = { csvFolder, clients, limit };
  for (const [option, { name }] of Object.entries(dataFlags)) {
    const isGiven = option !== "data" && given[option as keyof typeof given] !== null;
    if (!isGiven) expectAgreement(checkpoints, name);
  }
  const [first] = checkpoints;
  return {
    data: settingIn(first, dataFlag)!,
    csvFolder: csvFolder ?? settingIn(first, others.csvFolder),
    clients: clients ?? settingIn(first, others.clients),
    limit: limit ?? settingIn(first, others.limit),
    imageSize,
  };
}

const dataFlags = {
  data: trainFlags.data,
  csvFolder: trainFlags.csvFolder,
  clients: trainFlags.clients,
  limit: trainFlags.limit,
};

/** The metadata, where flags overrule or complete them. */
function withFlags(
  { path, metadata }: CheckpointFile,
  given: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const entries = Object.entries(given).map(([key, value]) => [key, value ?? metadata[key]]);
  const missing = entries.filter(([, value]) => value === undefined).map(([key]) => `${key}`);
  if (missing.length === 0) return { ...metadata, ...Object.fromEntries(entries) };
  throw new UsageError(
    `Cannot tell the network of ${path}: its metadata have no ${missing.join(", no ")}; ` +
      `add ${missing.map((key) => `--${key}`).join(", ")}`,
  );
}

async function architectureIn({ path, metadata }: CheckpointFile): Promise<Architecture> {
  const { network = "" } = metadata;
  const own = isModulePath(network) ? await loadNetwork(network) : undefined;
  try {
    const architecture = architectureOf(metadata, typeof own === "function" ? own : undefined);
    if (own === undefined) expectImageSize(network as NetworkName, architecture.imageSize);
    return architecture;
  } catch (error) {
    throw new UsageError(`Cannot use ${path}: ${(error as Error).message}`);
  }
}

/** Does not change what the models say: only how their losses are averaged. */
function agreedBatchSize(checkpoints: readonly CheckpointFile[]): number {
  const { batchSize } = trainFlags;
  expectAgreement(checkpoints, batchSize.name);
  return settingIn(checkpoints[0], batchSize) ?? defaultConfig.batchSize;
}

function expectAgreement(checkpoints: readonly CheckpointFile[], key: string): void {
  const [first] = checkpoints;
  const other = checkpoints.find(({ metadata }) => metadata[key] !== first.metadata[key]);
  if (other === undefined) return;
  throw new UsageError(
    `Cannot use ${first.path} beside ${other.path}: ${key} is ` +
      `${first.metadata[key] ?? "unknown"} for one and ${
        other.metadata[key] ?? "unknown"
      } for the ` +
      `other; choose with --${key}, or use them one after the other`,
  );
}

/** A setting as the run was given it; null where the metadata lack it, as those of unset settings do. */
function settingIn<T>({ path, metadata }: CheckpointFile, flag: Flag<T>): T | null {
  const text = metadata[flag.name];
  if (text === undefined) return null;
  const value = flag.kind.parse(text);
  if (value !== undefined) return value;
  throw new UsageError(
    `Cannot use ${path}: its metadata name the ${flag.name} ${text}, expected ` +
      `${flag.kind.expected}; overrule it with --${flag.name}`,
  );
}
