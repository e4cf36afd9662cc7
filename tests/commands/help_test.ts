// The help shows everything that can be typed.

import { type Flag, trainFlags } from "../../src/commands/flags.ts";
import { helpText } from "../../src/commands/help.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";

const lines = helpText().split("\n");

for (const flag of Object.values<Flag<unknown>>(trainFlags)) {
  Deno.test(`helpText() shows --${flag.name} with aliases, default and source`, () => {
    const line = lines.find((line) => line.startsWith(`  --${flag.name}`) && line.endsWith(")"));
    assert(line !== undefined);
    for (const alias of flag.aliases) assertStringIncludes(line, `--${alias}`);
    assertStringIncludes(line, flag.help);
    const shown = typeof flag.default === "boolean"
      ? (flag.default ? "on" : "off")
      : flag.defaultText ?? String(flag.default);
    assertStringIncludes(line, `(${shown}, ${flag.source})`);
  });
}

Deno.test("helpText() never shows null for a default", () => {
  assertEquals(lines.filter((line) => line.includes("null")), []);
});

Deno.test("helpText() names every command", () => {
  for (const command of ["train", "demo", "info", "help", "--version"]) {
    assert(lines.some((line) => line.startsWith(`  ${command} `)), command);
  }
});
