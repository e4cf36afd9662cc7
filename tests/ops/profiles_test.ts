// What has kernels of its own for each kind of adapter is tested with both.

import { join } from "@std/path";
import { assertEquals } from "../assert.ts";

/** Where an operation decides by the kind of adapter, and the file that tests it. */
const tests: Readonly<Record<string, string>> = {
  "batch_norm.ts": "batch_norm_test.ts",
  "conv2d_plan.ts": "conv2d_test.ts",
  "fft_pass.ts": "fft_test.ts",
  "kernel_choice.ts": "conv2d_test.ts",
  "matmul_plan.ts": "matmul_test.ts",
  "pool2d.ts": "pool2d_test.ts",
  "tuning_trial.ts": "tuning_test.ts",
};

Deno.test("every operation that asks for the kind of adapter is tested with both", async () => {
  const sources = join(import.meta.dirname!, "..", "..", "src", "ops");
  const asking: string[] = [];
  for await (const { name } of Deno.readDir(sources)) {
    const source = await Deno.readTextFile(join(sources, name));
    if (/gpu\.adapter|workgroupSizeFor\(/.test(source)) asking.push(name);
  }
  assertEquals(asking.sort(), Object.keys(tests));
  for (const file of Object.values(tests)) {
    const source = await Deno.readTextFile(join(import.meta.dirname!, file));
    assertEquals([file, /kernelTest\(|kind: "gpu"/.test(source)], [file, true]);
  }
});
