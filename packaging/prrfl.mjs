#!/usr/bin/env node
// The program of the package: runs cli.ts in Deno, which is installed with it, on the caller's folder. `setup` installs a
// software adapter where there is none and it may, as the project's task of that name.

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const program = join(dirname(fileURLToPath(import.meta.url)), "..", "program");
const require = createRequire(import.meta.url);
const words = process.argv.slice(2);
const run = words[0] === "setup"
  ? ["-RE", "-W=/etc/apt", "--allow-run", "--allow-sys=uid", join(program, "setup.ts")]
  : [
    ...["--allow-read", "--allow-write", `--allow-env=${environment()}`],
    ...(words.some((word) => /^--live(=|$)/.test(word)) ? ["--allow-net=127.0.0.1"] : []),
    ...[join(program, "cli.ts"), ...words],
  ];
const child = spawn(
  denoProgram(),
  ["run", "--no-prompt", "--config", join(program, "deno.json"), ...run],
  { stdio: "inherit", env: { ...process.env, DENO_NO_PACKAGE_JSON: "1" } },
);
// A terminal sends Ctrl-C to both; the second one would end a run at once, instead of in good order.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal === "SIGINT" ? 130 : 143);
});

/** Deno itself: the program that the package "deno" starts would not pass signals on. */
function denoProgram() {
  const name = process.platform === "win32" ? "deno.exe" : "deno";
  const path = join(dirname(require.resolve("deno/package.json")), name);
  return existsSync(path) ? path : require("deno/install_api.cjs").runInstall();
}

/** What the project's own permissions name. */
function environment() {
  const { permissions } = JSON.parse(readFileSync(join(program, "deno.json"), "utf8"));
  return permissions.default.env.join(",");
}
