// The GPU with the kernels that were measured to be fastest on it, which the user's cache folder keeps.

import { join } from "@std/path";
import * as v from "valibot";
import type { AdapterChoice, AdapterDescription } from "../gpu/adapter.ts";
import { writeFileAtomic } from "../io/files.ts";
import { object, record, text } from "../io/schema.ts";
import { sha256 } from "../io/sha256.ts";
import { userCacheFolder } from "../io/user_cache.ts";
import { kernelsText } from "../ops/kernel_choice.ts";
import { kernelSources } from "../ops/kernel_table.ts";
import { type Gpu, openGpu } from "../tensor/gpu.ts";
import { versions } from "./version.ts";

/** What the file of an adapter holds. */
const schema = object({ adapter: text, kernels: record(text) });

/**
 * Opens the GPU, by the table of this adapter unless it is to go by the rules.
 *
 * @throws {GpuError} of kind "no-adapter"
 */
export async function openTunedGpu(
  { adapter, tuned }: { readonly adapter: AdapterChoice; readonly tuned: boolean },
): Promise<Gpu> {
  const gpu = await openGpu({ adapter });
  if (tuned) gpu.kernels = await readKernels(gpu.adapter);
  return gpu;
}

/** The adapter on one line. */
export function adapterText({ adapter: { name, kind } }: Gpu): string {
  return `${name} (${kind})`;
}

/** The versions of a run, with the table of kernels if there is one: another gives other last bits. */
export function versionsWith({ kernels }: Gpu): Readonly<Record<string, string>> {
  return kernels.size === 0 ? versions : { ...versions, kernels: kernelsText(kernels) };
}

/** What was measured on this adapter with these kernels; empty if nothing was, or it cannot be read. */
export async function readKernels(adapter: AdapterDescription): Promise<Map<string, string>> {
  const path = await fileOf(adapter);
  if (path === null) return new Map();
  try {
    const { success, output } = v.safeParse(schema, JSON.parse(await Deno.readTextFile(path)));
    return new Map(success ? Object.entries(output.kernels) : []);
  } catch {
    return new Map(); // it can be measured again
  }
}

/**
 * Keeps what was measured, besides what is kept of other shapes.
 *
 * @param shapes that were measured: what was kept of them is replaced
 * @returns the file; null where there is no cache folder, or it cannot be written
 */
export async function keepKernels(
  adapter: AdapterDescription,
  shapes: readonly string[],
  kernels: ReadonlyMap<string, string>,
): Promise<string | null> {
  const path = await fileOf(adapter);
  if (path === null) return null;
  const kept = [...await readKernels(adapter)].filter(([shape]) => !shapes.includes(shape));
  const content = {
    adapter: adapter.name,
    kernels: Object.fromEntries([...kept, ...kernels].sort()),
  };
  try {
    await Deno.mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
    await writeFileAtomic(path, `${JSON.stringify(content, null, 2)}\n`);
    return path;
  } catch {
    return null; // no permission, a full disk, a file in the way
  }
}

/** One for each adapter and each version of the kernels. WebGPU does not tell every driver's version. */
async function fileOf({ name, kind, vendor }: AdapterDescription): Promise<string | null> {
  const folder = userCacheFolder("prrfl-webgpu");
  if (folder === null) return null;
  const key = await sha256(
    new TextEncoder().encode(JSON.stringify([name, kind, vendor, kernelSources])),
  );
  return join(folder, `kernels-${key.slice(0, 16)}.json`);
}
