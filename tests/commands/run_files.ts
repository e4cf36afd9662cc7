// What a run leaves behind, as far as it may not depend on how often it was stopped.

import { join } from "@std/path";

/** By path, in order: bytes, or metrics without time and grouping; null of what tells times, settings or numbers charts. */
export async function filesOf(folder: string): Promise<Map<string, Uint8Array | string | null>> {
  const files = new Map<string, Uint8Array | string | null>();
  for (const { name, isDirectory } of [...Deno.readDirSync(folder)].toSorted(byName)) {
    const path = join(folder, name);
    if (isDirectory) {
      for (const [inner, content] of await filesOf(path)) files.set(`${name}/${inner}`, content);
    } else if (name === "metrics.jsonl") {
      const text = await Deno.readTextFile(path);
      files.set(name, text.replaceAll(/"time":\{.*?\}|"parallelClients":\d+/g, ""));
    } else {
      const isTold = /\.(html|svg|txt)$|^config\.json$/.test(name);
      files.set(name, isTold ? null : await Deno.readFile(path));
    }
  }
  return files;
}

function byName(a: Deno.DirEntry, b: Deno.DirEntry): number {
  return a.name < b.name ? -1 : 1;
}
