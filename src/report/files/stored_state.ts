// A state as the bytes of a file: safetensors that carry a digest of themselves.

import * as v from "valibot";
import type { Position } from "../../federated/recovery/position.ts";
import type { SimulationState } from "../../federated/recovery/state.ts";
import { count, held, object, record, text } from "../../io/schema.ts";
import { readSafetensors, writeSafetensors } from "../../io/safetensors.ts";
import { sha256 as sha256Of } from "../../io/sha256.ts"; // a file has its own under that name

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
  return await encodeCounters(tensors, { ...countersOf(position), ...others }, rest);
}

/** Whatever the counters are: `decodeState()` has to see what is wrong with them. */
export async function encodeCounters(
  tensors: SimulationState["tensors"],
  counters: unknown,
  rest: unknown,
): Promise<Uint8Array> {
  const metadata = { format, state: JSON.stringify(counters), rest: JSON.stringify(rest) };
  const bytes = writeSafetensors(tensors, { ...metadata, sha256: noDigest });
  const place = placeOf(noDigest, bytes);
  place.set(new TextEncoder().encode(await sha256Of(bytes)));
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
  if (await sha256Of(bytes) !== sha256) throw new SyntaxError("its checksum does not match");
  const fail = () => new SyntaxError("it holds no state");
  const counters = held(countersSchema, JSON.parse(state), "the state", fail);
  const others = held(restSchema, JSON.parse(rest), "the rest", fail);
  const { best, stages, skipped, configuration, kernels } = counters;
  const position = positionOf(counters);
  return {
    state: { position, best, stages, skipped, configuration, kernels, tensors },
    ...others,
  };
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

/** A digest shows what was damaged, not who wrote the file: the rest of a run depends on these, and files are cut. */
const countersSchema = object({
  round: count,
  epoch: count,
  communicated: v.boolean("is neither true nor false"),
  amid: v.nullable(object({ parallelClients: count, steps: v.array(count) })),
  best: v.nullable(object({ f1: v.number(), round: count })),
  stages: v.array(v.picklist([0, 1, 2, 3, 4])),
  skipped: v.array(count),
  configuration: record(text),
  kernels: v.optional(text, ""), // older states leave it to config.json
});

const restSchema = object({
  elapsed: v.pipe(v.number(), v.minValue(0)),
  lengths: v.pipe(record(count), v.check((lengths) => Object.keys(lengths).every(isInside))),
});

/** Whether a path leads from a folder to something in it. */
function isInside(path: string): boolean {
  return path.split(/[\\/]/).every((part) => !["", ".", ".."].includes(part)) &&
    !path.includes(":");
}
