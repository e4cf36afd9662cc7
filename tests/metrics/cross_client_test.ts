// Means on and off the diagonal of the cross-client matrix.

import type { Metrics } from "../../src/metrics/classification.ts";
import { homeAndAway } from "../../src/metrics/cross_client.ts";
import { assertEquals } from "../assert.ts";

const metrics = (f1: number, auc: number | null = f1): Metrics => ({
  ...{ loss: f1 / 8, accuracy: f1, f1, auc },
});

const model = (client: string | null, a: Metrics, b: Metrics, c: Metrics) => ({
  client,
  metrics: new Map([["A", a], ["B", b], ["C", c]]),
});

Deno.test("homeAndAway() takes the means of the diagonal and of all else", () => {
  const models = [
    model("A", metrics(8), metrics(2), metrics(3)),
    model("B", metrics(1), metrics(16), metrics(6)),
    model("C", metrics(4), metrics(20), metrics(24)),
  ];
  assertEquals(homeAndAway(models), { own: metrics(16), others: metrics(6) });
  assertEquals(homeAndAway([models[2]]), { own: metrics(24), others: metrics(12) });
});

Deno.test("homeAndAway() leaves AUCs that are n/a out of their mean alone", () => {
  const models = [
    model("A", metrics(8, null), metrics(2), metrics(4, null)),
    model("B", metrics(6), metrics(4), metrics(4, 8)),
  ];
  const { own, others } = homeAndAway(models);
  assertEquals([own?.f1, own?.auc], [6, 4]);
  assertEquals([others?.f1, others?.auc], [4, (2 + 6 + 8) / 3]);
});

Deno.test("homeAndAway() of a model from elsewhere has no home, and of an unknown one neither", () => {
  const abroad = model("E", metrics(1), metrics(2), metrics(3));
  assertEquals(homeAndAway([abroad]), { own: null, others: metrics(2) });
  const unknown = model(null, metrics(1), metrics(2), metrics(3));
  assertEquals(homeAndAway([unknown]), { own: null, others: null });
});
