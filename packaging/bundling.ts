// What the bundles for browsers and Node have in common.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { dirname, fromFileUrl, join, relative, resolve, SEPARATOR } from "@std/path";
import type { BuildOptions, Plugin, PluginBuild } from "esbuild";
import config from "../deno.json" with { type: "json" };

const ownImports: Readonly<Record<string, string>> = config.imports;
const root = join(import.meta.dirname!, "..");
const dist = join(root, "dist");

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

/**
 * Kernels without the words for readers; lines stay where they are, and shared files keep their names, for errors. They
 * stand in one module, next to each other: gzip, which looks back 32 kB, packs them better than between scripts.
 */
function withShortKernels({ onLoad, onResolve }: PluginBuild): void {
  const all = "all-kernels";
  onLoad({ filter: /\.wgsl$/ }, ({ path }) => {
    const name = nameOf(relative(root, path));
    return { contents: `export { ${name} as default } from "${all}";` };
  });
  onResolve({ filter: new RegExp(`^${all}$`) }, () => ({ path: all, namespace: all }));
  onLoad({ filter: /^/, namespace: all }, async () => {
    const paths = await Array.fromAsync(kernelFiles());
    const lines = await Promise.all(
      paths.sort().map(async (path) =>
        `export const ${nameOf(path)} = ${JSON.stringify(await shortKernel(path))};`
      ),
    );
    return { contents: lines.join("\n") };
  });

  function nameOf(path: string): string {
    return path.replaceAll(/\W/g, "_");
  }
}

/** Paths of the kernels in the project. */
async function* kernelFiles(): AsyncGenerator<string> {
  for (const folder of ["kernels", join("kernels", "shared")]) {
    for await (const { name } of Deno.readDir(join(root, folder))) {
      if (name.endsWith(".wgsl")) yield join(folder, name);
    }
  }
}

async function shortKernel(path: string): Promise<string> {
  const text = await Deno.readTextFile(join(root, path));
  const [name = ""] = text.match(/^\/\/ kernels\/shared\/[^ ]+:/) ?? [];
  const bare = text.replaceAll(/[ \t]*\/\/.*$/gm, "").replaceAll(/^ +/gm, "");
  return name + bare.replaceAll(/ *([=,;{}()<>+*\/:&|]) */g, "$1");
}

/** A plugin of esbuild, for packages that a page needs: their files for browsers, from Deno's cache. */
export const packagesForBrowsers: Plugin = { name: "packages", setup: withPackages };

/** Where a package has a file for browsers beside the one that Deno takes, relative to that. */
const browserFiles: Readonly<Record<string, string>> = {
  "csv-parse/sync": "../dist/esm/sync.js",
  "fflate": "./browser.js",
};

function withPackages({ onResolve }: PluginBuild): void {
  onResolve({ filter: /^[a-z@]/ }, ({ path, importer, kind }) => {
    if (kind === "entry-point") return undefined;
    const found = path in ownImports
      ? import.meta.resolve(path)
      : pathToFileURL(createRequire(importer).resolve(path)).href; // what a package itself imports
    return { path: fromFileUrl(new URL(browserFiles[path] ?? "", found)) };
  });
}

/** The licences of the packages that files belong to, each under the package's name. */
export async function licensesOf(files: readonly string[]): Promise<string> {
  const folders = new Set<string>();
  for (const file of files) {
    const path = resolve(file);
    if (!path.startsWith(root + SEPARATOR)) folders.add(await folderOfPackage(path));
  }
  const texts = await Promise.all(
    [...folders].sort().map(async (folder) => {
      const { name, version } = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
      return `${name} ${version}\n\n${await Deno.readTextFile(join(folder, "LICENSE"))}`;
    }),
  );
  return texts.join("\n\n");
}

/** The nearest folder above a file that has a licence. */
async function folderOfPackage(path: string): Promise<string> {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    for await (const { name } of Deno.readDir(folder)) if (name === "LICENSE") return folder;
  }
  throw new Error(`Cannot find the licence of the package of ${path}`);
}
