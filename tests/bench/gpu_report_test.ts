// The report of an adapter: what it takes. What it does takes nine minutes.

import { assert, assertEquals } from "../assert.ts";

Deno.test("gpu-report begins nothing for arguments that it does not know", async () => {
  for (const words of [["--help"], ["somewhere", "else"]]) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "bench/gpu_report.ts", ...words],
    }).output();
    const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals([code, out], [2, ""]);
    assert(error.includes(`${words.join(" ")}: one folder to write to is expected`), error);
  }
});
