// Starts the program as a user does, with the permissions that the help names.

import { fromFileUrl } from "@std/path";

const program = fromFileUrl(new URL("../../cli.ts", import.meta.url));
const config = fromFileUrl(new URL("../../deno.json", import.meta.url));

/** How a run of the program ended, and what it wrote. */
export interface CliOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program in the folder `cwd`. */
export async function runCli(cwd: string, ...args: string[]): Promise<CliOutcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-RWE", `--config=${config}`, program, ...args],
    cwd,
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, stdout: out, stderr: err };
}

/** Lines of JSON. */
// deno-lint-ignore no-explicit-any
export function parseLines(text: string): any[] {
  return text.trim().split("\n").map((line) => JSON.parse(line));
}
