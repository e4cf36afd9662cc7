// Builds the npm package into dist/npm: the engine for browsers and Node, what reads files, their types, and a program.
//   deno task build [FOLDER]

import { build as bundle, type PluginBuild, stop } from "esbuild";
import { dirname, join, resolve } from "@std/path";
import project from "../deno.json" with { type: "json" };
import { forConsumers, makeAnew, shortKernels } from "./bundling.ts";
import { lateLoading } from "./late_parts.ts";
import { writeTypes } from "./types.ts";

const root = join(import.meta.dirname!, "..");

/** What a file of the package is made from. */
const entries = { engine: join(root, "engine.ts"), files: join(root, "mod.ts") };
/** What reads images in threads of its own, where there are workers. */
const worker = { image_worker: join(root, "src", "data", "image_worker.ts") };

/** Of Deno's imports, those that the package's files need: installed with it, so that their licences come along. */
const dependencies = versionsOf(
  [
    "crc-32",
    "csv-parse/sync",
    "fast-png",
    "imagescript",
    "valibot",
    "@std/path",
    "@deno/shim-deno",
  ],
);
/** Deno itself, for the program. */
const others = { deno: "2.9.6" };

/** What the program needs besides its sources. */
const program = ["cli.ts", "deno.json", "deno.lock", "engine.ts", "mod.ts", "setup.ts"];

/** Builds it into a folder, which is made anew. */
export async function buildPackage(folder: string): Promise<void> {
  await makeAnew(folder);
  await bundleModules(folder);
  await writeTypes(Object.values(entries), join(folder, "types"));
  const sources = (await filesBelow("src")).filter((path) => !path.startsWith("src/web/"));
  for (const path of [...program, ...sources, ...await filesBelow("kernels")]) {
    await copy(path, join(folder, "program", path));
  }
  await copy("LICENSE", join(folder, "LICENSE"));
  await copy("packaging/README.md", join(folder, "README.md"));
  await copy("packaging/prrfl.mjs", join(folder, "bin", "prrfl.mjs"));
  await Deno.writeTextFile(
    join(folder, "package.json"),
    `${JSON.stringify(description(), null, 2)}\n`,
  );
}

async function bundleModules(folder: string): Promise<void> {
  await bundle({
    entryPoints: { ...entries, ...worker },
    outdir: folder,
    splitting: true,
    chunkNames: "[name]-[hash]",
    ...forConsumers,
    plugins: [
      shortKernels,
      lateLoading,
      { name: "files", setup: withFilesInNode },
    ],
    alias: { "@std/path": "deno-std/path/mod.js" },
    external: [...Object.keys(dependencies), ...Object.keys(others)].flatMap((name) => [
      name,
      `${name}/*`,
    ]),
  });
  await stop();
}

/** Modules that read files do it with Deno's functions, or in Node with those that stand for them. */
function withFilesInNode({ onLoad, onResolve }: PluginBuild): void {
  const name = "deno-or-node";
  const path = join(root, "packaging", "deno_in_node.js");
  onResolve({ filter: new RegExp(`^${name}$`) }, () => ({ path, sideEffects: false }));
  onLoad({ filter: /\.ts$/ }, async ({ path }) => {
    const text = await Deno.readTextFile(path);
    const contents = text.replace('"./image_worker.ts"', '"./image_worker.js"');
    const isOf = /\bDeno\.[a-z]/.test(text.replaceAll(/\/\/.*$|\/\*[^]*?\*\//gm, ""));
    return {
      loader: "ts",
      contents: isOf ? `import { Deno } from "${name}";\n${contents}` : contents,
    };
  });
}

function description(): Record<string, unknown> {
  const { name, version } = project;
  return {
    name,
    version,
    description:
      "Personalized retrogress-resilient federated learning on WebGPU: kernels, autograd, simulation",
    license: "MIT",
    type: "module",
    engines: { node: ">=20" },
    sideEffects: false,
    exports: {
      ".": { types: "./types/engine.d.ts", default: "./engine.js" },
      "./engine": { types: "./types/engine.d.ts", default: "./engine.js" },
      "./files": { types: "./types/mod.d.ts", default: "./files.js" },
    },
    bin: { prrfl: "bin/prrfl.mjs" },
    dependencies: { ...dependencies, ...others },
    peerDependencies: { "@webgpu/types": ">=0.1.60" },
    peerDependenciesMeta: { "@webgpu/types": { optional: true } },
  };
}

/** Name and version on npm of what deno.json imports. */
function versionsOf(imports: readonly (keyof typeof project.imports)[]): Record<string, string> {
  return Object.fromEntries(imports.map((name) => {
    const [, packageName, version] = project.imports[name].match(/^npm:(@?[^@]+)@([^/]+)/)!;
    return [packageName, version];
  }));
}

async function filesBelow(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    const path = `${folder}/${name}`;
    if (isDirectory) paths.push(...await filesBelow(path));
    else paths.push(path);
  }
  return paths.sort();
}

async function copy(path: string, target: string): Promise<void> {
  await Deno.mkdir(dirname(target), { recursive: true });
  await Deno.copyFile(join(root, path), target);
}

if (import.meta.main) {
  const [chosen] = Deno.args;
  const here = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  const folder = chosen === undefined ? join(root, "dist", "npm") : resolve(here, chosen);
  await buildPackage(folder);
  console.log(`built: ${folder}; pack it with: npm pack ${folder}`);
}
