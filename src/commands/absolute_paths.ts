// Paths of settings that outlive a process: written so that they mean the same wherever the next one is started.

import { resolve } from "@std/path";
import { type FlagTable, trainFlags } from "./flags.ts";
import { demoData } from "./load_dataset.ts";
import type { ResolvedOptions } from "./options.ts";
import { isModulePath } from "./values.ts";

/** Options that are paths of what a run reads. */
const paths = ["data", "csvFolder", "init"] as const;
/** Options that are such paths where they are modules. */
export const moduleOptions = ["network", "method"] as const;

/** @param folder against which relative paths are meant */
export function withAbsolutePaths<F extends FlagTable>(
  resolved: ResolvedOptions<F>,
  folder = Deno.cwd(),
): ResolvedOptions<F> {
  const absolute = (value: unknown) =>
    typeof value === "string" && value !== demoData ? resolve(folder, value) : value;
  const options: Record<string, unknown> = { ...resolved.options };
  const absoluteModule = (value: unknown) =>
    typeof value === "string" && isModulePath(value) ? absolute(value) : value;
  for (const option of paths) {
    if (Object.hasOwn(options, option)) options[option] = absolute(options[option]);
  }
  for (const option of moduleOptions) {
    if (Object.hasOwn(options, option)) options[option] = absoluteModule(options[option]);
  }
  if (Array.isArray(options.methods)) options.methods = options.methods.map(absoluteModule);
  const names = paths.map((option) => trainFlags[option].name);
  const moduleNames: readonly string[] = moduleOptions.map((option) => trainFlags[option].name);
  return {
    ...resolved,
    options: options as typeof resolved.options,
    settings: resolved.settings.map((setting) =>
      names.includes(setting.name)
        ? { ...setting, value: absolute(setting.value) as typeof setting.value }
        : moduleNames.includes(setting.name)
        ? { ...setting, value: absoluteModule(setting.value) as typeof setting.value }
        : setting
    ),
  };
}
