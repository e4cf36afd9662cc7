// A run gives the same bits in Chromium as in Deno, on one adapter.

import { join } from "@std/path";
import { assert, assertEquals } from "../assert.ts";
import { noBrowser } from "../report/browser.ts";
import { withSecurePage } from "./secure_page.ts";
import type { TinyRun } from "./tiny_run.ts";

const root = join(import.meta.dirname!, "..", "..");
const program = join(import.meta.dirname!, "tiny_run.ts");

/** Where Debian's Chromium has the adapter that it uses itself, for others. */
const driver = "/usr/lib/chromium/vk_swiftshader_icd.json";

async function deno(args: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [args[0], `--config=${join(root, "deno.json")}`, ...args.slice(1)],
    env: { NO_COLOR: "1", DENO_WEBGPU_BACKEND: "vulkan", ...env },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assertEquals(code, 0, text(stderr));
  return text(stdout);
}

Deno.test({
  name: "a run of PRR-FL has the same losses, metrics, stages and weights in Chromium and in Deno",
  ignore: noBrowser,
  async fn() {
    const output = await Deno.makeTempFile({ suffix: ".js" });
    await deno(["bundle", "--quiet", "--platform", "browser", "-o", output, program]);
    const bundle = await Deno.readTextFile(output);
    await Deno.remove(output);
    const inChromium = await withSecurePage(
      (page) =>
        page.evaluate(async () => {
          const { tinyRun } = await import("/tiny_run.js" as string);
          return await tinyRun() as TinyRun;
        }),
      { "/tiny_run.js": bundle },
    );
    const inDeno: TinyRun = JSON.parse(
      await deno(["run", "--no-check", "-A", program], { VK_ICD_FILENAMES: driver }),
    );
    assert(inDeno.digests.length > 100, `${inDeno.digests.length} digests`);
    assertEquals(inChromium, inDeno);
  },
});
