// Reverse-mode differentiation: the tape, its order, and the sum of gradients.

import { accumulate, elementwise, fullTensor } from "./elementwise.ts";
import { expectDifferentiable, expectTapeNode, expectTensor } from "./checks.ts";
import { showShape } from "./shape.ts";
import { emptyTensor, type TapeNode, type Tensor } from "./tensor.ts";

let tapeIsOn = true;

/**
 * Runs `body` without a tape: what it computes cannot be differentiated.
 *
 * @throws {TypeError} if `body` is asynchronous, because the tape would be on again while it runs
 */
export function noGrad<T>(body: () => T): T {
  if (typeof body !== "function") {
    throw new TypeError(`Cannot apply noGrad to ${body}: a function is expected`);
  }
  const before = tapeIsOn;
  tapeIsOn = false;
  try {
    const result = body();
    if (result instanceof Promise) {
      throw new TypeError("Cannot apply noGrad to an asynchronous function: await outside of it");
    }
    return result;
  } finally {
    tapeIsOn = before;
  }
}

/**
 * Puts an operation on the tape if any of its inputs requires a gradient.
 *
 * @param output what it has computed, in memory of its own
 * @param parents its inputs
 * @param backward from the gradient of the output one new tensor for each input, its summand of that input's gradient,
 *   or null where it needs none. It never adds to a gradient itself, nor keeps what it is given
 * @returns `output`
 * @throws {TypeError} for what is no tensor, and for a backward that is no function
 */
export function record(
  output: Tensor,
  parents: readonly Tensor[],
  backward: TapeNode["backward"],
): Tensor {
  expectTapeNode(output, parents, backward);
  if (tapeIsOn && parents.some((parent) => parent.requiresGrad)) {
    output.node = { parents, backward };
    output.requiresGrad = true;
  }
  return output;
}

/**
 * Adds to the gradient of every tensor that requires one and led to `output`, as `torch.Tensor.backward`.
 *
 * @param output of any shape
 * @param gradient of the same shape; by default ones, as for a loss
 * @throws {TypeError} if `output` does not depend on a tensor that requires a gradient, or shape or type
 *   of the gradient differ
 */
export function backward(output: Tensor, gradient?: Tensor): void {
  expectDifferentiable(output, gradient);
  const seed = gradient?.view(gradient.shape) ?? fullTensor(output.gpu, output.shape, 1);
  const pending = new Map([[output, seed]]);
  for (const tensor of outputsFirst(output)) {
    const upstream = pending.get(tensor);
    if (!upstream) continue;
    pending.delete(tensor);
    if (tensor.node) passOn(tensor.node, upstream, pending);
    else receive(tensor, upstream);
  }
}

/**
 * The gradient that `backward` left in a tensor.
 *
 * @throws {TypeError} if there is none
 */
export function gradOf(tensor: Tensor): Tensor {
  expectTensor("gradOf", "tensor", tensor);
  if (!tensor.gradient) {
    throw new TypeError(
      `Cannot read a gradient: backward has not reached this tensor of shape ${
        showShape(tensor.shape)
      }, or it does not require one`,
    );
  }
  return tensor.gradient;
}

/** Forgets a tensor's gradient, as `x.grad = None` in PyTorch: the next `backward` starts afresh. */
export function clearGrad(tensor: Tensor): void {
  expectTensor("clearGrad", "tensor", tensor);
  tensor.gradient?.dispose();
  tensor.gradient = null;
}

/** Gives every parent its gradient; `upstream` is used up. */
function passOn(node: TapeNode, upstream: Tensor, pending: Map<Tensor, Tensor>): void {
  const gradients = node.backward(upstream);
  node.parents.forEach((parent, index) => {
    const gradient = gradients[index];
    if (!gradient) return;
    if (!parent.requiresGrad) return gradient.dispose();
    const earlier = pending.get(parent);
    pending.set(parent, earlier ? sum(earlier, gradient) : gradient);
  });
  upstream.dispose();
}

/** The sum of two gradients of one tensor, which are used up. */
function sum(earlier: Tensor, gradient: Tensor): Tensor {
  const result = elementwise("add", { left: earlier, right: gradient });
  [earlier, gradient].forEach((summand) => summand.dispose());
  return result;
}

/**
 * Adds to a leaf's gradient, or makes it the first: memory of its own that lives as long as the leaf. A gradient known to
 * be zero is copied to, which takes less time than adding.
 */
function receive(leaf: Tensor, gradient: Tensor): void {
  const { gpu, gradientState } = leaf;
  const isFirst = !leaf.gradient;
  leaf.gradient ??= gpu.persistent(() => emptyTensor(gpu, leaf.shape));
  if (isFirst || gradientState?.zeroedIn === gpu.stream) gpu.copy(gradient, leaf.gradient);
  else accumulate(gradient, leaf.gradient);
  if (gradientState) gradientState.zeroedIn = null;
  gradient.dispose();
}

/** Every tensor that led to `output`, each before its parents; iterative, for networks are deep. */
function outputsFirst(output: Tensor): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: { tensor: Tensor; expanded: boolean }[] = [{ tensor: output, expanded: false }];
  while (stack.length > 0) {
    const { tensor, expanded } = stack.pop()!;
    if (expanded) {
      order.push(tensor);
      continue;
    }
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    stack.push({ tensor, expanded: true });
    for (const parent of tensor.node?.parents ?? []) {
      if (parent.requiresGrad) stack.push({ tensor: parent, expanded: false });
    }
  }
  return order.reverse();
}
