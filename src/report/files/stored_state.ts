// A state as the bytes of a file: safetensors that carry a digest of themselves.

import type { Position } from "../../federated/recovery/position.ts";
import type { SimulationState } from "../../federated/recovery/state.ts";
import { isCount, isRecord } from "../../io/json.ts";
import { readSafetensors, writeSafetensors } from "../../io/safetensors.ts";

/** A state, and how far the files were that grow as the run goes. */
export interface StoredState {
  readonly state: SimulationState;
  /** of the run until then, milliseconds */
  readonly elapsed: number;
  /** bytes of the growing files, by path in the run folder */
  readonly lengths: Readonly<Record<string, number>>;
}

/** Value of the metadata's `format`; another one is of another program. */
const format = "prrfl-state-3";

/** As safetensors; the counters are JSON in its metadata, and so is a digest of the file without the digest. */
export async function encodeState({ state, ...rest }: StoredState): Promise<Uint8Array> {
  const { tensors, position, ...others } = state;
  const counters = { ...countersOf(position), ...others };
  const metadata = { format, state: JSON.stringify(counters), rest: JSON.stringify(rest) };
  const bytes = writeSafetensors(tensors, { ...metadata, sha256: noDigest });
  const place = placeOf(noDigest, bytes);
  place.set(new TextEncoder().encode(await digest(bytes)));
  return bytes;
}

/**
 * Reads what `encodeState()` made; the digest in `bytes` is overwritten.
 *
 * @throws {SyntaxError} unless it is that, to the bit, and holds a state
 */
export async function decodeState(bytes: Uint8Array<ArrayBuffer>): Promise<StoredState> {
  const { tensors, metadata } = readSafetensors(bytes);
  const { format: found, sha256 = "", state, rest } = metadata;
  if (found !== format) throw new SyntaxError(`its format is ${found} but ${format} is expected`);
  placeOf(sha256, bytes).set(new TextEncoder().encode(noDigest));
  if (await digest(bytes) !== sha256) throw new SyntaxError("its checksum does not match");
  const [counters, others] = [JSON.parse(state), JSON.parse(rest)];
  if (!isState(counters) || !isRest(others)) throw new SyntaxError("it holds no state");
  const { best, stages, skipped, configuration } = counters;
  const position = positionOf(counters);
  return { state: { position, best, stages, skipped, configuration, tensors }, ...others };
}

/** A position as files of this format have it. */
interface Counters {
  readonly round: number;
  /** local epochs of the round that are over */
  readonly epoch: number;
  readonly communicated: boolean;
  /** how far the local epoch after those has got; null: it has not begun */
  readonly amid: { readonly parallelClients: number; readonly steps: readonly number[] } | null;
}

function countersOf(position: Position): Counters {
  const { round } = position;
  const none = { round, epoch: 0, communicated: false, amid: null };
  switch (position.at) {
    case "round":
      return none;
    case "epoch":
      return { ...none, epoch: position.epoch };
    case "step": {
      const { epoch, parallelClients, steps } = position;
      return { ...none, epoch, amid: { parallelClients, steps } };
    }
    case "communication":
      return { ...none, communicated: true };
  }
}

function positionOf({ round, epoch, communicated, amid }: Counters): Position {
  if (amid) return { at: "step", round, epoch, ...amid };
  if (communicated) return { at: "communication", round };
  return epoch === 0 ? { at: "round", round } : { at: "epoch", round, epoch };
}

/** What stands in the digest's place while it is computed. */
const noDigest = "0".repeat(64);

/**
 * The bytes of the header that hold these hexadecimal digits.
 *
 * @throws {SyntaxError} if there are none
 */
function placeOf(digits: string, bytes: Uint8Array): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = new TextDecoder("latin1").decode(bytes.subarray(8, 8 + length)); // a letter for each byte
  const found = header.indexOf(`"sha256":"${digits}"`);
  if (found < 0 || digits.length !== noDigest.length) throw new SyntaxError("it has no checksum");
  const start = 8 + found + `"sha256":"`.length;
  return bytes.subarray(start, start + noDigest.length);
}

async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** A digest shows what was damaged, not who wrote the file: the rest of a run depends on these, and files are cut. */
function isState(
  value: unknown,
): value is Counters & Omit<SimulationState, "tensors" | "position"> {
  if (!isRecord(value)) return false;
  const { round, epoch, communicated, amid, best, stages, skipped, configuration } = value;
  const isBest = best === null ||
    isRecord(best) && typeof best.f1 === "number" && isCount(best.round);
  const isAmid = amid === null ||
    isRecord(amid) && isCount(amid.parallelClients) &&
      Array.isArray(amid.steps) && amid.steps.every(isCount);
  return isCount(round) && isCount(epoch) && typeof communicated === "boolean" && isAmid &&
    isBest &&
    Array.isArray(stages) && stages.every((stage) => [0, 1, 2, 3, 4].includes(stage)) &&
    Array.isArray(skipped) && skipped.every(isCount) &&
    isRecord(configuration) &&
    Object.values(configuration).every((setting) => typeof setting === "string");
}

function isRest(value: unknown): value is Omit<StoredState, "state"> {
  if (!isRecord(value) || !isRecord(value.lengths)) return false;
  return typeof value.elapsed === "number" && value.elapsed >= 0 &&
    Object.entries(value.lengths).every(([path, length]) => isInside(path) && isCount(length));
}

/** Whether a path leads from a folder to something in it. */
function isInside(path: string): boolean {
  return path.split(/[\\/]/).every((part) => !["", ".", ".."].includes(part)) &&
    !path.includes(":");
}
