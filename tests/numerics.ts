// Runs the tests that compare numbers and makes docs/numerics.md of what they found: deno task numerics

import { fromFileUrl } from "@std/path";
import denoConfig from "../deno.json" with { type: "json" };
import { openGpu } from "../src/tensor/gpu.ts";
import type { Accuracy } from "./accuracy.ts";
import { assert } from "./assert.ts";
import { goldenFolder } from "./golden.ts";

const root = fromFileUrl(new URL("../", import.meta.url));
const suites = ["ops", "nn", "federated", "data/augmentation_test.ts", "metrics"];

async function runTests(): Promise<Accuracy[]> {
  const notebook = await Deno.makeTempFile();
  try {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", ...suites.map((suite) => `tests/${suite}`)],
      cwd: root,
      env: { PRRFL_ACCURACY: notebook },
      stdout: "inherit",
      stderr: "inherit",
    }).output();
    assert(code === 0, "the tests have to pass before their figures are worth writing down");
    const lines = (await Deno.readTextFile(notebook)).trimEnd().split("\n");
    return lines.map((line) => JSON.parse(line));
  } finally {
    await Deno.remove(notebook);
  }
}

/** Ours: double precision in these tests. */
const isOwn = ({ oracle }: Accuracy) => oracle.endsWith("f64 loop");

/** What is one row: of other programs, all results of an operation together. */
function rowKey(found: Accuracy): string {
  const { op, result, oracle, reason } = found;
  return [op, isOwn(found) ? result : oracle, reason].join("\t");
}

/** A row shows the comparison that came nearest to its tolerance. */
function tableRows(found: readonly Accuracy[]): string[] {
  const groups = [...Map.groupBy(found, rowKey)].sort(([a], [b]) => a.localeCompare(b, "en"));
  return groups.map(([, members]) => {
    const worst = members.reduce((a, b) => shareUsed(b) > shareUsed(a) ? b : a);
    const { op, result, oracle, error, tolerance, reason } = worst;
    const share = tolerance === 0 ? "" : `${(100 * shareUsed(worst)).toFixed(0)} %`;
    const subject = isOwn(worst) ? result : oracle;
    const figures = [members.length, figure(error), figure(tolerance), share];
    return `| ${[`\`${op}\``, subject, ...figures, reason].join(" | ")} |`;
  });
}

function shareUsed({ error, tolerance }: Accuracy): number {
  return error === 0 ? 0 : error / tolerance;
}

function figure(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}

function documentOf(found: readonly Accuracy[], adapter: string): string {
  return `# Numerics

How far every operation is from the truth, what the tests allow, and why. Made by \`deno task numerics\`, which runs
the tests and writes down what they found; not edited by hand.

${
    found.length.toLocaleString("en")
  } comparisons of whole tensors on ${adapter}, Deno ${Deno.version.deno}, project version
${denoConfig.version}. Each row stands for all of one kind, and shows the one that came nearest to its tolerance; "used" is
how near. Errors and tolerances are relative: to the largest magnitude in what is compared, or, for the Fourier
transforms and for networks under Adam, to its Euclidean length. In 32 bits one rounding is off by up to 6.0e-8. An
error of 0 means that every number was the same.

## Against double precision

Outputs against the definition as a plain loop (\`tests/reference\`), gradients with a random upstream against
central differences through that loop; ragged batches, odd sizes and stacks of models included.

| op | what | comparisons | error | tolerance | used | where the tolerance comes from |
| --- | --- | ---: | ---: | ---: | ---: | --- |
${tableRows(found.filter(isOwn)).join("\n")}

## Against other programs

Outputs, gradients and states that these computed (\`tests/vectors\`, and the reference vectors beside the project).

| op | program | comparisons | error | tolerance | used | where the tolerance comes from |
| --- | --- | ---: | ---: | ---: | ---: | --- |
${tableRows(found.filter((item) => !isOwn(item))).join("\n")}
`;
}

if (import.meta.main) {
  if (goldenFolder === null) {
    console.error("The reference vectors are missing: set PRRFL_GOLDEN to their folder");
    Deno.exit(2);
  }
  const found = await runTests();
  const gpu = await openGpu();
  const text = documentOf(found, gpu.adapter.name);
  gpu.dispose();
  await Deno.writeTextFile(`${root}docs/numerics.md`, text);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "docs/numerics.md"], cwd: root })
    .output();
}
