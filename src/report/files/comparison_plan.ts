// compare.json: what a comparison is, stored in its folder, and which order its runs stand in.

import { basename, join } from "@std/path";
import { readPlainText } from "../../io/files.ts";
import { isListOfTexts, isRecord } from "../../io/json.ts";

export const planFile = "compare.json";

/** Enough to go on with a comparison. */
export interface ComparisonPlan {
  readonly command: string;
  /** as typed */
  readonly arguments: readonly string[];
  /** names of the runs' folders, in the order in which they were asked for; older comparisons lack it */
  readonly runs?: readonly string[];
}

/**
 * The folders of runs in a comparison's folder, as they were asked for; those of which its plan knows nothing come
 * last, in the order given.
 */
export async function runOrder(folder: string, paths: readonly string[]): Promise<string[]> {
  const order = await plannedOrder(join(folder, planFile));
  const place = (path: string) => {
    const index = order.indexOf(basename(path));
    return index < 0 ? order.length : index;
  };
  return paths.toSorted((a, b) => place(a) - place(b));
}

/** Empty where there is no plan, or none that can be read: that ends no report. */
async function plannedOrder(path: string): Promise<readonly string[]> {
  try {
    const plan: unknown = JSON.parse(await readPlainText(path));
    return isRecord(plan) && isListOfTexts(plan.runs) ? plan.runs : [];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return [];
    throw error;
  }
}
