// A trained model as a file of a run folder, with what determined its numbers.

import { join } from "@std/path";
import type { CheckpointEvent, RunEvent } from "../../federated/events.ts";
import { writeFileAtomic } from "../../io/files.ts";
import { writeSafetensors } from "../../io/safetensors.ts";
import { checkpointFile, serverFile } from "./file_names.ts";
import type { RunHeader } from "../run_header.ts";

/** Writes a client's model; and once more under the server's name where all clients have the same. */
export async function writeCheckpoint(
  header: RunHeader,
  run: RunEvent,
  event: CheckpointEvent,
): Promise<void> {
  const { reason, client, role, test: { f1, auc, accuracy, loss }, tensors } = event;
  const { folder } = header;
  await Deno.mkdir(join(folder, reason), { recursive: true });
  const write = async (file: string, model: Readonly<Record<string, unknown>>) => {
    const metadata = metadataOf(header, run, event, model);
    await writeFileAtomic(join(folder, file), writeSafetensors(tensors, metadata));
  };
  await write(checkpointFile(event), { client, role, f1, auc, accuracy, loss });
  if (event.isServerModel) await write(serverFile(reason), { role: "server" });
}

/** Strings only, as the format has it: equal runs give equal files. */
function metadataOf(
  { settings }: RunHeader,
  { classNames }: RunEvent,
  { reason, round }: CheckpointEvent,
  model: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const decisive = settings.filter(({ decisive, value }) => decisive && value !== null)
    .map(({ name, value }) => [name, value]);
  const metadata = {
    format: "pt", // what Python's safetensors asks for before it loads into PyTorch
    ...Object.fromEntries(decisive),
    reason,
    round,
    ...model,
    classes: classNames.join(","),
  };
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, String(value)]));
}
