// Starts the program as its users do.

import { fromFileUrl } from "@std/path";

const program = fromFileUrl(new URL("../../cli.ts", import.meta.url));
const config = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** A process of it in a folder, with the permissions that deno.json grants; output and errors are piped. */
export function startCli(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-P", `--config=${config}`, program, ...args],
    cwd,
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs it to its end. */
export async function runCli(cwd: string, ...args: string[]) {
  return await ended(startCli(cwd, args));
}

/** What a process has printed, its exit code, and the signal that ended it. */
export async function ended(process: Deno.ChildProcess) {
  const { code, signal, stdout, stderr } = await process.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, signal, out, err };
}

/** Where Deno keeps packages and compiled code. */
export async function cacheOfDeno(): Promise<string> {
  const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] });
  return JSON.parse(new TextDecoder().decode((await info.output()).stdout)).denoDir;
}

/** Lines of JSON. */
// deno-lint-ignore no-explicit-any
export function parseLines(text: string): any[] {
  return text.trim().split("\n").map((line) => JSON.parse(line));
}
