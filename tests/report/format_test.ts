// Numbers, durations, tables and names as text.

import {
  curveFileName,
  overallFileName,
  runFolderName,
} from "../../src/report/files/file_names.ts";
import { change, duration, percent, roughDuration, settingText } from "../../src/report/format.ts";
import { tableLines } from "../../src/report/table_lines.ts";
import { assertEquals } from "../assert.ts";

const minutes = 60_000;

Deno.test("percentages have one decimal, n/a where there is none", () => {
  assertEquals([percent(63.25), percent(100), percent(null)], ["63.3", "100.0", "n/a"]);
});

Deno.test("changes carry their sign", () => {
  assertEquals([1.26, -9.94, 0.04, -0.04, null].map(change), [
    "+1.3",
    "−9.9",
    "±0.0",
    "±0.0",
    "n/a",
  ]);
});

Deno.test("emphasis takes no columns of a table", () => {
  const strong = (text: string) => `\x1b[1m${text}\x1b[22m`;
  assertEquals(tableLines([["a", strong("12")], ["bbb", "3"]], "lr"), [
    `  a    ${strong("12")}`,
    "  bbb   3",
  ]);
});

Deno.test("durations grow from seconds to hours", () => {
  assertEquals([0, 7_400, 12.1 * minutes, 62.05 * minutes].map(duration), [
    "0:00",
    "0:07",
    "12:06",
    "1:02:03",
  ]);
  assertEquals([59.4 * minutes, 59.6 * minutes, 746 * minutes].map(roughDuration), [
    "59:24",
    "1h00m",
    "12h26m",
  ]);
});

Deno.test("settings read as one would type them", () => {
  const values = [1e-6, 0.01, 0, 50, "vgg_nb", true, null];
  assertEquals(values.map(settingText), ["1e-6", "0.01", "0", "50", "vgg_nb", "true", "none"]);
});

Deno.test("tables are aligned, also beside signs that take several bytes", () => {
  const rows = [["client", "F1 →"], ["A", "63.2"], ["Müller", "−4"]];
  assertEquals(tableLines(rows, "lr"), ["  client  F1 →", "  A       63.2", "  Müller    −4"]);
});

Deno.test("a run folder is called as by the official code", () => {
  const name = runFolderName({
    theme: "prrfl",
    fourierRate: 0.7,
    optimizer: "sgd",
    learningRate: 1e-2,
    learningRateStep: 5,
    seed: 0,
    weightDecay: 1e-6,
    rounds: 50,
  }, new Date(2024, 0, 31, 9, 5, 7));
  assertEquals(name, "20240131-090507_prrfl_0.7_sgd_lr0.01_step5_seed0_wd1e-06_iters50");
});

Deno.test("the files that tell a result are called as by the official code", () => {
  const test = { loss: 1, accuracy: 70, f1: 63.206, auc: 80.1 };
  assertEquals(
    overallFileName("valid", test, 49),
    "save_valid_overall-F1-m63.21-AUC-m80.10-iters49.txt",
  );
  assertEquals(
    overallFileName("end", { ...test, auc: null }, 2),
    "save_end_overall-F1-m63.21-AUC-mnan-iters2.txt",
  );
  assertEquals(curveFileName("auc"), "curve-Test-AUC-all-client");
});
