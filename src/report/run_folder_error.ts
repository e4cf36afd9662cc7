// The error of reading run folders: which file is wrong, and what to do.

/** A run folder cannot be used; the message is one sentence with the file and the remedy. */
export class RunFolderError extends Error {
  override readonly name = "RunFolderError";
}
