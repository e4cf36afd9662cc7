// The command `info`: the WebGPU adapter that a run would use.

import { tableLines } from "../report/format.ts";
import { openGpu } from "../tensor/gpu.ts";
import { infoFlags } from "./flags.ts";
import { resolveOptions } from "./options.ts";
import { versions } from "./version.ts";

/**
 * Prints the adapter's name, kind, limits and features.
 *
 * @throws {UsageError} if the arguments are not flags of `info`
 * @throws {GpuError} if there is no adapter of the wanted kind
 */
export async function info(args: readonly string[]): Promise<void> {
  const { options } = resolveOptions(args, infoFlags);
  const { adapter } = await openGpu({ adapter: options.adapter });
  const rows = [
    ["adapter", adapter.name],
    ["kind", adapter.kind === "cpu" ? "cpu (a software adapter)" : "gpu"],
    ["vendor", adapter.vendor],
    ...Object.entries(adapter.limits).map(([name, limit]) => [name, limit.toLocaleString("en")]),
    ["features", adapter.features.join(", ")],
    ...Object.entries(versions),
  ];
  console.log(tableLines(rows, "ll").join("\n"));
}
