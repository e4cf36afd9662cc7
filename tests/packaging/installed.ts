// The package as someone else has it: built, packed, and installed by npm in an empty folder.

import { join } from "@std/path";
import { transform } from "esbuild";
import { buildPackage } from "../../packaging/build_npm.ts";

/** What strict TypeScript needs besides, and WebGPU for Node. */
const others = ["webgpu@0.6.2", "typescript@5.9.3", "@webgpu/types@0.1.74"];

/** What a program says. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder with the package in its node_modules; null where npm cannot install. */
export const folder = await install();

async function install(): Promise<string | null> {
  const folder = await Deno.makeTempDir();
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const built = join(folder, "built");
  await buildPackage(built);
  await Deno.writeTextFile(join(folder, "package.json"), '{ "type": "module" }');
  try {
    const packed = await run("npm", ["pack", built, "--silent"]);
    if (packed.code !== 0) throw new Error(`npm cannot pack the package: ${packed.err}`);
    const words = ["install", "--no-audit", "--no-fund", "--silent"];
    const { code, err } = await run("npm", [...words, `./${packed.out.trim()}`, ...others]);
    if (code === 0) return folder;
    const isOffline = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ENETUNREACH/.test(err);
    if (!isOffline) throw new Error(`npm cannot install the package: ${err}`);
    console.error("npm reaches no registry, so the package's tests are ignored");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("There is no npm, so the package's tests are ignored");
  }
  return null;

  async function run(program: string, args: string[]): Promise<Said> {
    return await said(program, args, { cwd: folder });
  }
}

/** Runs a program in the folder of the package. */
export async function inFolder(
  program: string,
  args: string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<Said> {
  return await said(program, args, { cwd: folder!, ...options });
}

async function said(program: string, args: string[], options: Deno.CommandOptions): Promise<Said> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args, ...options }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** A module of this folder in JavaScript, with the package for the engine: `from` is what it imports then. */
export async function scriptOf(name: string, from: string): Promise<string> {
  const text = await Deno.readTextFile(join(import.meta.dirname!, name));
  const { code } = await transform(text, { loader: "ts", target: "node20" });
  return code.replace("../../engine.ts", from);
}
