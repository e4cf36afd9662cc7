// compare.json: what a comparison is, stored in its folder, and which order its runs stand in.

import { basename, join } from "@std/path";
import * as v from "valibot";
import type { SimulationEvent } from "../../federated/events.ts";
import { readPlainText, writeFileAtomic } from "../../io/files.ts";
import { isListOfTexts, isRecord } from "../../io/json.ts";
import { object, text, texts } from "../../io/schema.ts";
import type { EventConsumer } from "../run_header.ts";

export const planFile = "compare.json";

/** Enough to go on with a comparison. */
export interface ComparisonPlan<Command extends string = string> {
  readonly command: Command;
  /** as typed, with those of a file of settings in place of its name */
  readonly arguments: readonly string[];
  /** where it was started: relative paths in the arguments are meant from there; older comparisons lack it */
  readonly cwd?: string;
  /** names of the runs' folders, in the order in which they were asked for; older comparisons lack it */
  readonly runs?: readonly string[];
}

/** Writes the plan once the folder is made, with the first run's. */
export class PlanFile implements EventConsumer {
  constructor(private readonly plan: ComparisonPlan, private readonly folder: string) {}

  async consume({ type }: SimulationEvent): Promise<void> {
    if (type !== "run") return;
    const content = `${JSON.stringify(this.plan, null, 2)}\n`;
    await writeFileAtomic(join(this.folder, planFile), content);
  }

  /** It is there. */
  resume(): void {}
}

/**
 * Reads what `PlanFile` wrote.
 *
 * @param commands that compare
 * @throws {SyntaxError} if it is damaged
 * @throws {Deno.errors.NotFound} if it is not there
 */
export async function readPlanFile<Command extends string>(
  folder: string,
  commands: readonly Command[],
): Promise<ComparisonPlan<Command>> {
  const schema = object({
    command: v.picklist(commands),
    arguments: texts,
    cwd: v.optional(text),
  });
  const plan: unknown = JSON.parse(await readPlainText(join(folder, planFile)));
  const { success, output } = v.safeParse(schema, plan);
  if (success) return output;
  throw new SyntaxError("command or arguments are missing");
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
