// The help shows everything that can be typed.

import type { Flag } from "../../src/commands/flags.ts";
import { helpTables, helpText } from "../../src/commands/help.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";

const lines = helpText().split("\n");

const flags = helpTables.flatMap((table) => Object.values<Flag<unknown>>(table));

for (const flag of flags) {
  Deno.test(`helpText() shows --${flag.name} (${flag.topic}) with aliases, default and source`, () => {
    const topic = lines.indexOf(flag.topic);
    const line = lines.slice(topic).find((line) => line.startsWith(`  --${flag.name}`));
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
  for (
    const command of [
      "train",
      "demo",
      "evaluate",
      "predict",
      "data",
      "report",
      "info",
      "help",
      "--version",
    ]
  ) {
    assert(lines.some((line) => line.startsWith(`  ${command} `)), command);
  }
});
