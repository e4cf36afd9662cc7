// What a comparison shows on the terminal, of runs that never were.

import type { SimulationEvent } from "../../src/federated/events.ts";
import { ComparisonConsole } from "../../src/report/terminal/comparison_console.ts";
import type { Terminal } from "../../src/report/terminal/status_line.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { HandClock } from "../clock.ts";
import { madeUpRun } from "./made_up_run.ts";

const runs = [
  { method: "fedavg", seed: 1, cost: 1 },
  { method: "prrfl", seed: 1, cost: 3 },
];

/** A console whose clock moves a second with every event, and what it has written. */
function watched(columns: number | null, quiet = false) {
  const written: string[] = [];
  const clock = new HandClock();
  const terminal: Terminal = {
    write: (text) => written.push(text),
    columns,
    colour: false,
  };
  const console = new ComparisonConsole(runs, quiet, terminal, clock);
  const tell = (events: Iterable<SimulationEvent>) => {
    for (const event of events) {
      clock.milliseconds += 1000;
      console.consume(event);
    }
  };
  return { console, tell, written };
}

Deno.test("a comparison shows a line for every run that is over", () => {
  const { console, tell, written } = watched(null);
  console.skip();
  tell(madeUpRun());
  console.finish({ tables: [], page: "x/report.html" });
  const lines = written.join("").split("\n");
  assertEquals(lines[0], "  1/2  fedavg  seed 1  finished before");
  const end = lines.find((line) => line.startsWith("  2/2"))!;
  assertMatch(end, /^ {2}2\/2 {2}prrfl {3}seed 1 {2}F1 \d+\.\d {2}AUC \d+\.\d {2}F1 −\d+\.\d per /);
  assertMatch(end, /; before the last: F1 46\.2, AUC 66\.2; chosen round 3: F1 46\.2, AUC 66\.2 /);
  assertMatch(written.at(-1)!, /Done in \d:\d\d; look at x\/report\.html\n$/);
});

Deno.test("a comparison prints the tables that a page does not fold away", () => {
  const { console, written } = watched(null);
  const rows = [[{ text: "PRR-FL" }]];
  const tables = [
    { caption: "Results of all", head: ["Method"], rows },
    { name: "Intervals", caption: "Results with intervals", head: ["Method"], rows },
  ];
  console.finish({ tables, page: "x/report.html" });
  assertMatch(written.join(""), /Results of all\n\n {2}Method\n {2}PRR-FL\n/);
  assertEquals(written.join("").includes("with intervals"), false);
});

Deno.test("a comparison's status tells run, place, share and time left by what runs cost", () => {
  const { tell, written } = watched(100);
  const [run, round, ...rest] = madeUpRun();
  const progress = rest.find((event) => event.type === "progress")!;
  const { total } = progress;
  tell([run, round, { ...progress, done: total / 2 }]);
  // Half of a run that costs 1 of 4, after 3 of 24 seconds.
  assertEquals(
    written.at(-1)!.replace(/^.*\[K/, ""),
    "run 1/2 fedavg seed 1  round 1/3 epoch 1/2  12%  0:21 left",
  );
});

Deno.test("a comparison tells which client of which run has diverged", () => {
  const { tell, written } = watched(null);
  const place = { round: 0, epoch: 0, client: "B", role: "local", step: 2, steps: 9 };
  const [run] = madeUpRun();
  tell([run, { type: "divergence", ...place, cause: "a weight is not finite" }]);
  assertMatch(
    written.join(""),
    /^fedavg seed 1: Round 1\/3, epoch 1\/2, step 2\/9: client B's local/,
  );
});

Deno.test("a comparison's line counts the client-rounds that were skipped", () => {
  const { tell, written } = watched(null);
  const [run, ...events] = madeUpRun();
  const place = { epoch: 0, client: "B", role: "deputy", step: 2, steps: 9, cause: "NaN" };
  tell([run, ...[0, 2].map((round) => ({ type: "divergence" as const, round, ...place }))]);
  tell(events);
  assertMatch(written.at(-1)!, /; 2 of 12 client-rounds skipped {2}\(/);
});

Deno.test("a quiet comparison prints its end alone", () => {
  const { console, tell, written } = watched(100, true);
  tell(madeUpRun());
  assertEquals(written, []);
  console.finish({ tables: [], page: "x" });
  assert(written.length === 1);
});

Deno.test("a comparison shows a run that has failed, and goes on", () => {
  const { console, tell, written } = watched(null);
  tell([...madeUpRun()].slice(0, 4));
  console.fail("the loss of an image is NaN");
  tell(madeUpRun());
  const lines = written.join("").split("\n");
  assertEquals(lines[0], "  1/2  fedavg  seed 1  failed: the loss of an image is NaN  (0:03)");
  assert(lines.some((line) => line.startsWith("  2/2  prrfl   seed 1  F1")));
});

Deno.test("a resumed comparison counts from where it goes on", () => {
  const { console, tell, written } = watched(100);
  const [run, round, ...rest] = madeUpRun();
  assert(run.type === "run" && round.type === "round");
  const progress = rest.find((event) => event.type === "progress")!;
  const { total } = progress;
  console.resume(run, [round]);
  tell([{ ...progress, done: total / 2 }, { ...progress, done: total * 3 / 4 }]);
  // A quarter of a run that costs 1 of 4; half of it had been done before.
  const shares = written.join("").match(/\d+%/g);
  assertEquals(shares, ["0%", "7%"]);
});
