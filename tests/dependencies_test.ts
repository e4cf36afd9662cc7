// Packages: each is pinned, its content too, and no command changes that in passing.

import { fromFileUrl, join } from "@std/path";
import settings from "../deno.json" with { type: "json" };
import { assertEquals, assertNotEquals, assertStringIncludes } from "./assert.ts";
import { TemporaryFolder } from "./data/tiny_folder.ts";

const root = fromFileUrl(new URL("../", import.meta.url));
const lock = JSON.parse(await Deno.readTextFile(join(root, "deno.lock")));
const imports: Readonly<Record<string, string>> = settings.imports;

/** `npm:deno-std@1.4.0/assert/mod.js` → `npm:deno-std@1.4.0`; null unless it names one version. */
function pinnedPackage(specifier: string): string | null {
  return specifier.match(/^npm:(@[\w-]+\/)?[\w-]+@\d+\.\d+\.\d+(?=\/|$)/)?.[0] ?? null;
}

Deno.test("the import map names one version of each package, which deno.lock has", () => {
  for (const [name, specifier] of Object.entries(imports)) {
    const pinned = pinnedPackage(specifier);
    assertNotEquals(pinned, null, `${name}: ${specifier}`);
    const [version] = lock.specifiers[pinned!].split("_"); // behind it, what it goes with
    assertEquals(version, pinned!.split("@").at(-1), name);
  }
  assertEquals(pinnedPackage("npm:fflate@^0.8.3"), null);
});

Deno.test("deno.lock has a digest of every package, those that packages need included", () => {
  assertEquals(Object.keys(lock).toSorted(), ["npm", "specifiers", "version", "workspace"]);
  for (const [name, { integrity }] of Object.entries<{ integrity?: string }>(lock.npm)) {
    assertEquals(integrity?.match(/^sha512-[\w+/]{86}==$/)?.length, 1, name);
  }
});

Deno.test("a command that would change deno.lock fails and leaves it as it is", async () => {
  using folder = new TemporaryFolder();
  const [removed, ...kept] = Object.entries(imports);
  assertStringIncludes(JSON.stringify(lock.workspace), pinnedPackage(removed[1])!);
  const changed = { lock: settings.lock, imports: Object.fromEntries(kept) };
  const bytes = await Deno.readTextFile(join(root, "deno.lock"));
  folder.write("deno.json", JSON.stringify(changed));
  folder.write("deno.lock", bytes);
  folder.write("program.ts", "console.log(1);");
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "program.ts"],
    cwd: folder.path,
  }).output();
  assertEquals(code, 1);
  assertStringIncludes(new TextDecoder().decode(stderr), "The lockfile is out of date");
  assertEquals(await Deno.readTextFile(join(folder.path, "deno.lock")), bytes);
});
