// The help shows everything that can be typed.

import type { Flag } from "../../src/commands/flags.ts";
import { commands } from "../../src/commands/commands.ts";
import { helpText } from "../../src/commands/help.ts";
import { UsageError } from "../../src/commands/usage_error.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";

for (const [name, { flags, preset = {} }] of Object.entries(commands)) {
  const lines = helpText(name.split(" ")).split("\n");

  Deno.test(`the help of ${name} shows every flag with aliases, default and source`, () => {
    for (const [option, flag] of Object.entries(flags as Record<string, Flag<unknown>>)) {
      const topic = lines.indexOf(flag.topic);
      assert(topic > 0, flag.topic);
      const line = lines.slice(topic).find((line) => line.startsWith(`  --${flag.name}`));
      assert(line !== undefined, flag.name);
      for (const alias of flag.aliases) assertStringIncludes(line, `--${alias}`);
      assertStringIncludes(line, flag.help);
      const shown = typeof flag.default === "boolean"
        ? (flag.default ? "on" : "off")
        : flag.defaultText ?? String(flag.default);
      const expected = option in preset
        ? `(${preset[option]}, ours)`
        : `(${shown}, ${flag.source})`;
      assertStringIncludes(line, expected);
    }
  });

  Deno.test(`the help of ${name} shows no null`, () => {
    assertEquals(lines.filter((line) => line.includes("null")), []);
  });
}

Deno.test("the overview names every command", () => {
  const lines = helpText([]).split("\n");
  for (const command of [...Object.keys(commands), "help COMMAND", "--version"]) {
    assert(lines.some((line) => line.startsWith(`  ${command} `)), command);
  }
});

Deno.test("helpText() finds the command among other words, or shows the overview", () => {
  assertEquals(helpText(["data", "prepare", "--out", "x"]), helpText(["data", "prepare"]));
  for (const words of [["data"], ["--lr", "1"]]) {
    assertEquals(helpText(words), helpText([]));
  }
});

Deno.test("helpText() refuses what is no command, with the nearest one", () => {
  const message = (word: string) => assertThrows(() => helpText([word]), UsageError).message;
  assertEquals(
    message("trian"),
    'Unknown command trian (did you mean train?): "help" lists all commands',
  );
  assertEquals(message("nonsense"), 'Unknown command nonsense: "help" lists all commands');
});
