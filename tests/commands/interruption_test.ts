// Signals: the first asks a command to stop, the second ends the process, with the exit code that shells expect.

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fromFileUrl } from "@std/path";
import { type StopSignal, stopSignals } from "../../src/commands/interruption.ts";
import { assertEquals } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";

const module = new URL("../../src/commands/interruption.ts", import.meta.url);

/** Says what it has been told, and never stops of itself. */
const stubborn = `
  import { interruptible } from "${module}";
  const signal = interruptible();
  signal.addEventListener("abort", () => console.log(signal.reason));
  setInterval(() => {}, 1000);
  console.log("ready");
`;

for (const name of Object.keys(stopSignals) as StopSignal[]) {
  Deno.test({
    name: `${name} is told once, and ends the process the second time`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      using folder = new TemporaryFolder();
      folder.write("stubborn.ts", stubborn);
      const process = new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "--quiet",
          "--no-prompt",
          `--allow-read=${fromFileUrl(module)}`,
          "stubborn.ts",
        ],
        ...{ cwd: folder.path, stdout: "piped" },
      }).spawn();
      const said: string[] = [];
      for await (const line of createInterface({ input: Readable.fromWeb(process.stdout) })) {
        said.push(line);
        process.kill(name);
      }
      assertEquals(said, ["ready", name]);
      assertEquals((await process.status).code, { SIGINT: 130, SIGTERM: 143 }[name]);
    },
  });
}
