// Makes one class of a class's spellings, and says which were put together.

import { withoutZeroFraction } from "./cell_values.ts";
import { className, nameKey } from "./diagnoses.ts";

/** Class names by the spellings in a table, and what was put together. */
export interface Spellings {
  readonly names: ReadonlyMap<string, string>;
  /** one sentence for each class of several spellings */
  readonly notes: readonly string[];
}

/** Spellings with this in common are one class, also those of full width and the like. */
export function spellingKey(name: string): string {
  return nameKey(name.normalize("NFKC"));
}

/**
 * Names the classes of a table's labels. Diagnoses get HAM10000's short names, `1.0` becomes `1`, commas go (they
 * separate names elsewhere), and of several spellings the most frequent stays.
 *
 * @param labels the label of every image as the table has it
 */
export function unifySpellings(labels: readonly string[]): Spellings {
  const counts = [...Map.groupBy(labels, (label) => label)]
    .map(([label, all]) => ({ label, count: all.length, name: nameOf(label) }));
  const names = new Map<string, string>();
  const notes: string[] = [];
  for (const group of Map.groupBy(counts, ({ name }) => spellingKey(name)).values()) {
    const totals = [...Map.groupBy(group, ({ name }) => name)]
      .map(([name, same]) => ({ name, count: same.reduce((sum, { count }) => sum + count, 0) }));
    const { name } = totals.reduce((best, next) => next.count > best.count ? next : best);
    for (const { label } of group) names.set(label, name);
    if (group.length > 1) {
      const spelled = group.map(({ label, count }) => `"${label}" (${count})`).join(", ");
      notes.push(`one class ${name}: ${spelled}`);
    }
  }
  return { names, notes };
}

function nameOf(label: string): string {
  return className(withoutZeroFraction(label).replaceAll(/\s*,\s*/g, " ").trim());
}
