// What a kernel file names in its first lines as shared with others, and the texts of it.

import { join } from "@std/path";

/** What a kernel's first lines name. */
export function sharedBy(source: string): string[] {
  return source.match(/^\/\/ Shared: (.+)$/m)?.[1].split(", ") ?? [];
}

export async function sharedText(name: string): Promise<string> {
  const folder = join(import.meta.dirname!, "..", "..", "kernels", "shared");
  return await Deno.readTextFile(join(folder, `${name}.wgsl`));
}
