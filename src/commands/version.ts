// The versions of the program and of what runs it.

import manifest from "../../deno.json" with { type: "json" };

/** Versions by name, as shown and as stored with every run. */
export const versions: Readonly<Record<string, string>> = {
  "prrfl-webgpu": manifest.version,
  deno: Deno.version.deno,
};

/** Prints them on one line. */
export function printVersion(): void {
  console.log(Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", "));
}
