// Reverse-mode differentiation: the tape, its order, and the sum of gradients.

import { accumulate, elementwise, fullTensor } from "./elementwise.ts";
import { sameShape, showShape } from "./shape.ts";
import { emptyTensor, type TapeNode, type Tensor } from "./tensor.ts";

let recording = true;

/** Runs `body` without a tape: what it computes cannot be differentiated. */
export function noGrad<T>(body: () => T): T {
  const before = recording;
  recording = false;
  try {
    return body();
  } finally {
    recording = before;
  }
}

/** Puts an operation on the tape if any of its inputs requires a gradient. Returns `output`. */
export function record(
  output: Tensor,
  parents: readonly Tensor[],
  backward: TapeNode["backward"],
): Tensor {
  if (recording && parents.some((parent) => parent.requiresGrad)) {
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
 * @throws {TypeError} if `output` does not depend on a tensor that requires a gradient, or the shapes differ
 */
export function backward(output: Tensor, gradient?: Tensor): void {
  if (!output.requiresGrad) {
    throw new TypeError("Cannot differentiate: no input of the output requires a gradient");
  }
  if (gradient && !sameShape(gradient.shape, output.shape)) {
    throw new TypeError(
      `Cannot differentiate: the gradient has shape ${showShape(gradient.shape)} ` +
        `but the output has ${showShape(output.shape)}`,
    );
  }
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
  if (!tensor.gradient) {
    throw new TypeError(
      `Cannot read a gradient: backward has not reached this tensor of shape ${
        showShape(tensor.shape)
      }, or it does not require one`,
    );
  }
  return tensor.gradient;
}

/** Gives every parent its gradient; `upstream` is used up. */
function passOn(node: TapeNode, upstream: Tensor, pending: Map<Tensor, Tensor>): void {
  const gradients = node.backward(upstream);
  node.parents.forEach((parent, index) => {
    const gradient = gradients[index];
    if (!gradient || !parent.requiresGrad) return;
    const earlier = pending.get(parent);
    pending.set(
      parent,
      earlier ? elementwise("add", { left: earlier, right: gradient }) : gradient,
    );
    if (earlier) [earlier, gradient].forEach((summand) => summand.dispose());
  });
  upstream.dispose();
}

/** Adds to a leaf's gradient, or copies the first: what arrives may be shared, and is added to in place later. */
function receive(leaf: Tensor, gradient: Tensor): void {
  const first = leaf.gradient === null || leaf.gradientIsZero;
  leaf.gradient ??= emptyTensor(leaf.gpu, leaf.shape);
  if (first) leaf.gpu.copy(gradient, leaf.gradient);
  else accumulate(gradient, leaf.gradient);
  leaf.gradientIsZero = false;
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
