// Numbers in the names of files, as the official code formats them.

import { overallFileName } from "../../src/report/files/file_names.ts";
import { assertEquals } from "../assert.ts";

Deno.test("overallFileName() rounds as Python does", () => {
  // From Python 3.11: for v in [...]: print(f"{v:.2f}")
  const expected: [number, string][] = [
    [46.125, "46.12"],
    [46.375, "46.38"],
    [46.625, "46.62"],
    [46.875, "46.88"],
    [0.125, "0.12"],
    [46.005, "46.01"],
    [1.005, "1.00"],
    [66.666666, "66.67"],
    [100, "100.00"],
    [0, "0.00"],
  ];
  for (const [value, text] of expected) {
    const name = overallFileName("end", { loss: 1, accuracy: 50, f1: value, auc: value }, 49);
    assertEquals(name, `save_end_overall-F1-m${text}-AUC-m${text}-iters49.txt`);
  }
});
