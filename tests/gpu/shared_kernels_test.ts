// What kernels share stands once, and a file names in its first lines what is appended to it.

import { join } from "@std/path";
import { kernelFile } from "../../src/gpu/kernel.ts";
import { assert, assertEquals } from "../assert.ts";
import { gpu } from "../gpu.ts";
import { sharedBy, sharedText } from "./shared_parts.ts";

const root = join(import.meta.dirname!, "..", "..");

/** The names of all files below a folder that end so, with their paths in the project. */
async function filesBelow(folder: string, ending: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    if (isDirectory) found.push(...await filesBelow(`${folder}/${name}`, ending));
    else if (name.endsWith(ending)) found.push(`${folder}/${name}`);
  }
  return found.sort();
}

Deno.test("every kernel is valid WGSL with the parts that its first lines name", async () => {
  const kernels = (await filesBelow("kernels", ".wgsl")).filter((path) =>
    !path.includes("/shared/")
  );
  assert(kernels.length > 15);
  for (const path of kernels) {
    const source = await Deno.readTextFile(join(root, path));
    const shared = await Promise.all(sharedBy(source).map(sharedText));
    const code = [source, ...shared].join("\n");
    const { messages } = await gpu.device.createShaderModule({ code }).getCompilationInfo();
    assertEquals([path, messages.map(({ message }) => message)], [path, []]);
  }
});

Deno.test("the host appends exactly what a kernel's first lines name", async () => {
  const checked: string[] = [];
  for (const path of await filesBelow("src", ".ts")) {
    const code = await Deno.readTextFile(join(root, path));
    const calls = code.matchAll(/kernelFile\(\s*"([\w.]+)",\s*\w+,?\s*([^)]*)\)/g);
    for (const [, name, list] of calls) {
      const given = list.split(",").map((word) => word.trim()).filter(Boolean);
      const source = await Deno.readTextFile(join(root, "kernels", name));
      const camelCase = (name: string) =>
        name.replaceAll(/_(\w)/g, (_, letter) => letter.toUpperCase());
      assertEquals([name, given], [name, sharedBy(source).map(camelCase)]);
      checked.push(name);
    }
  }
  const all = (await filesBelow("kernels", ".wgsl")).filter((path) => !path.includes("/shared/"));
  assertEquals(checked.map((name) => `kernels/${name}`).sort(), all);
});

Deno.test("no kernel names more than it uses", async () => {
  for (const path of await filesBelow("kernels", ".wgsl")) {
    const source = await Deno.readTextFile(join(root, path));
    for (const name of sharedBy(source)) {
      const others = sharedBy(source).filter((other) => other !== name);
      const code = [source, ...await Promise.all(others.map(sharedText))].join("\n");
      const declared = (await sharedText(name)).matchAll(/^(?:fn|struct) (\w+)/gm);
      const used = [...declared].some(([, word]) => new RegExp(`\\b${word}\\b`).test(code));
      assert(used, `${path} names ${name} but uses nothing of it`);
    }
  }
});

Deno.test("what is appended changes no line number and may declare bindings", () => {
  const own = "// a kernel\nfn run() { helper(); }";
  const file = kernelFile(
    "own.wgsl",
    own,
    "fn helper() {}",
    "@group(0) @binding(3) var<storage, read> table: array<f32>;",
  );
  assert(file.source.startsWith(`${own}\n`));
  assertEquals([...file.bindings], [["table", 3]]);
});
