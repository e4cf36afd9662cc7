// Kernels in bundles: without comments and needless blanks, but word for word the same, on the same lines.

import { build, stop } from "esbuild";
import { basename, join } from "@std/path";
import { assert, assertEquals } from "../assert.ts";
import { shortKernels } from "../../packaging/bundling.ts";

const kernels = join(import.meta.dirname!, "..", "..", "kernels");

Deno.test("kernels in a bundle are those of the sources, line by line, and shorter", async () => {
  const paths = await Array.fromAsync(wgslBelow(kernels));
  assert(paths.length > 30);
  const bundled = await bundledTexts(paths);
  for (const [at, path] of paths.entries()) {
    const source = await Deno.readTextFile(path);
    const [lines, shorter] = [source, bundled[at]].map((text) => text.split("\n").map(wordsOf));
    if (path.includes("shared")) {
      assert(bundled[at].startsWith(`// kernels/shared/${basename(path)}:`));
    }
    assertEquals(shorter, lines, path);
    assert(bundled[at].length < source.length, path);
  }
});

async function* wgslBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* wgslBelow(path);
    else if (name.endsWith(".wgsl")) yield path;
  }
}

async function bundledTexts(paths: readonly string[]): Promise<string[]> {
  const imports = paths.map((path, at) => `import k${at} from ${JSON.stringify(path)};`);
  const contents = `${imports.join("\n")}\nexport default [${paths.map((_, at) => `k${at}`)}];`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: kernels },
    bundle: true,
    format: "esm",
    write: false,
    plugins: [shortKernels],
  });
  await stop();
  const module = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  return module.default;
}

/** The words and signs of a line, which blanks may stand between. */
function wordsOf(line: string): string[] {
  return line.replace(/\/\/.*/, "").match(/\w+(?:\.\w+)?|[^\s\w]/g) ?? [];
}
