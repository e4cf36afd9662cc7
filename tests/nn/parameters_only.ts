// Parameters without a network: what optimizers are tested on.

import type { Module } from "../../src/nn/module.ts";

/** A matrix and two that fill less and more than a block of 64. */
const shapes = { "a.weight": [4, 6], "b.weight": [1], "c.weight": [3, 23] };

export const parametersOnly: Module = {
  parameters: Object.entries(shapes).map(([name, shape]) => ({
    name,
    kind: "linear",
    shape,
    initial: { bound: 1 },
  })),
  buffers: [],
  forward: (x) => x,
  trace: (input) => ({ output: input, activations: [] }),
};
