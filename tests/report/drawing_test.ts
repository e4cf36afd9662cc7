// A picture that cannot be drawn is a note, and nothing else.

import { join } from "@std/path";
import { drawn } from "../../src/report/page/drawing.ts";
import { RunFolder } from "../../src/report/files/run_folder.ts";
import { assert, assertEquals } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { madeUpHeader, madeUpRun } from "./made_up_run.ts";

/** What is written to standard error meanwhile. */
async function errorsOf(action: () => Promise<unknown>): Promise<string[]> {
  const original = console.error;
  const lines: string[] = [];
  console.error = (line: string) => void lines.push(line);
  try {
    await action();
  } finally {
    console.error = original;
  }
  return lines;
}

Deno.test("drawn() says what could not be drawn and why, and goes on", async () => {
  const lines = await errorsOf(async () => {
    assertEquals(
      await drawn("x.svg", () => Promise.reject(new RangeError("unreachable\n  at wasm"))),
      false,
    );
    assertEquals(await drawn("y.svg", async () => {}), true);
  });
  assertEquals(lines, [
    'note: cannot draw x.svg (unreachable); the numbers are stored: "report" draws it again',
  ]);
});

Deno.test("a run whose curves cannot be written ends all the same", async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "run");
  const run = await RunFolder.open(madeUpHeader(path));
  const lines = await errorsOf(async () => {
    for (const event of madeUpRun()) {
      await run.consume(event);
      // In the way of the picture: a folder that is not empty cannot be replaced by a file.
      if (event.type === "run") folder.write("run/curve-Test-F1-all-client.svg/file", "");
    }
  });
  assert(
    lines.length > 0 && lines.every((line) => line.startsWith("note: cannot draw ")),
    `${lines}`,
  );
  const { status } = JSON.parse(Deno.readTextFileSync(join(path, "config.json")));
  assertEquals(status.state, "done");
});
