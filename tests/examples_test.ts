// The examples of the documentation run as they stand.

import { assert, assertEquals } from "./assert.ts";

Deno.test("the examples in engine.ts and mod.ts run", async () => {
  const { success, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    // Unchecked: the names that the test runner imports by itself would count as unused.
    args: ["test", "--allow-all", "--no-check", "--doc", "engine.ts", "mod.ts"],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
  assert(success && text.includes("2 passed"), text);
});

Deno.test("the example of docs/adding-a-method.md runs", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "-RE", "docs/head_averaging.ts"],
    cwd: new URL("..", import.meta.url),
  }).output();
  const [text, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assertEquals({ code, errors }, { code: 0, errors: "" });
  const lines = text.trim().split("\n");
  assertEquals(lines.length, 3);
  assert(lines.every((line, k) => line.startsWith(`round ${k + 1}: mean test AUC `)), text);
});
