// Whether the files that carry the names of a run's clients can be written: known before anything is trained.

import type { CheckpointEvent } from "../../federated/events.ts";
import { mostNameBytes, nameBytes } from "../../io/file_name.ts";
import { checkpointFile } from "./file_names.ts";
import { RunFolderError } from "../run_folder_error.ts";

/** A model of a client. */
type Owner = Pick<CheckpointEvent, "client" | "role">;

/**
 * Checks the names of all checkpoints.
 *
 * @param clients their names
 * @param roles the models of each, in all runs that are to be made
 * @throws {RunFolderError} naming the client of a file whose name is too long, or two whose files may be one
 */
export function checkClientFiles(clients: readonly string[], roles: readonly string[]): void {
  const owners = new Map<string, Owner>();
  for (const client of clients) {
    for (const role of roles) {
      const file = fileOf({ client, role });
      const bytes = nameBytes(file);
      if (bytes > mostNameBytes) throw tooLong(client, bytes);
      const known = owners.get(folded(file));
      if (known !== undefined) throw alike(known, { client, role });
      owners.set(folded(file), { client, role });
    }
  }
}

/** Within its folder: the same in `best` and in `final`. */
function fileOf(owner: Owner): string {
  return checkpointFile({ reason: "best", ...owner }).slice("best/".length);
}

/** The same for names that the file systems of macOS or Windows take for one: they differ in case or in how accents are written. */
function folded(name: string): string {
  return name.normalize("NFC").toUpperCase().normalize("NFC");
}

function tooLong(client: string, bytes: number): RunFolderError {
  const own = nameBytes(client);
  return new RunFolderError(
    `Cannot train client ${client}: its name has ${own} bytes (letters beyond ASCII take two to four each), with which ` +
      `the name of its checkpoint would have ${bytes}, but ${mostNameBytes} are the most; give it a name of at most ` +
      `${own - (bytes - mostNameBytes)} bytes in the data folder, or leave it out with --clients`,
  );
}

function alike(one: Owner, other: Owner): RunFolderError {
  const files = [one, other].map((owner) => JSON.stringify(fileOf(owner)));
  return new RunFolderError(
    `Cannot train client ${other.client} beside ${one.client}: where a file system ignores case and how accents are ` +
      `written, their checkpoints ${
        files.join(" and ")
      } are one file; rename one of the clients in the data folder, ` +
      "or leave it out with --clients",
  );
}
