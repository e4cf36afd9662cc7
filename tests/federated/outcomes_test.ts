// What models said about every image, stored batch by batch and scored.

import type { Batch } from "../../src/data/image_batches.ts";
import {
  firstBad,
  OutcomeBuffer,
  type OutcomeRows,
  score,
} from "../../src/federated/clients/outcomes.ts";
import { assertAlmostEquals, assertEquals } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { canary, gpu } from "../gpu.ts";
import { logProbabilities } from "../reference/softmax.ts";

const rows = 2;
const classes = 3;
/** Five images in batches of two for one model, four for another; the last batch of the first is ragged. */
const logits = [
  [[3, 1, 0], [0, 0, 0], [-1, 2, 2], [50, -50, 0], [0.5, 0.25, 1]],
  [[1, 2, 3], [3, 2, 1], [-60, 60, 0], [7, 7, -7]],
];
const labels = [[0, 2, 1, 1, 2], [2, 2, 1, 0]];

/** One batch of logits with its labels; missing rows and room for more are padded with logits that would show. */
function batchAt(
  step: number,
  room = rows,
): { logits: Float32Array<ArrayBuffer>; batch: Batch } {
  const places = Array.from({ length: room }, (_, row) => row < rows ? step * rows + row : 9);
  const values = logits.flatMap((own) => places.flatMap((place) => own[place] ?? [9e9, 9e9, 9e9]));
  const classesOf = labels.flatMap((own) => places.map((place) => own[place] ?? 0));
  const counts = labels.map((own) => places.filter((place) => place < own.length).length);
  const batch = {
    x: gpu.zeros([1]),
    labels: gpu.tensor(Int32Array.from(classesOf), [2, room]),
    counts: gpu.tensor(Uint32Array.from(counts)),
  };
  return { logits: Float32Array.from(values), batch };
}

/** Of both models, five images each. */
async function storedRows(buffer: OutcomeBuffer): Promise<OutcomeRows[]> {
  for (let step = 0; step < 3; step++) {
    const { logits, batch } = batchAt(step);
    const position = gpu.tensor(Uint32Array.of(step, 0));
    buffer.store(gpu.tensor(logits, [2, rows, classes]), batch, position);
  }
  return await buffer.read([5, 5]);
}

Deno.test("outcomes are loss, prediction and probabilities of every real row", async () => {
  using _scope = gpu.scope();
  const live = gpu.live;
  const buffer = new OutcomeBuffer(gpu, 2, 5, classes);
  const values = await storedRows(buffer);
  for (const [model, own] of logits.entries()) {
    for (const [image, row] of own.entries()) {
      const at = image * (2 + classes);
      const expected = logProbabilities(Float64Array.from(row));
      const stored = values[model].subarray(at, at + 2 + classes);
      const label = `model ${model} image ${image}`;
      // Values up to 120, exp with 3 + 2|x| ULP of at most 1.
      assertAllClose(label, stored.subarray(0, 1), [-expected[labels[model][image]]], 4e-6);
      assertEquals(stored[1], row.indexOf(Math.max(...row)), `${label}: lowest class on ties`);
      assertAllClose(label, stored.subarray(2), expected.map(Math.exp), 1e-6);
    }
  }
  const behind = values[1].subarray(4 * (2 + classes));
  assertEquals([...behind], new Array(2 + classes).fill(canary)); // the second model has no fifth image
  buffer.dispose();
  assertEquals(gpu.live, live + 4 * 3 + 3); // what the batches of this test hold
});

Deno.test("outcomes of batches with room for more rows than a step takes stand one behind the other", async () => {
  using _scope = gpu.scope();
  const [usual, buffer] = [0, 1].map(() => new OutcomeBuffer(gpu, 2, 5, classes));
  const expected = await storedRows(usual);
  for (let step = 0; step < 3; step++) {
    const { logits, batch } = batchAt(step, rows + 1);
    const position = gpu.tensor(Uint32Array.of(step, 0));
    buffer.store(gpu.tensor(logits, [2, rows + 1, classes]), batch, position, rows);
  }
  assertEquals(await buffer.read([5, 5]), expected);
  for (const each of [usual, buffer]) each.dispose();
});

Deno.test("scores count a short last batch like a full one, and take metrics over all images", async () => {
  using _scope = gpu.scope();
  const buffer = new OutcomeBuffer(gpu, 2, 5, classes);
  const values = await storedRows(buffer);
  buffer.dispose();
  const { metrics, batchLosses } = score(values[0], Int32Array.from(labels[0]), [2, 4, 5]);
  const losses = logits[0].map((row, image) =>
    -logProbabilities(Float64Array.from(row))[labels[0][image]]
  );
  const expected = [(losses[0] + losses[1]) / 2, (losses[2] + losses[3]) / 2, losses[4]];
  assertAllClose("batch losses", batchLosses, expected, 4e-6);
  const mean = expected.reduce((sum, loss) => sum + loss, 0) / 3;
  assertAlmostEquals(metrics.loss, mean, 4e-6);
  assertEquals(metrics.accuracy, 60); // 0, 1 and 2 of predictions 0 0 1 0 2 for labels 0 2 1 1 2
  // F1 of the classes: 2·1/(3 + 1), 2·1/(1 + 2), 2·1/(1 + 2)
  assertAlmostEquals(metrics.f1, 100 * (1 / 2 + 2 / 3 + 2 / 3) / 3, 1e-9);
});

Deno.test("scores have no AUC where only one class occurs", async () => {
  using _scope = gpu.scope();
  const buffer = new OutcomeBuffer(gpu, 2, 5, classes);
  const values = await storedRows(buffer);
  buffer.dispose();
  const { metrics } = score(
    values[1].subarray(0, 4 * (2 + classes)),
    Int32Array.of(2, 2, 2, 2),
    [2, 4],
  );
  assertEquals(metrics.auc, null);
  assertEquals(metrics.accuracy, 25);
});

Deno.test("outcomes that were read can be put back, model by model", async () => {
  using _scope = gpu.scope();
  const [buffer, other] = [0, 1].map(() => new OutcomeBuffer(gpu, 2, 5, classes));
  const [first, second] = await storedRows(buffer);
  other.write(1, second);
  other.write(0, first.slice(0, 3 * (2 + classes)));
  assertEquals(await other.read([3, 5]), [first.subarray(0, 3 * (2 + classes)), second]);
  buffer.dispose();
  other.dispose();
});

Deno.test("score() gives the probabilities of every image, without loss and prediction", () => {
  const stored = Float32Array.of(0.5, 1, 0.25, 0.75, 1.5, 0, 0.625, 0.375);
  const { probabilities } = score(stored, Int32Array.of(1, 0), [2]);
  assertEquals([...probabilities], [0.25, 0.75, 0.625, 0.375]);
});

Deno.test("firstBad() finds the first loss that is infinite or NaN", () => {
  for (const loss of [Infinity, -Infinity, NaN]) {
    const stored = Float32Array.of(0.5, 0, 1, loss, 0, 1, NaN, 0, 1);
    assertEquals(firstBad(stored, 3), { image: 1, cause: `the loss of an image is ${loss}` });
  }
  assertEquals(firstBad(Float32Array.of(0.5, 0, 1), 1), null);
});
