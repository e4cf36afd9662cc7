// The error of every command: what is wrong with what the user typed, and what to type instead.

/** The command line cannot be carried out; the message is one sentence with the value and remedy. */
export class UsageError extends Error {
  override readonly name = "UsageError";

  /** @param lines to be typed elsewhere, printed below the message as they are */
  constructor(message: string, readonly lines: readonly string[] = []) {
    super(message);
  }
}
