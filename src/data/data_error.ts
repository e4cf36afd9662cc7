// The error of every reader of data: what is wrong with the user's files, and what to do about it.

/** The data cannot be used as it is; the message is one sentence with the values and the remedy. */
export class DataError extends Error {
  /** tells it from other errors, also where `instanceof` cannot */
  override readonly name = "DataError";
}
