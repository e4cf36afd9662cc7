// Starts the program as its users do.

import { fromFileUrl } from "@std/path";

const program = fromFileUrl(new URL("../../cli.ts", import.meta.url));
const config = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** Runs it in a folder, with the permissions that the help names. */
export async function runCli(cwd: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-RWE", `--config=${config}`, program, ...args],
    cwd,
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

/** Lines of JSON. */
// deno-lint-ignore no-explicit-any
export function parseLines(text: string): any[] {
  return text.trim().split("\n").map((line) => JSON.parse(line));
}
