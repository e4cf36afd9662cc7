// What the bundles for browsers and Node have in common.

import { dirname, join } from "@std/path";
import type { BuildOptions, Plugin, PluginBuild } from "esbuild";

const dist = join(import.meta.dirname!, "..", "dist");

/**
 * Makes a folder anew, or for the first time.
 *
 * @throws {Error} if it is outside of dist and holds something, which may be of worth
 */
export async function makeAnew(folder: string): Promise<void> {
  try {
    const [first] = await Array.fromAsync(Deno.readDir(folder));
    if (first !== undefined && dirname(folder) !== dist) {
      throw new Error(`Cannot build into ${folder}: it holds ${first.name}; name a new folder`);
    }
    await Deno.remove(folder, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await Deno.mkdir(folder, { recursive: true });
}

/** What Node 20 and the browsers of today run: `using` is lowered, of which they lack the symbol as well. */
export const forConsumers = {
  bundle: true,
  format: "esm",
  target: ["es2022", "node20"],
  sourcemap: true,
  minify: true,
  charset: "utf8",
  banner: { js: 'Symbol.dispose??=Symbol.for("Symbol.dispose");' },
  logLevel: "warning",
} as const satisfies BuildOptions;

/** A plugin of esbuild, for imports of kernels as texts. */
export const shortKernels: Plugin = { name: "kernels", setup: withShortKernels };

/** Kernels without the words for readers; lines stay where they are, and shared files keep their names, for errors. */
function withShortKernels({ onLoad }: PluginBuild): void {
  onLoad({ filter: /\.wgsl$/ }, async ({ path }) => {
    const text = await Deno.readTextFile(path);
    const [name = ""] = text.match(/^\/\/ kernels\/shared\/[^ ]+:/) ?? [];
    const bare = text.replaceAll(/[ \t]*\/\/.*$/gm, "").replaceAll(/^ +/gm, "");
    return { loader: "text", contents: name + bare.replaceAll(/ *([=,;{}()<>+*\/:&|]) */g, "$1") };
  });
}
