// What somebody probably meant to type.

import * as untyped from "@std/text/levenshtein-distance";

/** `levenshteinDistance` of Deno's standard library, whose npm package carries no types. */
const { levenshteinDistance } = untyped as unknown as {
  levenshteinDistance(first: string, second: string): number;
};

/** " (did you mean …?)" with the word that takes the fewest edits to reach; empty if none is near. */
export function didYouMean(typed: string, words: readonly string[]): string {
  const [nearest] = words
    .map((word) => ({ word, distance: levenshteinDistance(typed, word) }))
    .filter(({ distance }) => distance <= Math.max(2, typed.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return nearest === undefined ? "" : ` (did you mean ${nearest.word}?)`;
}
