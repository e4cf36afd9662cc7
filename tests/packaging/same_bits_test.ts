// A run of the installed package gives the same bits in Node, in a worker of Chromium, and in Deno, on one adapter.

import { join } from "@std/path";
import { assert, assertEquals } from "../assert.ts";
import { withSecurePage } from "../browser/secure_page.ts";
import { noBrowser, onChromiumsAdapter } from "../report/browser.ts";
import { folder, inFolder, scriptOf } from "./installed.ts";
import type { TinyRun } from "./tiny_run.ts";

const root = join(import.meta.dirname!, "..", "..");
const program = join(import.meta.dirname!, "tiny_run.ts");

const env = { NO_COLOR: "1", DENO_WEBGPU_BACKEND: "vulkan", ...onChromiumsAdapter };

/** The tiny run in Node, on the WebGPU of the package "webgpu"; whose devices would keep it from ending. */
const inNode = `
import { create, globals } from "webgpu";

Object.assign(globalThis, globals);
globalThis.navigator ??= {};
Object.defineProperty(navigator, "gpu", { value: create([]), configurable: true });
const { tinyRun } = await import("./tiny_run.js");
process.stdout.write(JSON.stringify(await tinyRun()), () => process.exit(0)); // once it is written
`;

let known: Promise<TinyRun> | undefined;

/** What Deno gives. */
function inDeno(): Promise<TinyRun> {
  const args = ["run", "--no-check", "-A", `--config=${join(root, "deno.json")}`, program];
  return known ??= tinyRunOf(Deno.execPath(), args);
}

async function tinyRunOf(program: string, args: string[]): Promise<TinyRun> {
  const { code, out, err } = await inFolder(program, args, { env: env });
  assertEquals(code, 0, err);
  const run: TinyRun = JSON.parse(out);
  assert(run.digests.length > 100, `${run.digests.length} digests`);
  return run;
}

Deno.test({
  name: "a run of PRR-FL has the same losses, metrics, stages and weights in Node and in Deno",
  ignore: folder === null,
  async fn() {
    const script = await scriptOf("tiny_run.ts", "@prr-fl/webgpu");
    await Deno.writeTextFile(join(folder!, "tiny_run.js"), script);
    await Deno.writeTextFile(join(folder!, "in_node.mjs"), inNode);
    assertEquals(await tinyRunOf("node", ["in_node.mjs"]), await inDeno());
  },
});

Deno.test({
  name: "and in a worker of Chromium",
  ignore: folder === null || noBrowser,
  async fn() {
    const scripts: Record<string, string> = {
      "/tiny_run.js": await scriptOf("tiny_run.ts", "/package/engine.js"),
      "/worker.js": 'import { tinyRun } from "/tiny_run.js"; postMessage(await tinyRun());',
    };
    const installed = join(folder!, "node_modules", "@prr-fl", "webgpu");
    for await (const { name } of Deno.readDir(installed)) {
      if (!name.endsWith(".js")) continue;
      scripts[`/package/${name}`] = await Deno.readTextFile(join(installed, name));
    }
    const inChromium = await withSecurePage(
      (page) =>
        page.evaluate(() =>
          new Promise<TinyRun>((resolve, reject) => {
            const worker = new Worker("/worker.js", { type: "module" });
            worker.onmessage = ({ data }) => resolve(data);
            worker.onerror = ({ message }) => reject(new Error(message));
          })
        ),
      scripts,
    );
    assertEquals(inChromium, await inDeno());
  },
});
