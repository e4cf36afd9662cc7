// Operating points as a table and as JSON, from made-up predictions.

import { operateAt, youdenThreshold } from "../../src/metrics/operating_point.ts";
import type { JudgedImages } from "../../src/report/terminal/clinical_report.ts";
import { operatingJson, operatingText } from "../../src/report/terminal/operating_report.ts";
import { plainStyle } from "../../src/report/terminal/style.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";

const image: JudgedImages = {
  ...{ label: "A personal", path: "a.safetensors", client: "A", role: "personal", round: 4 },
  ...{ data: "A", split: "test", classNames: ["nv", "mel"] },
  ...{ labels: new Int32Array(), probabilities: new Float32Array() },
};

/** Of each image its label and the probability of a melanoma. */
function judged(split: string, images: readonly (readonly [number, number])[]): JudgedImages {
  return {
    ...{ ...image, split, labels: Int32Array.from(images, ([label]) => label) },
    probabilities: Float32Array.from(images.flatMap(([, melanoma]) => [1 - melanoma, melanoma])),
  };
}

const chosenOn = judged("valid", [[0, 0.125], [0, 0.25], [0, 0.75], [1, 0.5], [1, 0.875]]);
const test = judged("test", [[0, 0.375], [0, 0.5], [0, 0.9375], [1, 0.25], [1, 0.625]]);

Deno.test("thresholds are chosen on the validation images and judged on the others", () => {
  const [row] = operatingJson([{ chosenOn, judged: test }], 1);
  const { labels, probabilities } = chosenOn;
  const threshold = youdenThreshold(labels, probabilities, 2, 1);
  assertEquals(threshold, 0.5);
  const { threshold: _, ...rates } = operateAt(test.labels, test.probabilities, 2, 1, threshold);
  assertEquals([row.type, row.class, row.split], ["operating points", "mel", "test"]);
  const points = row.points as Record<string, unknown>[];
  assertEquals(points[0], { chosen: "youden", threshold, isKnown: true, ...rates });
  // On validation only above 0.75 as many as 90 % of the others are left alone.
  assertEquals(points.map(({ threshold }) => threshold), [0.5, 0.875, 0.875]);
  assertEquals(points[1].sensitivity, 0);
});

Deno.test("the table has a line for each way, aligned", () => {
  const none = judged("valid", [[0, 0.5], [0, 0.75]]);
  const hopeless = judged("valid", [[1, 0.5], [0, 0.75]]);
  const models = [chosenOn, none, hopeless].map((chosenOn) => ({ chosenOn, judged: test }));
  const text = operatingText(models, 1, plainStyle);
  assertStringIncludes(text, "Operating points of mel against the rest");
  const lines = text.split("\n").filter((line) => line.startsWith("  "));
  assertEquals(lines.map((line) => line.trim().split(/ {2,}/)).slice(1), [
    ["A personal on A", "Youden's J", "0.500", "50.0", "33.3", "33.3", "50.0"],
    ["specificity ≥ 90 %", "0.875", "0.0", "66.7", "0.0", "50.0"],
    ["specificity ≥ 95 %", "0.875", "0.0", "66.7", "0.0", "50.0"],
    ["A personal on A", "Youden's J", ...Array(5).fill("n/a")], // no melanoma to choose by
    ["specificity ≥ 90 %", ...Array(5).fill("n/a")],
    ["specificity ≥ 95 %", ...Array(5).fill("n/a")],
    ["A personal on A", "Youden's J", "none called", "0.0", "100.0", "n/a", "60.0"],
    ["specificity ≥ 90 %", "none called", "0.0", "100.0", "n/a", "60.0"],
    ["specificity ≥ 95 %", "none called", "0.0", "100.0", "n/a", "60.0"],
  ]);
  assertEquals(new Set(lines.map((line) => line.length)).size, 1);
});
