// Cross-entropy, the divergence from a teacher, and the losses of Deputy-Enhanced Transfer.

import { crossEntropy, deputyTransferLoss, klDiv } from "../../src/ops/losses.ts";
import { everyModel } from "../../src/ops/stack.ts";
import { backward, clearGrad, gradOf } from "../../src/tensor/autograd.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { checkOp, type Input, perModel, randomInput, randomLabels } from "../check_op.ts";
import { assertAllClose } from "../close.ts";
import { gpu, kernelTest } from "../gpu.ts";
import { type PyTorchCase, pytorchTest } from "../pytorch.ts";
import {
  crossEntropyReference,
  klDivReference,
  transferLossReference,
} from "../reference/losses.ts";

/** S, N, classes, and how many of the N rows are real in each model. */
const sizes: { shape: number[]; counts: number[] }[] = [
  { shape: [1, 1, 2], counts: [1] },
  { shape: [3, 4, 3], counts: [4, 1, 3] },
  { shape: [1, 100, 7], counts: [100] }, // more rows than a workgroup has invocations
  { shape: [2, 35, 3], counts: [33, 35] },
];
const tolerance = {
  forward: 3e-6,
  backward: 4e-6,
  reason: "exp: 3 + 2·abs(x) units in the last place with abs(x) ≤ 6; sums of up to 100 rows",
};

/** Large logits in padded rows, others for the next seed: they would show in any sum. */
function logitsOf(seed: number, { shape, counts }: typeof sizes[number]): Input {
  const { data } = randomInput(seed, shape, [-3, 3]);
  const [, N, classes] = shape;
  data.forEach((_, at) => {
    const row = Math.floor(at / classes);
    if (row % N >= counts[Math.floor(row / N)]) data[at] = (at + seed) % 2 ? 1e6 : -1e6;
  });
  return { shape, data };
}

kernelTest("crossEntropy() matches double precision, ragged batches included", async () => {
  for (const size of sizes) {
    await checkOp({
      op: `crossEntropy counts [${size.counts}]`,
      inputs: {
        logits: logitsOf(1, size),
        labels: randomLabels(2, size.shape.slice(0, 2), size.shape[2]),
        counts: perModel(size.counts),
      },
      run: ({ logits, labels, counts }) => crossEntropy(logits, labels, { counts }),
      reference: ({ logits, labels, counts }) =>
        crossEntropyReference(logits, labels.data, counts.data),
      tolerance,
    });
  }
});

kernelTest("klDiv() matches double precision for several temperatures", async () => {
  for (const temperature of [1, 2, 0.5]) {
    for (const size of sizes) {
      await checkOp({
        op: `klDiv temperature ${temperature} counts [${size.counts}]`,
        inputs: {
          student: logitsOf(3, size),
          teacher: logitsOf(4, size),
          counts: perModel(size.counts),
        },
        differentiable: ["student"],
        run: ({ student, teacher, counts }) => klDiv(student, teacher, { counts, temperature }),
        reference: ({ student, teacher, counts }) =>
          klDivReference(student, teacher, counts.data, temperature),
        tolerance,
      });
    }
  }
});

for (const role of ["personal", "deputy"] as const) {
  kernelTest(`deputyTransferLoss() of the ${role} model matches double precision`, async () => {
    for (const counts of [[4, 4, 4, 4], [4, 1, 3, 2]]) {
      const size = { shape: [4, 4, 3], counts };
      const own = logitsOf(5, size);
      const opposite = logitsOf(6, size);
      await checkOp({
        op: `deputyTransferLoss ${role} counts [${counts}]`,
        inputs: {
          own,
          opposite,
          labels: randomLabels(7, [4, 4], 3),
          stages: perModel([1, 2, 3, 4]),
          counts: perModel(counts),
        },
        differentiable: ["own"],
        run: ({ own, opposite, labels, stages, counts }) => {
          const logits = role === "personal" ? [own, opposite] : [opposite, own];
          return deputyTransferLoss(logits[0], logits[1], labels, { stages, counts })[role];
        },
        reference: ({ own, opposite, labels, stages, counts }) =>
          transferLossReference(own, opposite, labels.data, {
            stages: stages.data,
            aloneIn: role === "personal" ? 1 : 3,
            counts: counts.data,
          }),
        tolerance,
      });
    }
  });
}

kernelTest("losses of a ragged batch are those of the smaller batch alone", async () => {
  const counts = [3, 1];
  const size = { shape: [2, 5, 3], counts };
  const { data } = logitsOf(8, size);
  const labels = randomLabels(9, [2, 5], 3);
  using _scope = gpu.scope();
  const ragged = crossEntropy(
    gpu.tensor(data as Float32Array<ArrayBuffer>, size.shape),
    gpu.tensor(labels.data, labels.shape),
    { counts: gpu.tensor(Uint32Array.from(counts)) },
  );
  const losses = await ragged.read();
  for (const [model, count] of counts.entries()) {
    const logits = data.slice(model * 15, model * 15 + count * 3);
    const alone = crossEntropy(
      gpu.tensor(logits, [1, count, 3]),
      gpu.tensor(labels.data.slice(model * 5, model * 5 + count), [1, count]),
    );
    assertEquals(losses[model], (await alone.read())[0]);
  }
});

kernelTest("losses of a model without rows are zero, and so are their gradients", async () => {
  using _scope = gpu.scope();
  const labels = gpu.zeros([1, 2], "i32");
  const stages = gpu.tensor(Uint32Array.of(4));
  const options = { counts: gpu.tensor(Uint32Array.of(0)) };
  const losses: ((own: Tensor, other: Tensor) => Tensor)[] = [
    (own) => crossEntropy(own, labels, options),
    (own, other) => klDiv(own, other, options),
    (own, other) => deputyTransferLoss(own, other, labels, { ...options, stages }).personal,
    (own, other) => deputyTransferLoss(other, own, labels, { ...options, stages }).deputy,
  ];
  for (const loss of losses) {
    const [own, other] = [1e6, -1e6].map((large) => {
      const data = Float32Array.of(large, 0, 0, 0, large, 0);
      return gpu.tensor(data, [1, 2, 3], { requiresGrad: true });
    });
    const value = loss(own, other);
    backward(value);
    assertEquals([...await value.read()], [0]);
    assertEquals([...await gradOf(own).read()], [0, 0, 0, 0, 0, 0]);
  }
});

pytorchTest<{ op: string }>("crossEntropy()", "activations", async (example) => {
  if (example.settings.op === "relu") return;
  const x = example.floats("x", { requiresGrad: true });
  const loss = crossEntropy(x, example.labels("target"));
  backward(loss);
  await example.expect("ce", loss);
  await example.expect("ce_gx", gradOf(x));
});

pytorchTest("klDiv()", "kl_div", async (example) => {
  const student = example.floats("a", { requiresGrad: true });
  const loss = klDiv(student, example.floats("b"));
  backward(loss);
  await example.expect("kl", loss);
  await example.expect("ga", gradOf(student));
});

pytorchTest("deputyTransferLoss()", "det_losses", async (example) => {
  for (const stage of [1, 2, 3, 4]) await expectStage(example, stage);
});

async function expectStage(example: PyTorchCase<unknown>, stage: number): Promise<void> {
  const personal = example.floats("p", { requiresGrad: true });
  const deputy = example.floats("d", { requiresGrad: true });
  const stages = gpu.tensor(Uint32Array.of(5 - stage, stage));
  const losses = deputyTransferLoss(personal, deputy, example.labels("target"), { stages });
  backward(losses.personal);
  backward(losses.deputy);
  await example.expect(`s${stage}.loss_p`, losses.personal);
  await example.expect(`s${stage}.loss_d`, losses.deputy);
  await example.expect(`s${stage}.gp`, gradOf(personal));
  await example.expect(`s${stage}.gd`, gradOf(deputy));
}

Deno.test("losses reject shapes and types that do not fit together", () => {
  using _scope = gpu.scope();
  const logits = gpu.zeros([2, 4, 3]);
  const labels = gpu.zeros([2, 4], "i32");
  assertThrows(
    () => crossEntropy(logits, gpu.zeros([2, 4])),
    TypeError,
    "Cannot apply crossEntropy: labels is f32 [2, 4] but i32 [2, 4] is expected",
  );
  assertThrows(
    () => crossEntropy(logits, labels, { counts: gpu.zeros([4], "u32") }),
    TypeError,
    "Cannot apply crossEntropy: counts is u32 [4] but u32 [2] is expected",
  );
  assertThrows(
    () => klDiv(logits, gpu.zeros([2, 4, 2])),
    TypeError,
    "Cannot apply klDiv: teacher is f32 [2, 4, 2] but f32 [2, 4, 3] is expected",
  );
  assertThrows(
    () => deputyTransferLoss(logits, logits, labels, { stages: gpu.zeros([2], "i32") }),
    TypeError,
    "Cannot apply deputyTransferLoss: stages is i32 [2] but u32 [2] is expected",
  );
});

Deno.test("klDiv() rejects temperatures that are not above zero", () => {
  using _scope = gpu.scope();
  const logits = gpu.zeros([1, 1, 2]);
  for (const temperature of [0, -1, NaN, Infinity]) {
    assertThrows(
      () => klDiv(logits, logits, { temperature }),
      RangeError,
      `Cannot apply klDiv: temperature is ${temperature} but a finite number above 0 is expected`,
    );
  }
});

Deno.test("labels, counts and stages that the host knows to be out of range are refused", () => {
  using _scope = gpu.scope();
  const logits = gpu.zeros([2, 2, 3]);
  const labels = (...values: number[]) => gpu.tensor(Int32Array.from(values), [2, 2]);
  const pair = (...values: number[]) => gpu.tensor(Uint32Array.from(values));
  const right = labels(0, 1, 2, 0);
  const refusals: [() => unknown, string][] = [
    [() => crossEntropy(logits, labels(0, 1, 3, 0)), "crossEntropy: labels holds 3 but 0 to 2"],
    [() => crossEntropy(logits, labels(0, -1, 2, 0)), "crossEntropy: labels holds -1 but 0 to 2"],
    [() => crossEntropy(logits, right, { counts: pair(2, 3) }), "counts holds 3 but 0 to 2"],
    [() => klDiv(logits, logits, { counts: pair(9, 1) }), "klDiv: counts holds 9 but 0 to 2"],
    [
      () => deputyTransferLoss(logits, logits, labels(0, 1, 2, 7), { stages: pair(1, 2) }),
      "deputyTransferLoss: labels holds 7 but 0 to 2",
    ],
    [
      () => deputyTransferLoss(logits, logits, right, { stages: pair(0, 5) }),
      "deputyTransferLoss: stages holds 0 but 1 to 4",
    ],
  ];
  for (const [call, message] of refusals) assertThrows(call, RangeError, message);
  gpu.write(right, Int32Array.of(0, 0, 0, 5));
  assertThrows(() => crossEntropy(logits, right), RangeError, "labels holds 5");
  gpu.write(right, Int32Array.of(0, 0, 0, 2));
  crossEntropy(logits, right);
});

kernelTest("labels of padded rows may be anything", async () => {
  using _scope = gpu.scope();
  const logits = gpu.tensor(Float32Array.of(0, 0, 5, 5), [1, 2, 2], { requiresGrad: true });
  const labels = gpu.tensor(Int32Array.of(1, -100), [1, 2]);
  const loss = crossEntropy(logits, labels, { counts: gpu.tensor(Uint32Array.of(1)) });
  backward(loss);
  assertAllClose("loss", await loss.read(), [Math.LN2], 1e-6);
  assertAllClose("gradient", await gradOf(logits).read(), [0.5, -0.5, 0, 0], 1e-6);
});

kernelTest("a label that only the GPU knows to be no class makes NaN", async () => {
  for (const label of [-1, 3, 2 ** 30]) {
    using _scope = gpu.scope();
    const logits = ["personal", "deputy"].map(() => {
      const tensor = gpu.zeros([2, 2, 3]);
      tensor.requiresGrad = true;
      return tensor;
    });
    const labels = everyModel(gpu.tensor(Int32Array.of(0, label, 1, 2), [2, 2]), 0, 1);
    const losses = [crossEntropy(logits[0], labels)];
    const stages = gpu.tensor(Uint32Array.of(2, 2));
    const transfer = deputyTransferLoss(logits[0], logits[1], labels, { stages });
    losses.push(transfer.personal, transfer.deputy);
    for (const loss of losses) {
      const [bad, good] = await loss.read();
      assertEquals(Number.isNaN(bad), true, `label ${label}`);
      assert(Math.abs(good - Math.log(3)) < 1e-6);
    }
    for (const [at, loss] of losses.entries()) {
      const input = logits[at === 2 ? 1 : 0];
      clearGrad(input);
      backward(loss);
      const gradient = [...await gradOf(input).read()];
      const isNaN = gradient.map(Number.isNaN);
      assertEquals(
        isNaN,
        gradient.map((_, element) => element >= 3 && element < 6),
        `loss ${at}`,
      );
    }
  }
});
