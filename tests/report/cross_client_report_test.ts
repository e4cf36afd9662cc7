// The cross-client matrix as text, CSV and JSON, from made-up numbers.

import type { Metrics } from "../../src/metrics/classification.ts";
import {
  type CrossClientMatrix,
  type JudgedModel,
  matrixCsv,
  matrixJson,
  matrixText,
} from "../../src/report/terminal/cross_client_report.ts";
import { ansiStyle, plainStyle } from "../../src/report/terminal/style.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";

const metrics = (f1: number, auc: number | null = f1): Metrics => ({
  ...{ loss: f1 / 8, accuracy: f1, f1, auc },
});

function model(
  path: string,
  client: string | null,
  role: string | null,
  values: readonly [Metrics, Metrics],
  reported: Metrics | null = null,
): JudgedModel {
  const [a, b] = values;
  return { path, client, role, round: 4, metrics: new Map([["A", a], ["B", b]]), reported };
}

const matrixOf = (...models: JudgedModel[]): CrossClientMatrix => ({
  models,
  clients: [{ name: "A", images: 10 }, { name: "B", images: 20 }],
  split: "test",
  data: "demo",
  network: "vgg_nb",
});

const twoRoles = matrixOf(
  model("run/best/a.safetensors", "A", "personal", [metrics(80), metrics(40, null)], metrics(80)),
  model("run/best/b.safetensors", "B", "personal", [metrics(20), metrics(60)], metrics(60)),
  model("run/best/c.safetensors", "A", "deputy", [metrics(70), metrics(50)], metrics(70)),
);

Deno.test("matrixText() shows each metric, with means of each role off and on the diagonal", () => {
  const text = matrixText(twoRoles, plainStyle);
  const [head, explanation, f1, auc, accuracy, loss, agreement] = text.trimEnd().split("\n\n");
  assertEquals(head.split("\n"), [
    "  models   3 checkpoints after round 5",
    "  from     run/best",
    "  network  vgg_nb",
    "  images   test split of demo: A 10, B 20",
  ]);
  assertStringIncludes(explanation, "Rows are models");
  assertEquals(f1.split("\n"), [
    "F1 %",
    "  model             A     B   own  others",
    "  A personal     80.0  40.0  80.0    40.0",
    "  B personal     20.0  60.0  60.0    20.0",
    "  mean personal              70.0    30.0",
    "  A deputy       70.0  50.0  70.0    50.0",
  ]);
  assertEquals(auc.split("\n").slice(2, 5), [
    "  A personal     80.0   n/a  80.0     n/a",
    "  B personal     20.0  60.0  60.0    20.0",
    "  mean personal              70.0    20.0 (1 of 2)",
  ]);
  assertStringIncludes(accuracy, "Accuracy %\n");
  assertStringIncludes(loss, "  mean personal                  8.750   3.750");
  assertEquals(
    agreement,
    "As the run reported, to the last digit: 3 models on the own client's test images.",
  );
  assert(text.split("\n").every((line) => line.length <= 100));
});

Deno.test("matrixText() emphasizes the diagonal without moving columns", () => {
  const lines = matrixText(twoRoles, ansiStyle).split("\n");
  assertEquals(
    lines.find((line) => line.includes("B personal")),
    "  B personal     20.0  \x1b[1m60.0\x1b[22m  60.0    20.0",
  );
});

Deno.test("matrixText() tells by how much a model is not what the run reported", () => {
  const off = { ...metrics(80), f1: 79.5, loss: 10.25, auc: null };
  const text = matrixText(
    matrixOf(model("a", "A", "personal", [metrics(80), metrics(40)], off)),
    plainStyle,
  );
  assertStringIncludes(
    text,
    "Not as the run reported: 1 model on the own client's test images, " +
      "by up to F1 0.50, AUC n/a, loss 0.25.",
  );
});

Deno.test("matrixText() numbers folders, and takes the names of files where nothing else is known", () => {
  const values = [metrics(80), metrics(40)] as const;
  const text = matrixText(
    matrixOf(
      model("one/best/x.safetensors", "A", "personal", values),
      model("two/best/x.safetensors", "A", "personal", values),
      model("two/best/plain.safetensors", null, null, values),
    ),
    plainStyle,
  );
  assertStringIncludes(text, "  from     1 one/best\n           2 two/best\n");
  assertStringIncludes(text, "  1 A personal  80.0  40.0  80.0    40.0\n");
  assertStringIncludes(text, "  2 A personal  80.0  40.0  80.0    40.0\n");
  assertStringIncludes(text, "  2 plain       80.0  40.0   n/a     n/a\n");
  assert(!text.includes("reported") && !text.includes("mean personal"));
});

Deno.test("matrixCsv() and matrixJson() have every number as it is", () => {
  const [header, first, second] = matrixCsv(twoRoles);
  assertEquals(
    header.join(),
    "model_client,role,round,data_client,split,images,f1,auc,accuracy,loss,checkpoint",
  );
  assertEquals(first.join(), "A,personal,4,A,test,10,80,80,80,10,run/best/a.safetensors");
  assertEquals(second.join(), "A,personal,4,B,test,20,40,,40,5,run/best/a.safetensors");
  const rows = matrixJson(twoRoles);
  assertEquals(rows.length, 3 * 2 + 2);
  assertEquals(rows[1], {
    type: "evaluation",
    ...{ checkpoint: "run/best/a.safetensors", client: "A", role: "personal", round: 4 },
    ...{ data: "B", split: "test", images: 20, metrics: metrics(40, null), reported: null },
  });
  assertEquals(rows[6], {
    type: "mean",
    ...{ folder: "run/best", role: "personal", models: 2, split: "test" },
    own: metrics(70),
    others: { ...metrics(30), auc: 20, aucOf: { defined: 1, members: 2 } },
  });
});
