// The files that travel: what a site sends, and the mean that comes back.

import { reasonOf } from "../../data/disk_files.ts";
import { checkFinite, checkMean, type HostMessage } from "../../federated/server/host_messages.ts";
import { readPlainFile } from "../../io/files.ts";
import { readSafetensors, type SafetensorsFile, writeSafetensors } from "../../io/safetensors.ts";
import { UsageError } from "../usage_error.ts";

/** Of whom a message is, and when. */
export interface MessageFacts {
  /** a digest of what all sites have to agree on */
  readonly agreement: string;
  readonly method: string;
  readonly round: number;
}

const kinds = { message: "prrfl-message", mean: "prrfl-mean" };

/** @param weight how much the site counts in the mean, relative to the others */
export function encodeMessage(
  tensors: HostMessage,
  { agreement, method, round }: MessageFacts,
  weight: number,
): Uint8Array<ArrayBuffer> {
  const metadata = { kind: kinds.message, agreement, method };
  return writeSafetensors(tensors, { ...metadata, round: `${round}`, weight: `${weight}` });
}

/**
 * Reads the mean of a round.
 *
 * @param sent what the site has sent in that round; null if it has not, and what it would send is found out when it
 *   takes the mean
 * @throws {UsageError | ConfigError} if it is no mean, or one of another round or federation, or has other tensors
 */
export async function readMean(
  path: string,
  facts: MessageFacts,
  sent: Uint8Array<ArrayBuffer> | null,
): Promise<HostMessage> {
  const refuse = (why: string) => new UsageError(`Cannot use --mean ${path}: ${why}`);
  let file: SafetensorsFile;
  try {
    file = readSafetensors(await readPlainFile(path));
  } catch (error) {
    throw refuse(reasonOf(error));
  }
  const { kind, round, agreement, method } = file.metadata;
  if (kind !== kinds.mean) {
    throw refuse(`its kind is ${kind ?? "not told"} but "${kinds.mean}" is expected`);
  }
  if (round !== `${facts.round}`) {
    throw refuse(`it is of round ${round} but that of round ${facts.round} is taken now`);
  }
  if (agreement !== facts.agreement) {
    throw refuse(
      `it is of another federation: its sites agreed on ${agreement}` +
        `${
          method === undefined ? "" : ` (${method})`
        }, this one on ${facts.agreement} (${facts.method})`,
    );
  }
  if (sent === null) checkFinite(file.tensors);
  else checkMean(readSafetensors(sent).tensors, file.tensors);
  return file.tensors;
}
