// Starts the program as its users do.

import { fromFileUrl } from "@std/path";

const program = fromFileUrl(new URL("../../cli.ts", import.meta.url));
const config = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** A process of it in a folder, with the permissions that the help names; output and errors are piped. */
export function startCli(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-RWE", `--config=${config}`, program, ...args],
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

/** What a process has printed, and its exit code. */
export async function ended(process: Deno.ChildProcess) {
  const { code, stdout, stderr } = await process.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

/** Lines of JSON. */
// deno-lint-ignore no-explicit-any
export function parseLines(text: string): any[] {
  return text.trim().split("\n").map((line) => JSON.parse(line));
}
