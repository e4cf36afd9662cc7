// One part of the long test: what it is given, and what it tells.

/** A way to maltreat the program that takes too long for a test. */
export interface TorturePart {
  readonly name: string;
  /**
   * Goes on until the time is over, and until it has done what it has to do at least.
   *
   * @param seed what all chance follows from
   * @param milliseconds how long
   * @param onProgress told now and then what has been done so far, in a few words
   */
  readonly run: (
    seed: number,
    milliseconds: number,
    onProgress: (done: string) => void,
  ) => Promise<TortureRow[]>;
}

/** A line of the table at the end. */
export interface TortureRow {
  /** what was maltreated */
  readonly what: string;
  /** how often */
  readonly count: number;
  /** how it took it: "812 accepted, 19188 refused" */
  readonly outcome: string;
  /** what should not have happened, with all that is needed to see it again */
  readonly failures: readonly string[];
}
