// Parts of the engine that the package's engine.js fetches when they are called for: not every page trains or measures.

import { join, relative } from "@std/path";
import type { Plugin, PluginBuild } from "esbuild";

const root = join(import.meta.dirname!, "..");

/** By module: its only function that runs, which is asynchronous, so that nobody notices. */
const lateParts: Readonly<Record<string, { name: string; kind: "generator" | "function" }>> = {
  "src/federated/simulation.ts": { name: "simulate", kind: "generator" },
  "src/data/demo.ts": { name: "demoDataset", kind: "function" },
  "src/gpu/ceiling.ts": { name: "measureCeilings", kind: "function" },
  "src/tensor/gradient_check.ts": { name: "checkGradients", kind: "function" },
};

/** A plugin of esbuild, which has to divide the code among files. */
export const lateLoading: Plugin = { name: "late", setup: withLateParts };

function withLateParts({ onLoad, onResolve }: PluginBuild): void {
  onResolve({ filter: /\.ts$/, namespace: "file" }, ({ path, resolveDir }) => {
    const part = relative(root, join(resolveDir, path)).replaceAll("\\", "/");
    return part in lateParts ? { path: part, namespace: "asked", sideEffects: false } : undefined;
  });
  onLoad({ filter: /^/, namespace: "asked" }, ({ path }) => {
    const { name, kind } = lateParts[path];
    const call = `(await import("whole:${path}")).${name}(...given)`;
    const contents = kind === "generator"
      ? `export async function* ${name}(...given) { return yield* ${call}; }`
      : `export async function ${name}(...given) { return await ${call}; }`;
    return { contents };
  });
  onResolve({ filter: /^whole:/ }, ({ path }) => ({
    path: path.slice("whole:".length),
    namespace: "whole",
  }));
  // that it needs the engine keeps the rest in one file, instead of one for every set of parts that share something
  onLoad({ filter: /^/, namespace: "whole" }, ({ path }) => ({
    contents: `import "./engine.ts"; export { ${lateParts[path].name} } from "./${path}";`,
    resolveDir: root,
  }));
}
