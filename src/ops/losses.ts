// Losses: one mean per model of the stack, over its real rows.

import source from "../../kernels/losses.wgsl" with { type: "text" };
import workgroupSum from "../../kernels/shared/workgroup_sum.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import type { Constants } from "../gpu/pipelines.ts";
import { record } from "../tensor/autograd.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import {
  expectAxes,
  expectFloats,
  expectOneGpu,
  expectOptions,
  expectPositive,
  expectShape,
  expectWithin,
} from "../tensor/checks.ts";

const file = kernelFile("losses.wgsl", source, workgroupSum);

/** Options of `crossEntropy()` and `klDiv()`; S models. */
export interface LossOptions {
  /** `[S]` u32: how many rows of each model are real, at most N. Default: all */
  counts?: Tensor;
}

/**
 * Mean cross-entropy of each model, as `torch.nn.functional.cross_entropy`.
 *
 * @param logits `[S, N, classes]`
 * @param labels `[S, N]` i32, those of real rows in `[0, classes)`
 * @returns `[S]`, nats; NaN for a model with a label that is no class, and so are the gradients of such rows
 * @throws {TypeError} for wrong shapes
 * @throws {RangeError} if labels or counts come from the host and one of them is out of range
 */
export function crossEntropy(logits: Tensor, labels: Tensor, options: LossOptions = {}): Tensor {
  expectOptions("crossEntropy", options, ["counts"]);
  const call = checkedCall("crossEntropy", "logits", logits, options);
  expectLabels("crossEntropy", labels, logits, options);
  const inputs = { logits, labels, counts: call.counts };
  const losses = emptyTensor(logits.gpu, [call.models]);
  call.run("cross_entropy", { ...inputs, losses });
  return record(losses, [logits], (upstream) => {
    const gradient = emptyTensor(logits.gpu, logits.shape);
    call.run("cross_entropy_gradient", { ...inputs, upstream, gradient });
    return [gradient];
  });
}

/**
 * Mean KL divergence from teacher to student of each model: PyTorch's `kl_div` of log-softmax and softmax
 * with `reduction="batchmean"`. Takes logits. The teacher is a constant: gradient flows to the student only.
 *
 * @param student logits, `[S, N, classes]`
 * @param teacher logits, the same shape
 * @param options `temperature` τ > 0 divides all logits, default 1
 * @returns `[S]`, nats
 * @throws {TypeError} for wrong shapes, {RangeError} for a temperature that is not above 0
 */
export function klDiv(
  student: Tensor,
  teacher: Tensor,
  options: LossOptions & { temperature?: number } = {},
): Tensor {
  expectOptions("klDiv", options, ["counts", "temperature"]);
  const { temperature = 1 } = options;
  expectPositive("klDiv", { temperature });
  const call = checkedCall("klDiv", "student", student, options, temperature);
  expectShape("klDiv", "teacher", teacher, student.shape);
  expectOneGpu("klDiv", { student, teacher, counts: options.counts });
  const inputs = { logits: student, teacher, counts: call.counts };
  const losses = emptyTensor(student.gpu, [call.models]);
  call.run("kl_divergence", { ...inputs, losses });
  return record(losses, [student], (upstream) => {
    const gradient = emptyTensor(student.gpu, student.shape);
    call.run("kl_divergence_gradient", { ...inputs, upstream, gradient });
    return [gradient];
  });
}

/**
 * The losses of Deputy-Enhanced Transfer for personal model and deputy of each client (Chen et al. 2021):
 * cross-entropy, plus KL(deputy → personal) for the personal model except in stage 1 (recover), plus
 * KL(personal → deputy) for the deputy except in stage 3 (sublimate). The teacher is a constant in each.
 * One kernel makes both losses and both gradients.
 *
 * @param personal logits, `[clients, N, classes]`
 * @param deputy logits, the same shape
 * @param labels `[clients, N]` i32, as for `crossEntropy`
 * @param options `stages` `[clients]` u32, each 1 to 4; `counts` `[clients]` u32
 * @returns losses `[clients]`, nats
 * @throws {TypeError} for wrong shapes
 * @throws {RangeError} if labels, stages or counts come from the host and one of them is out of range
 */
export function deputyTransferLoss(
  personal: Tensor,
  deputy: Tensor,
  labels: Tensor,
  options: LossOptions & { stages: Tensor },
): { personal: Tensor; deputy: Tensor } {
  expectOptions("deputyTransferLoss", options, ["counts", "stages"], ["stages"]);
  const { stages } = options;
  const call = checkedCall("deputyTransferLoss", "personal", personal, options);
  expectShape("deputyTransferLoss", "deputy", deputy, personal.shape);
  expectLabels("deputyTransferLoss", labels, personal, options);
  expectShape("deputyTransferLoss", "stages", stages, [call.models], "u32");
  expectWithin("deputyTransferLoss", "stages", stages, 1, 4);
  expectOneGpu("deputyTransferLoss", { personal, deputy, stages });
  const losses = [personal, deputy].map(({ gpu }) => emptyTensor(gpu, [call.models]));
  const gradients = emptyTensor(personal.gpu, [2, ...personal.shape]);
  call.run("deputy_transfer", {
    logits: personal,
    teacher: deputy,
    labels,
    counts: call.counts,
    stages,
    losses: losses[0],
    teacher_losses: losses[1],
    gradient: gradients,
  });
  const [personalLoss, deputyLoss] = [personal, deputy].map((logits, second) =>
    record(losses[second], [logits], (upstream) => {
      const gradient = emptyTensor(logits.gpu, logits.shape);
      call.run("scale_rows", { logits: gradients, upstream, gradient }, { second });
      return [gradient];
    })
  );
  return { personal: personalLoss, deputy: deputyLoss };
}

/** Labels of padded rows may be anything, and which rows those are only the kernel knows. */
function expectLabels(op: string, labels: Tensor, logits: Tensor, { counts }: LossOptions): void {
  const [models, rows, classes] = logits.shape;
  expectShape(op, "labels", labels, [models, rows], "i32");
  expectOneGpu(op, { logits, labels, counts });
  if (!counts) expectWithin(op, "labels", labels, 0, classes - 1);
}

function checkedCall(
  op: string,
  name: string,
  logits: Tensor,
  options: LossOptions,
  temperature = 1,
) {
  expectAxes(op, name, logits, 3);
  expectFloats(op, name, logits);
  const [models, rows, classes] = logits.shape;
  if (options.counts) {
    expectShape(op, "counts", options.counts, [models], "u32");
    expectWithin(op, "counts", options.counts, 0, rows);
  }
  const { gpu } = logits;
  return {
    models,
    counts: options.counts ?? null,
    run: (entryPoint: string, buffers: Record<string, Tensor | null>, constants: Constants = {}) =>
      gpu.dispatch({
        file,
        entryPoint,
        constants,
        params: { models, rows, classes, temperature },
        buffers,
        workgroups: [models],
      }),
  };
}
