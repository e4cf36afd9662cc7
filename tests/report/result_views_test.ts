// The three views of a result, the round that was chosen, and what was skipped.

import type { DivergenceEvent, RunEvent } from "../../src/federated/events.ts";
import { builtInMethods, type MethodName } from "../../src/federated/methods/registry.ts";
import { sharesOf } from "../../src/federated/methods/shares.ts";
import { chosenText, passedByText, windowWords } from "../../src/report/reading/chosen_round.ts";
import { choiceTable } from "../../src/report/page/choice_table.ts";
import { comparisonTables, resultsCsv } from "../../src/report/page/comparison_files.ts";
import { labelled } from "../../src/report/reading/method_runs.ts";
import type { MetricsRow, RecordedRow } from "../../src/report/reading/recorded_rows.ts";
import type { RecordedRun } from "../../src/report/reading/recorded_run.ts";
import { resultAt } from "../../src/report/reading/result_views.ts";
import { retrogressTable } from "../../src/report/page/retrogress_table.ts";
import { sharingWords } from "../../src/report/terminal/sharing.ts";
import { skippedText } from "../../src/report/reading/skipped_rounds.ts";
import { plainStyle } from "../../src/report/terminal/style.ts";
import { resultTables, type Table } from "../../src/report/page/tables.ts";
import { TextReport } from "../../src/report/terminal/text_report.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { madeUpHeader, madeUpRun } from "./made_up_run.ts";

/** Mean test F1 of the personal models before and after each round's communication, and on validation after it. */
type Course = readonly (readonly [before: number, after: number, valid: number])[];

const course: Course = [[40, 41, 70], [50, 20, 60], [60, 30, 60], [55, 35, 50]];
const rounds = 15; // of which those numbered 13 to 15 can be chosen
const long: Course = [...Array.from({ length: 11 }, () => [40, 41, 70] as const), ...course];

/** A run of one local epoch a round, whose metrics are those of the course in all clients and models. */
function recorded(course: Course, more: Partial<RecordedRun> = {}): RecordedRun {
  const [run, ...events] = madeUpRun({ rounds: course.length, localEpochs: 1 });
  const rows = events.filter((event) => event.type === "epoch" || event.type === "aggregation")
    .map((row): MetricsRow => {
      const [before, after, valid] = course[row.round];
      const all = (f1: number) => {
        const metrics = { loss: 1, accuracy: f1, f1, auc: f1 };
        return { personal: metrics, deputy: metrics };
      };
      const test = all(row.type === "epoch" ? before : after);
      const clients = row.clients.map((client) => ({ ...client, test, valid: all(valid) }));
      const means = { mean: test, test, valid: all(valid) };
      return { ...row, ...means, clients, selected: row.round === 12 } as unknown as MetricsRow;
    });
  return {
    ...{ folder: "run", settings: { method: "prrfl", seed: 1 }, decisive: ["method", "seed"] },
    ...{
      adapter: "none",
      versions: {},
      finished: true,
      notices: [],
      predictions: null,
      predictionsBefore: null,
    },
    ...{ spectra: null, run: run as RunEvent, rows },
    ...more,
  };
}

function divergence(round: number, client: string, epoch = 0): DivergenceEvent {
  const place = { round, epoch, client, role: "deputy", step: 1, steps: 2 };
  return { type: "divergence", ...place, cause: "a weight is not finite" };
}

/** Texts of a table's column, below its head. */
function column({ head, rows }: Table, name: string): string[] {
  const index = head.indexOf(name);
  return rows.map((row) => row[index].text);
}

Deno.test("resultAt() tells before, after and chosen apart", () => {
  const run = recorded(long);
  const f1 = (["before", "after", "chosen"] as const)
    .map((view) => resultAt(run, view)!.mean.personal.f1);
  assertEquals(f1, [55, 35, 20]);
  // An epoch after the last communication, as in a run that was interrupted, is not what came before it.
  const epoch = run.rows.find((row) => row.type === "epoch")!;
  const longer = { ...run, rows: [...run.rows, { ...epoch, round: rounds }] };
  assertEquals(resultAt(longer, "before")!.mean.personal.f1, 55);
  assertEquals(resultAt({ ...run, rows: [] }, "after"), null);
});

Deno.test("tables show the three views side by side, and each client's below each other", () => {
  const [views, clients] = resultTables(labelled([recorded(long)]));
  assertEquals(views.head, [
    "Method",
    ...["F1 before", "F1 after", "F1 chosen", "AUC before", "AUC after", "AUC chosen"],
  ]);
  assertEquals(views.rows[0].slice(1, 4).map(({ text }) => text), ["55.0", "35.0", "20.0"]);
  assertStringIncludes(views.caption, "among rounds 13–15, the official rule");
  assertEquals(column(clients, "Measured after"), [
    ...["last local epoch", "last communication", "chosen round"],
  ]);
  assertEquals(column(clients, "Client C"), ["55.0", "35.0", "20.0"]);
});

Deno.test("the choice says where it was looked for, and what is passed by", () => {
  assertEquals(windowWords(50), "among rounds 41–50, the official rule");
  assertEquals(windowWords(6), "in round 6 alone, the official rule");
  const run = recorded(long);
  assertEquals(
    chosenText(run),
    "13, by validation F1 60.0 among rounds 13–15, the official rule",
  );
  assertEquals(passedByText(run), "round 1 had more (70.0, +10.0), but is not looked at");
  const flat = long.map(([before, after]) => [before, after, 60] as const);
  assertEquals(passedByText(recorded(flat)), null);
  assertEquals(choiceTable(labelled([run]))!.rows[0].map(({ text }) => text), [
    ...["PRR-FL, seed 1", "among rounds 13–15, the official rule"],
    ...["round 13", "60.0", "round 1, not looked at", "70.0"],
  ]);
});

Deno.test("the terminal tells three views, what was passed by and what was skipped", () => {
  const { run, rows } = recorded(long);
  const report = new TextReport(madeUpHeader("runs/one"), plainStyle);
  for (const event of [run, divergence(3, "B"), ...rows]) report.render(event, 0);
  const test = { personal: { loss: 1, accuracy: 35, f1: 35, auc: 35 } };
  const text = report.render({ type: "done", rounds, bestRound: 12, test }, 0);
  assertStringIncludes(text, "F1 55.0, AUC 55.0, accuracy 55.0 after the last local epoch\n");
  assertStringIncludes(text, "F1 35.0, AUC 35.0, accuracy 35.0 after the last communication\n");
  assertStringIncludes(text, "F1 20.0, AUC 20.0, accuracy 20.0 at the chosen round\n");
  assertStringIncludes(text, "round 1 had more (70.0, +10.0), but is not looked at\n");
  assertStringIncludes(text, "skipped     1 of 60 client-rounds, for divergence: B 1\n");
});

Deno.test("a client-round is skipped once, however often it is told", () => {
  const { rows } = recorded(course);
  const more: RecordedRow[] = [divergence(0, "A"), divergence(0, "A", 1), divergence(2, "A")];
  assertEquals(skippedText(rows), null);
  assertEquals(
    skippedText([...more, ...rows]),
    "2 of 16 client-rounds, for divergence: A 2",
  );
});

Deno.test("skipped client-rounds have a column where there are some, and a cell in the CSV", () => {
  const clean = recorded(course);
  const skipped = recorded(course, {
    settings: { method: "fedavg", seed: 1 },
    rows: [divergence(1, "B"), ...clean.rows],
  });
  const [views] = resultTables(labelled([clean, skipped]));
  assertEquals(column(views, "Client-rounds skipped"), ["0 of 16", "1 of 16"]);
  assertEquals(resultTables(labelled([clean]))[0].head.includes("Client-rounds skipped"), false);
  const [head, ...lines] = resultsCsv(labelled([clean, skipped])).trim().split("\n");
  const index = head.split(",").indexOf("skipped_rounds");
  const cells = lines.map((line) => line.split(",")[index]);
  assertEquals(cells, ["0", "0", "0", "0", "0", "0", "1", "0", "0", "1"]);
});

Deno.test("retrogressTable() has one sign, and separates what was regained", () => {
  const table = retrogressTable(labelled([recorded(course)]))!;
  // +1, −30, −30, −20: the first fall is regained, the second is not, of the third nobody knows.
  assertEquals(table.rows[0].map(({ text }) => text), [
    ...["PRR-FL", "F1", "−19.8 [−43.0, +3.5]", "3 of 4 (75 %)", "−30.0", "1", "1", "1", "1"],
  ]);
});

Deno.test("a comparison says what each method shares and how clients were weighted", () => {
  const run = (method: MethodName, weights: string) => {
    const made = recorded(course, { settings: { method, seed: 1, "client-weights": weights } });
    const { sharing } = builtInMethods[method];
    return { ...made, run: { ...made.run, shares: sharesOf(sharing) } };
  };
  const runs = labelled([run("fedavg", "samples"), run("silobn", "equal"), run("prrfl", "equal")]);
  const table = comparisonTables(runs).at(-1)!;
  assertEquals(column(table, "Client weights"), ["by training images", "equally", "equally"]);
  assertEquals(column(table, "Normalization"), ["averaged", "averaged", "local"]);
  assertEquals(column(table, "Running statistics"), ["averaged", "local", "local"]);
  assertEquals(column(table, "Weights"), [
    ...["averaged", "averaged", "low frequencies averaged"],
  ]);
  const words = sharingWords(runs.slice(1));
  assertStringIncludes(
    words,
    "clients weighted equally – SiloBN: weights, biases, normalization; ",
  );
  assertStringIncludes(words, "PRR-FL: weights (low frequencies averaged), biases.");
  // Older runs do not tell.
  const older = labelled([recorded(course)]);
  assertEquals(column(comparisonTables(older).at(-1)!, "Biases"), ["not recorded"]);
});
