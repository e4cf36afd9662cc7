// The list of mutants goes with the files; whether tests notice them, task `mutations` tells.

import { join } from "@std/path";
import { assertEquals } from "./assert.ts";
import { findMistakes } from "./mutant_mistakes.ts";
import { mutants } from "./mutants.ts";
import { sourceMutants } from "./source_mutants.ts";

Deno.test("every mutant has one place in its file, and every kernel a mutant", async () => {
  const root = join(import.meta.dirname!, "..");
  assertEquals(await findMistakes(root, [...mutants, ...sourceMutants]), []);
});
