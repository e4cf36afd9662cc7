// What the bundles for browsers and Node have in common.

import type { BuildOptions, Plugin, PluginBuild } from "esbuild";

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
