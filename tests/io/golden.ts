// Where the reference vectors are that are too large to be part of the project.

import { join } from "@std/path";

/** The folder: `PRRFL_GOLDEN`, else `../shared/golden` beside the project; null without it. */
export const goldenFolder: string | null = existing(
  Deno.env.get("PRRFL_GOLDEN") ?? join(import.meta.dirname!, "../../../shared/golden"),
);

function existing(folder: string): string | null {
  try {
    return Deno.statSync(folder).isDirectory ? folder : null;
  } catch {
    return null;
  }
}
