// The command `info`: the WebGPU adapter that a run would use.

import { measureCeilings } from "../gpu/ceiling.ts";
import { tableLines } from "../report/table_lines.ts";
import { ceilingsText } from "../report/terminal/profile_text.ts";
import { openGpu } from "../tensor/gpu.ts";
import { infoFlags } from "./flags.ts";
import { resolveOptions } from "./options.ts";
import { versions } from "./version.ts";

/**
 * Prints the adapter's name, kind, limits and features; with `--measure` also how fast it is.
 *
 * @throws {UsageError} if the arguments are not flags of `info`
 * @throws {GpuError} if there is no adapter of the wanted kind
 */
export async function info(args: readonly string[]): Promise<void> {
  const { options } = resolveOptions(args, infoFlags);
  const gpu = await openGpu({ adapter: options.adapter });
  const { adapter } = gpu;
  const rows = [
    ["adapter", adapter.name],
    ["kind", adapter.kind === "cpu" ? "cpu (a software adapter)" : "gpu"],
    ["vendor", adapter.vendor],
    ...Object.entries(adapter.limits).map(([name, limit]) => [name, limit.toLocaleString("en")]),
    ["features", adapter.features.join(", ")],
    ...(options.measure ? [["ceilings", ceilingsText(await measureCeilings(gpu))]] : []),
    ...Object.entries(versions),
  ];
  console.log(tableLines(rows, "ll").join("\n"));
}
