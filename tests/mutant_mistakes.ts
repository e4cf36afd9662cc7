// Whether the list of mutants still fits the files that it breaks.

import { join } from "@std/path";
import type { Mutant } from "./mutants.ts";

/** What is wrong with the list of mutants. */
export async function findMistakes(
  root: string,
  mutants: readonly Mutant[],
): Promise<string[]> {
  const mistakes: string[] = [];
  for (const folder of ["kernels", "kernels/shared"]) {
    for await (const { name, isFile } of Deno.readDir(join(root, folder))) {
      if (isFile && !mutants.some(({ file }) => file === `${folder}/${name}`)) {
        mistakes.push(`${folder}/${name} has no mutant`);
      }
    }
  }
  for (const { file, original } of mutants) {
    const source = await Deno.readTextFile(join(root, file));
    const count = source.split(original).length - 1;
    if (count !== 1) mistakes.push(`${file} has ${count} places to mutate: ${original}`);
  }
  return mistakes;
}
