// One line of the table of inputs: what it is, and what has to come of it.

import type { TemporaryFolder } from "../data/tiny_folder.ts";

/** What a user may give the program, wrong or merely unusual. */
export type InputCase =
  & {
    readonly what: string;
    /** puts the input into an empty folder; where it is left out, `use` needs none */
    readonly prepare?: (folder: TemporaryFolder) => void | Promise<void>;
    /** what is done with it. @returns what came out, to be compared */
    readonly use: (path: string) => unknown;
  }
  & (
    | { readonly accepted: unknown }
    /** all that the one sentence has to name; `FOLDER` is the folder */
    | { readonly refused: readonly string[] }
  );
