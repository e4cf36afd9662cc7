// The examples in documentation comments run as they stand.

import { assert } from "./assert.ts";

Deno.test("the example in mod.ts runs", async () => {
  const { success, stderr, stdout } = await new Deno.Command(Deno.execPath(), {
    // Unchecked: the names that the test runner imports by itself would count as unused.
    args: ["test", "--allow-all", "--no-check", "--doc", "mod.ts"],
    cwd: new URL("..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
  assert(success && text.includes("1 passed"), text);
});
