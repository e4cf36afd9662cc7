// What the models said of the test images: predictions.safetensors of a run folder, read and checked.

import type { PredictionsEvent, RunEvent } from "../../federated/events.ts";
import { writeFileAtomic } from "../../io/files.ts";
import { writeSafetensors } from "../../io/safetensors.ts";
import type { HostTensor } from "../../tensor/host_tensor.ts";
import { readTensorFile, takeTensor, unreadable, wholeNumber } from "./tensor_file.ts";

/** Test labels and probabilities of every client. */
export interface Predictions {
  /** counted from 0 */
  readonly round: number;
  readonly classNames: readonly string[];
  /** in the run's order */
  readonly clients: readonly {
    readonly client: string;
    /** `[n]` */
    readonly labels: Int32Array;
    /** `[n]`: equal for images of one lesion or patient; absent where the data do not tell */
    readonly groups?: Int32Array;
    /** row-major `[n, classes]`, by role */
    readonly probabilities: Readonly<Record<string, Float32Array>>;
  }[];
}

/**
 * Reads `<client>.labels`, `<client>.groups` if there are any, and `<client>.<role>.probabilities`; null if there is no such file.
 *
 * @throws {RunFolderError} if it is not a file of this run
 */
export async function readPredictions(
  path: string,
  run: RunEvent,
): Promise<Predictions | null> {
  const file = await readTensorFile(path);
  if (file === null) return null;
  const { tensors, metadata } = file;
  const classNames = (metadata.classes ?? "").split(",");
  if (metadata.classes === undefined) throw unreadable(path, "its metadata names no classes");
  const clients = run.clients.map(({ name }) => {
    const labels = takeTensor(tensors, `${name}.labels`, path);
    const rows = labels.data.length;
    if (!(labels.data instanceof Int32Array) || rows === 0) {
      throw unreadable(path, `${name}.labels is not a list of I32`);
    }
    if (labels.data.some((label) => label < 0 || label >= classNames.length)) {
      throw unreadable(path, `${name}.labels names a class that is not there`);
    }
    const probabilities = run.roles.map((role) => {
      const key = `${name}.${role}.probabilities`;
      const { data } = takeTensor(tensors, key, path);
      if (!(data instanceof Float32Array) || data.length !== rows * classNames.length) {
        throw unreadable(path, `${key} is not F32 [${rows}, ${classNames.length}]`);
      }
      return [role, data] as const;
    });
    return {
      client: name,
      labels: labels.data,
      ...groupsOf(tensors, name, rows, path),
      probabilities: Object.fromEntries(probabilities),
    };
  });
  return { round: wholeNumber(metadata.round, "round", path), classNames, clients };
}

function groupsOf(
  tensors: ReadonlyMap<string, HostTensor>,
  client: string,
  rows: number,
  path: string,
): { groups?: Int32Array } {
  const data = tensors.get(`${client}.groups`)?.data;
  if (data === undefined) return {};
  if (data instanceof Int32Array && data.length === rows) return { groups: data };
  throw unreadable(path, `${client}.groups is not I32 [${rows}]`);
}

/** Writes what `readPredictions()` reads. */
export async function writePredictions(
  path: string,
  { clients, classNames, round }: PredictionsEvent,
): Promise<void> {
  const tensors = new Map<string, HostTensor>();
  for (const { client, labels, groups, probabilities } of clients) {
    const rows = labels.length;
    tensors.set(`${client}.labels`, { shape: [rows], data: Int32Array.from(labels) });
    if (groups) tensors.set(`${client}.groups`, { shape: [rows], data: Int32Array.from(groups) });
    for (const [role, data] of Object.entries(probabilities)) {
      tensors.set(`${client}.${role}.probabilities`, { shape: [rows, classNames.length], data });
    }
  }
  const metadata = { classes: classNames.join(","), round: String(round) };
  await writeFileAtomic(path, writeSafetensors(tensors, metadata));
}
