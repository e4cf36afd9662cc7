// Amplitudes of one layer before and after a communication: spectrum.safetensors of a run folder.

import { writeFileAtomic } from "../../io/files.ts";
import { writeSafetensors } from "../../io/safetensors.ts";
import type { HostTensor } from "../../tensor/host_tensor.ts";
import { readTensorFile, takeTensor, unreadable, wholeNumber } from "./tensor_file.ts";
import type { RunEvent, SpectraEvent } from "../../federated/events.ts";

/** A matrix of amplitudes, zero frequency at `[⌊rows/2⌋, ⌊cols/2⌋]`. */
export interface Amplitudes {
  readonly rows: number;
  readonly cols: number;
  /** row-major */
  readonly values: Float32Array;
}

/** One layer's spectra of all clients around one communication. */
export interface Spectra {
  readonly layer: string;
  /** counted from 0 */
  readonly round: number;
  /** PFA's low-frequency share, 0…1; null for methods without */
  readonly rate: number | null;
  /** in the run's order */
  readonly clients: readonly {
    readonly client: string;
    readonly before: Amplitudes;
    readonly after: Amplitudes;
  }[];
}

/**
 * Reads `<client>.before` and `<client>.after`; null if there is no such file.
 *
 * @throws {RunFolderError} if it is not a file of this run
 */
export async function readSpectra(path: string, run: RunEvent): Promise<Spectra | null> {
  const file = await readTensorFile(path);
  if (file === null) return null;
  const { tensors, metadata: { layer, round, rate } } = file;
  if (layer === undefined) throw unreadable(path, "its metadata name no layer");
  const share = rate === undefined ? null : Number(rate);
  if (share !== null && !(share >= 0 && share <= 1)) {
    throw unreadable(path, `its metadata give ${rate} as a rate, which is not from 0 to 1`);
  }
  const clients = run.clients.map(({ name }) => {
    const [before, after] = ["before", "after"].map((time) => {
      const key = `${name}.${time}`;
      return amplitudes(takeTensor(tensors, key, path), key, path);
    });
    if (before.rows !== after.rows || before.cols !== after.cols) {
      throw unreadable(path, `${name}.before and ${name}.after differ in shape`);
    }
    return { client: name, before, after };
  });
  return { layer, round: wholeNumber(round, "round", path), rate: share, clients };
}

/** Writes what `readSpectra()` reads. */
export async function writeSpectra(
  path: string,
  { clients, layer, round, rate }: SpectraEvent,
): Promise<void> {
  const tensors = new Map<string, HostTensor>();
  for (const { client, before, after } of clients) {
    for (const [when, { rows, columns, amplitudes }] of Object.entries({ before, after })) {
      tensors.set(`${client}.${when}`, { shape: [rows, columns], data: amplitudes });
    }
  }
  const metadata: Record<string, string> = { layer, round: String(round) };
  if (rate !== null) metadata.rate = String(rate);
  await writeFileAtomic(path, writeSafetensors(tensors, metadata));
}

function amplitudes({ shape, data }: HostTensor, key: string, path: string): Amplitudes {
  if (shape.length !== 2 || data.length === 0 || !(data instanceof Float32Array)) {
    throw unreadable(path, `${key} is not an F32 matrix`);
  }
  return { rows: shape[0], cols: shape[1], values: data };
}
