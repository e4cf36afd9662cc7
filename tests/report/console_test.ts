// What is shown of a run: the tables, the progress line, and where each of them goes.

import type { SimulationEvent } from "../../src/federated/events.ts";
import { type ConsoleMode, ConsoleReport } from "../../src/report/terminal/console.ts";
import { ProgressLine } from "../../src/report/terminal/progress_line.ts";
import { ansiStyle, plainStyle } from "../../src/report/terminal/style.ts";
import { TextReport } from "../../src/report/terminal/text_report.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { HandClock } from "../clock.ts";
import { madeUpHeader, madeUpRun, type MadeUpSize } from "./made_up_run.ts";

const header = madeUpHeader("runs/one");
// deno-lint-ignore no-control-regex
const ansiCodes = /\x1b\[[0-9;]*[mK]/g;

/** Shows a made-up run, 4 seconds from event to event, and gives all that was written. */
function shown(mode: ConsoleMode, columns: number | null, size: MadeUpSize = {}): string {
  let text = "";
  const clock = new HandClock();
  const terminal = {
    write: (part: string) => {
      text += part;
    },
    columns,
    colour: columns !== null,
  };
  using report = new ConsoleReport(header, mode, terminal, clock);
  for (const event of madeUpRun(size)) {
    report.consume(event);
    clock.milliseconds += 4_000;
  }
  return text;
}

/** The text of the n-th event of a type, in a run whose events `change` may replace. */
function textOf(
  type: SimulationEvent["type"],
  index = 0,
  change = (event: SimulationEvent): SimulationEvent => event,
): string {
  const report = new TextReport(header, plainStyle);
  const texts = [...madeUpRun()].map(change).flatMap((event) => {
    const text = report.render(event, 83_000);
    return event.type === type ? [text] : [];
  });
  return texts[index];
}

Deno.test("a client whose numbers have gone bad is told with place, cause and consequence", () => {
  const report = new TextReport(header, plainStyle);
  for (const event of [...madeUpRun()].slice(0, 4)) report.render(event, 0);
  const told = (step: number) => report.render(divergence(step), 0);
  assertEquals(
    told(7),
    "Round 1/3, epoch 2/2, step 7/9: client B's deputy model has diverged (the loss of an image is NaN); " +
      "the client is put back to where the round began and sits out its rest\n\n",
  );
  assertStringIncludes(told(0), "epoch 2/2, before the first step: client B's deputy");
});

function divergence(step: number): SimulationEvent {
  const place = { round: 0, epoch: 1, client: "B", role: "deputy", step, steps: 9 };
  return { type: "divergence", ...place, cause: "the loss of an image is NaN" };
}

Deno.test("a run that goes on is summarized as a whole, whatever is shown of it", () => {
  const all = [...madeUpRun()];
  const [run, ...rest] = all;
  const next = all.findIndex(({ type }) => type === "aggregation");
  const earlier = rest.slice(0, next).filter((event) =>
    event.type === "round" || event.type === "epoch" || event.type === "aggregation"
  );
  const outputOf = (mode: ConsoleMode) => {
    let text = "";
    const write = (part: string) => void (text += part);
    const terminal = { write, columns: null, colour: false };
    using report = new ConsoleReport(header, mode, terminal, new HandClock());
    if (run.type === "run") report.resume(run, earlier);
    for (const event of all.slice(next + 1)) report.consume(event);
    return text;
  };
  const [summary, tables] = [outputOf("summary"), outputOf("tables")];
  assert(summary.startsWith("Done: 3 rounds") && tables.endsWith(summary), summary);
  assertStringIncludes(tables, "Resumed after round 1/3, epoch 2/2 and its communication on ");
  assertEquals(summary, shown("summary", null).replace(/ in \d+:\d+/, " in 0:00"));
  assert(outputOf("json").startsWith('{"type":"config"'));
});

Deno.test("the start shows every setting, the adapter, the data and the models", () => {
  assertEquals(
    textOf("run"),
    `  setting     source    value
  method      ours      prrfl
  theme       official  prrfl
  data        flag      demo
  csv_folder  official  none
  iters       flag      3
  l_rate      official  0.7
  seed        official  1
  wd          official  1e-6
  shuffle     official  true
  adapter               llvmpipe (LLVM 19.1.7, 256 bits), software
  versions              prr-fl 0.1.0, deno 2.9.6
  folder                runs/one

  client  train  valid  test
  A        1844    260   526
  B        1454    260   526
  C        1064    260   526
  D         674    260   526
  all      5036   1040  2104

  classes nv, bkl, mel
  8 models (personal and deputy) of 3,015,296 parameters, 4 clients at a time
  3 rounds of 2 local epochs

`,
  );
});

Deno.test("an epoch shows every client, the mean, and n/a for an undefined AUC", () => {
  assertEquals(
    textOf("epoch"),
    `Round 1/3, epoch 1/2, lr 0.01, test of the personal models (1:23)
  client  stage        train loss  test loss  F1 %  AUC %           accuracy %
  A       1 recover         1.048      1.078  35.3   55.3                 47.3
  B       1 recover         1.010      1.040  40.6   60.6                 52.6
  C       1 recover         1.079      1.109  39.4   59.4                 51.4
  D       1 recover         1.059      1.089  43.6    n/a                 55.6
  mean                      1.049      1.079  39.8   58.5 (3 of 4)        51.8
  deputy models' mean: F1 34.8, AUC 53.5 (3 of 4), accuracy 46.8

`,
  );
});

Deno.test("a communication shows what it did to the deputies", () => {
  assertEquals(
    textOf("aggregation", 2),
    `Communication 3/3, rate 0.867, best round so far
  validation of the personal models: F1 47.2, AUC 67.2, accuracy 59.2
  test of the deputy models: F1 41.2 → 31.2 (−10.0), AUC 61.2 → 51.2 (−10.0)

`,
  );
});

Deno.test("the summary tells results, retrogress and where the files are", () => {
  assertEquals(
    textOf("done"),
    `Done: 3 rounds in 1:23
  test        personal models, mean over clients:
              F1 46.2, AUC 66.2, accuracy 58.2 after the last local epoch
              F1 46.2, AUC 66.2, accuracy 58.2 after the last communication
              F1 46.2, AUC 66.2, accuracy 58.2 at the chosen round
  best round  3, by validation F1 47.2 in round 3 alone, the official rule
  retrogress  F1 −10.0, AUC −10.0 per communication (deputy models' mean)
  falls       F1 fell at 3 of 3 communications (100 %), the worst −10.0
  recovery    regained 2, not regained 0, no epochs left 1; median epochs 1
  files       runs/one

`,
  );
});

/** Client B sits out, and of the others only C's update arrives. */
function withAbsence(event: SimulationEvent): SimulationEvent {
  if (event.type === "aggregation") return { ...event, senders: ["C"], receivers: ["C"] };
  if (event.type !== "epoch") return event;
  const clients = event.clients.map((own) =>
    own.client === "B" ? { ...own, stage: null, train: null, batchLosses: null } : own
  );
  return { ...event, clients };
}

Deno.test("who sat out and whose update arrived is shown", () => {
  assertEquals(
    textOf("epoch", 0, withAbsence),
    `Round 1/3, epoch 1/2, lr 0.01, test of the personal models (1:23)
  client  stage        train loss  test loss  F1 %  AUC %           accuracy %
  A       1 recover         1.048      1.078  35.3   55.3                 47.3
  B                       sat out      1.040  40.6   60.6                 52.6
  C       1 recover         1.079      1.109  39.4   59.4                 51.4
  D       1 recover         1.059      1.089  43.6    n/a                 55.6
  mean                      1.062      1.079  39.8   58.5 (3 of 4)        51.8
  deputy models' mean: F1 34.8, AUC 53.5 (3 of 4), accuracy 46.8

`,
  );
  assertStringIncludes(textOf("aggregation", 0, withAbsence), "\n  1 client of 4 sent: C\n");
});

Deno.test("a round whose updates were all lost shows no communication", () => {
  const lost = (event: SimulationEvent): SimulationEvent =>
    event.type === "aggregation" ? { ...event, senders: [], receivers: [] } : event;
  assertEquals(
    textOf("aggregation", 2, lost),
    `End of round 3/3, best round so far
  no client's update arrived: all models stay as they are
  validation of the personal models: F1 47.2, AUC 67.2, accuracy 59.2

`,
  );
});

/** A run of one model per client, which shares it or not. */
function withOneRole(sharedRole: string | null) {
  return (event: SimulationEvent): SimulationEvent => {
    if (event.type === "run") {
      return { ...event, roles: ["local"], personalRole: "local", sharedRole };
    }
    if (event.type === "aggregation") {
      const senders = sharedRole === null ? [] : event.senders;
      const receivers = senders;
      const clients = event.clients.map(({ client, valid, test }) => ({
        ...{ client, valid: { local: valid.personal }, test: { local: test.personal } },
      }));
      const [valid, test] = [{ local: event.valid.personal }, { local: event.test.personal }];
      return { ...event, rate: null, senders, receivers, clients, valid, test };
    }
    if (event.type === "done") return { ...event, test: { local: event.test.personal } };
    if (event.type !== "epoch") return event;
    const clients = event.clients.map((own) => ({
      ...{ client: own.client, stage: null, train: { local: own.train!.personal } },
      ...{ batchLosses: { local: own.batchLosses!.personal }, test: { local: own.test.personal } },
    }));
    return { ...event, clients, mean: { local: event.mean.personal } };
  };
}

Deno.test("with one model per client there are no stages and no deputies", () => {
  assertStringIncludes(textOf("run", 0, withOneRole("local")), "\n  4 models (local) of 3,015,296");
  assertEquals(
    textOf("epoch", 0, withOneRole("local")),
    `Round 1/3, epoch 1/2, lr 0.01, test of the local models (1:23)
  client  train loss  test loss  F1 %  AUC %           accuracy %
  A            1.048      1.078  35.3   55.3                 47.3
  B            1.010      1.040  40.6   60.6                 52.6
  C            1.079      1.109  39.4   59.4                 51.4
  D            1.059      1.089  43.6    n/a                 55.6
  mean         1.049      1.079  39.8   58.5 (3 of 4)        51.8

`,
  );
  assertEquals(
    textOf("aggregation", 0, withOneRole("local")),
    `Communication 1/3
  validation of the local models: F1 42.7, AUC 62.7, accuracy 54.7
  test of the local models: F1 41.7 → 41.7 (±0.0), AUC 61.7 → 61.7 (±0.0)

`,
  );
});

Deno.test("without communication nothing is said of it", () => {
  assertEquals(
    textOf("aggregation", 0, withOneRole(null)),
    `End of round 1/3
  validation of the local models: F1 42.7, AUC 62.7, accuracy 54.7

`,
  );
  assertEquals(
    textOf("done", 0, withOneRole(null)),
    `Done: 3 rounds in 1:23
  test        local models, mean over clients:
              F1 46.2, AUC 66.2, accuracy 58.2 after the last local epoch
              F1 46.2, AUC 66.2, accuracy 58.2 at the chosen round
  best round  3, by validation F1 47.2 in round 3 alone, the official rule
  files       runs/one

`,
  );
});

Deno.test("a report wants the run event first", () => {
  const report = new TextReport(header, plainStyle);
  const round: SimulationEvent = {
    ...{ type: "round", round: 0, learningRate: 0.01, participants: ["A"] },
  };
  assertThrows(() => report.render(round, 0), TypeError, "expected a run event first, got round");
});

Deno.test("colours change no text", () => {
  const [plain, coloured] = [plainStyle, ansiStyle].map((style) => {
    const report = new TextReport(header, style);
    return [...madeUpRun()].map((event) => report.render(event, 0)).join("");
  });
  assert(coloured.length > plain.length);
  assertEquals(coloured.replaceAll(ansiCodes, ""), plain);
});

Deno.test("on a terminal one progress line is rewritten in place and never wraps", () => {
  for (const clients of [["A", "B", "C", "D"], Array.from({ length: 30 }, (_, k) => `site${k}`)]) {
    const text = shown("tables", 80, { rounds: 50, localEpochs: 5, clients });
    const lines = text.replaceAll("\r\x1b[K", "\n").replaceAll(ansiCodes, "").split("\n");
    const longest = Math.max(...lines.map((line) => [...line].length));
    assert(longest <= 80, `a line has ${longest} columns`);
    const progress = lines.filter((line) => line.startsWith("round "));
    assert(progress.length > 500 && progress.every((line) => line.length <= 79));
  }
});

Deno.test("away from a terminal a progress line comes at most every ten seconds, without codes", () => {
  const text = shown("tables", null);
  assert(!text.includes("\x1b") && !text.includes("\r"));
  const lines = text.split("\n").filter((line) => line.startsWith("round "));
  assert(lines.length > 0 && lines.length < 15, `${lines.length} progress lines`);
});

Deno.test("nothing follows the summary", () => {
  for (const columns of [80, null]) assert(shown("tables", columns).endsWith("runs/one\n\n"));
});

Deno.test("--quiet shows the summary alone", () => {
  const text = shown("summary", null);
  assert(text.startsWith("Done: 3 rounds"));
  assertEquals(text.trimEnd().split("\n").length, 10);
});

Deno.test("--json names folder, command line and settings first", () => {
  const [first] = shown("json", 80).split("\n");
  const { type, folder, command, settings, flags } = JSON.parse(first);
  assertEquals([type, folder, command], ["config", header.folder, header.command]);
  assertEquals([settings.l_rate, settings.data, flags], [0.7, "demo", ["data", "iters"]]);
});

Deno.test("--json shows one row for every event but progress, without tensors", () => {
  const [, ...rows] = shown("json", 80).trimEnd().split("\n").map((line) => JSON.parse(line));
  const types = [...madeUpRun()].map(({ type }) => type).filter((type) => type !== "progress");
  assertEquals(rows.map(({ type }) => type), types);
  assert(rows.every((row) => row.tensors === undefined && typeof row.time.elapsed === "number"));
  const checkpoint = rows.find(({ type }) => type === "checkpoint");
  assertEquals(checkpoint.file, "best/clientA_personal.safetensors");
});

Deno.test("disposing removes a progress line that an error left", () => {
  let text = "";
  const terminal = { write: (part: string) => void (text += part), columns: 80, colour: false };
  {
    using report = new ConsoleReport(header, "tables", terminal, new HandClock());
    for (const event of madeUpRun()) {
      report.consume(event);
      if (event.type === "progress") break;
    }
  }
  assert(text.endsWith("\r\x1b[K"));
});

Deno.test("the progress line leaves out what does not fit", () => {
  const progress = new ProgressLine();
  for (const event of madeUpRun()) {
    if (event.type === "aggregation") break;
    progress.update(event, event.type === "progress" ? 60_000 * event.done : 0);
  }
  const full = "round 1/3 epoch 2/2  aggregate  A:2 B:3 C:2 D:3  loss 1.017  22%  2:00  7:00 left";
  assertEquals(progress.render(120_000, 200), full);
  assertEquals(progress.render(120_000, full.length - 1), full.replace("  2:00", ""));
  assertStringIncludes(progress.render(120_000, 74), "stages 2×2 3×2");
  assert(!progress.render(120_000, 60).includes("stages"));
  assertEquals(progress.render(120_000, 12), "round 1/3 e…");
});
