// Outside Deno the engine's types are those of @webgpu/types: a program that brings its own device compiles.

import { join } from "@std/path";
import { assertEquals, assertStringIncludes } from "./assert.ts";

const folder = join(import.meta.dirname!, "outside");

/** Checks the types as outside Deno: the web's libraries and those of the package, nothing of Deno's. */
async function check(file: string): Promise<{ code: number; text: string }> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", "--config", join(folder, "deno.json"), file],
    env: { NO_COLOR: "1" },
  }).output();
  return { code, text: new TextDecoder().decode(stderr) };
}

Deno.test("the engine compiles with the types of @webgpu/types", async () => {
  assertEquals(await check(join(folder, "engine.ts")), { code: 0, text: "" });
});

Deno.test("that check knows nothing of Deno, and a wrong device is an error", async () => {
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const engine = new URL("../src/tensor/gpu.ts", import.meta.url).href;
    const lines = ["Deno.cwd();", `import { Gpu } from "${engine}";`, 'new Gpu("device", null!);'];
    await Deno.writeTextFile(path, lines.join("\n"));
    const { code, text } = await check(path);
    assertEquals(code, 1);
    assertStringIncludes(text, "Cannot find name 'Deno'");
    assertStringIncludes(text, "'string' is not assignable to parameter of type 'GPUDevice'");
  } finally {
    await Deno.remove(path);
  }
});
