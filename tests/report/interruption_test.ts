// A run that is stopped: how far it got, told in its folder, on the console and as a sentence.

import { join } from "@std/path";
import type { SimulationEvent } from "../../src/federated/events.ts";
import { ConsoleReport } from "../../src/report/terminal/console.ts";
import { interruptionText, RunPosition } from "../../src/report/interruption.ts";
import { RunFolder } from "../../src/report/files/run_folder.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { madeUpHeader, madeUpRun } from "./made_up_run.ts";

/** The first events of a run of three rounds of two local epochs, up to one, and how far they go. */
function stoppedAfter(isLast: (event: SimulationEvent) => boolean) {
  const events = [...madeUpRun()];
  const shown = events.slice(0, 1 + events.findIndex(isLast));
  const position = new RunPosition();
  for (const event of shown) position.update(event);
  return { shown, run: position.run!, end: position.interrupted("SIGINT") };
}

const places: [what: string, isLast: (event: SimulationEvent) => boolean, text: string][] = [
  ["at the start", ({ type }) => type === "run", "before the first local epoch was over"],
  [
    "within the first epoch",
    ({ type }) => type === "stage",
    "before the first local epoch was over",
  ],
  [
    "after an epoch",
    (event) => event.type === "epoch" && event.round === 1,
    "after round 2/3, epoch 1/2",
  ],
  [
    "before the communication",
    (event) => event.type === "epoch" && event.round === 1 && event.epoch === 1,
    "after round 2/3, epoch 2/2",
  ],
  [
    "after the communication",
    (event) => event.type === "aggregation" && event.round === 1,
    "after round 2/3, epoch 2/2 and its communication",
  ],
];

for (const [what, isLast, text] of places) {
  Deno.test(`interruptionText() of a run stopped ${what} says so`, () => {
    const { run, end } = stoppedAfter(isLast);
    assertEquals(
      interruptionText(end, run, madeUpHeader("runs/one")),
      `Interrupted ${text}: SIGINT. What was written until then is in runs/one`,
    );
  });
}

Deno.test("RunFolder stores that a run was interrupted, and draws what there is", async () => {
  const above = await Deno.makeTempDir();
  try {
    const path = join(above, "run");
    const { shown, end } = stoppedAfter((event) => event.type === "epoch" && event.epoch === 1);
    const folder = await RunFolder.open(madeUpHeader(path));
    const status = async () =>
      JSON.parse(await Deno.readTextFile(join(path, "config.json"))).status;
    for (const event of shown) await folder.consume(event);
    assertEquals(await status(), { state: "running" });

    await folder.consume(end);
    const place = { cause: "SIGINT", lastRound: 0, lastEpoch: 1, communications: 0 };
    assertEquals(await status(), { state: "interrupted", ...place });
    const rows = (await Deno.readTextFile(join(path, "metrics.jsonl"))).trimEnd().split("\n");
    const { time, ...row } = JSON.parse(rows.at(-1)!);
    assertEquals(row, { type: "interrupted", ...place });
    assert(time.elapsed >= 0);
    const log = (await Deno.readTextFile(join(path, "log.txt"))).trimEnd().split("\n");
    assertStringIncludes(log.at(-1)!, "Interrupted after round 1/3, epoch 2/2: SIGINT. ");
    assertStringIncludes(
      await Deno.readTextFile(join(path, "curve-Test-F1-all-client.svg")),
      "<svg",
    );
  } finally {
    await Deno.remove(above, { recursive: true });
  }
});

Deno.test("RunFolder says in config.json when a run is done", async () => {
  const above = await Deno.makeTempDir();
  try {
    const folder = await RunFolder.open(madeUpHeader(join(above, "run")));
    for (const event of madeUpRun()) await folder.consume(event);
    const config = JSON.parse(await Deno.readTextFile(join(above, "run", "config.json")));
    assertEquals(config.status, { state: "done" });
    assertEquals(config.command, ["train", "--data", "demo", "--iters", "3"]);
  } finally {
    await Deno.remove(above, { recursive: true });
  }
});

Deno.test("ConsoleReport leaves the sentence to standard error, but prints the row", () => {
  const { shown, end } = stoppedAfter(({ type }) => type === "epoch");
  const outputOf = (mode: "tables" | "json") => {
    const texts: string[] = [];
    const terminal = {
      write: (text: string) => void texts.push(text),
      columns: null,
      colour: false,
    };
    const console = new ConsoleReport(madeUpHeader("runs/one"), mode, terminal);
    for (const event of shown) console.consume(event);
    const before = texts.length;
    console.consume(end);
    return texts.slice(before);
  };
  assertEquals(outputOf("tables"), []);
  const [row, ...others] = outputOf("json");
  assertEquals(others, []);
  assertEquals(JSON.parse(row).type, "interrupted");
});
