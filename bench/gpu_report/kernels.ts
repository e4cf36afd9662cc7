// A part of the report: how fast kernels, training steps and a communication are, each as a line of JSON.

import { openTunedGpu } from "../../src/commands/tuned_gpu.ts";
import { preferVulkan } from "../../src/commands/webgpu_backend.ts";
import { transferLoss } from "../../src/federated/methods/local_losses.ts";
import { prrfl } from "../../src/federated/methods/prrfl.ts";
import { communicate } from "../../src/federated/server/communicate.ts";
import { measureCeilings } from "../../src/gpu/ceiling.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { conv2d } from "../../src/ops/conv2d.ts";
import { fft2 } from "../../src/ops/fft.ts";
import { crossEntropy } from "../../src/ops/losses.ts";
import { backward } from "../../src/tensor/autograd.ts";
import { type Shape, sizeOf } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import {
  batch,
  numClasses,
  recordTrainingStep,
  stepWork,
  type TrainingStep,
} from "../training_step.ts";

/** A measured case; without a time it was left out. */
export interface Measured {
  readonly name: string;
  readonly ms: number | null;
  /** 10⁹ operations of a step */
  readonly gigaflop: number | null;
  /** why there is no time */
  readonly why?: string;
}

/** What is measured, and how a step of it is made. */
interface Case {
  readonly name: string;
  readonly gigaflop: number | null;
  /** gives one step, and on the way what it needs; what is not in the Gpu's scope is given back by `dispose` */
  readonly prepare: () => (() => void) & { dispose?: () => void };
}

/** Seconds that all of it may take. */
const limit = Number(Deno.args[0] ?? 150);
/** A measurement takes at least so many milliseconds; the median of `attempts` counts. */
const least = 60;
const attempts = 3;

preferVulkan();
const gpu = await openTunedGpu({ adapter: "auto", tuned: !Deno.args.includes("--no-tuned") });
const start = performance.now();
const { arithmetic, memory } = await measureCeilings(gpu);
const { name, kind, vendor, limits, features } = gpu.adapter;
tell({ type: "adapter", name, kind, vendor, limits, features, tuned: gpu.kernels.size });
tell({ type: "ceilings", arithmetic, memory });

/** Operations per second of the fastest case so far: what a larger one may take. */
let fastest = arithmetic / 20;
for (const one of cases()) {
  const left = 1000 * limit - (performance.now() - start);
  const expected = (attempts + 3) * 1e12 * (one.gigaflop ?? 1) / fastest;
  if (expected > left / 4) { // the others want some of it too
    tell({
      type: "case",
      ...figures(one),
      ms: null,
      why: `would take about ${seconds(expected)} of ${seconds(Math.max(left, 0))} that are left`,
    });
    continue;
  }
  try {
    const ms = await measure(one);
    if (one.gigaflop) fastest = Math.max(fastest, 1e12 * one.gigaflop / ms);
    tell({ type: "case", ...figures(one), ms });
  } catch (error) {
    tell({ type: "case", ...figures(one), ms: null, why: (error as Error).message });
  }
}
gpu.dispose();

function figures({ name, gigaflop }: Case) {
  return { name, gigaflop };
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 1000)} s`;
}

async function measure({ prepare }: Case): Promise<number> {
  using _scope = gpu.scope();
  const step = prepare();
  const time = async (runs: number) => {
    await gpu.finish();
    const start = performance.now();
    for (let i = 0; i < runs; i++) {
      using _scope = gpu.scope();
      step();
    }
    await gpu.finish();
    return performance.now() - start;
  };
  try {
    await time(1); // compiles
    // The wait for the end, some 12 ms, is no part of it: a card takes less for hundreds of small steps.
    const wait = await time(0);
    let runs = 1;
    while (await time(runs) - wait < least) runs *= 2;
    const times: number[] = [];
    for (let attempt = 0; attempt < attempts; attempt++) {
      times.push((await time(runs) - wait) / runs);
    }
    return times.toSorted((a, b) => a - b)[attempts >> 1];
  } finally {
    step.dispose?.();
  }
}

/** What the report is asked for most comes first: a slow adapter does not come to the end. */
function* cases(): Generator<Case> {
  // Input and output channels, height and width.
  const layers = [
    ...[[3, 32, 32], [32, 32, 64], [64, 64, 32]],
    ...[[128, 128, 16], [256, 256, 8], [256, 256, 4]],
  ];
  for (const pixels of [32, 64, 128]) {
    yield stepCase(pixels);
    yield federationCase(pixels);
  }
  for (const stack of [8, 1]) {
    for (const [inputs, outputs, size] of layers) {
      yield* convolutionCases(stack, inputs, outputs, size);
    }
  }
  yield* otherCases();
}

function stepCase(pixels: number): Case {
  return {
    name: `training step of vgg_nb, width 1, batch ${batch}, 3×${pixels}×${pixels}`,
    gigaflop: stepWork(1, pixels),
    prepare: () => {
      const options = { stack: 1, width: 1, pixels, lossOf: crossEntropy };
      return replayOf(recordTrainingStep(gpu, options));
    },
  };
}

function federationCase(pixels: number): Case {
  const size = pixels === 32 ? "" : `, 3×${pixels}×${pixels}`;
  return {
    name: `PRR-FL step of 4 clients, 8 models, width 1${size}`,
    gigaflop: 8 * stepWork(1, pixels),
    prepare: () => {
      const counts = gpu.tensor(new Uint32Array(8).fill(batch));
      const stages = gpu.tensor(new Uint32Array(4).fill(2));
      return replayOf(recordTrainingStep(gpu, {
        ...{ stack: 8, width: 1, pixels },
        lossOf: (logits, labels) => transferLoss({ logits, labels, counts, stages }),
      }));
    },
  };
}

function replayOf({ step, dispose }: TrainingStep) {
  return Object.assign(() => step.replay(), { dispose });
}

/** Numbers of any size and sign: of zeros a card takes less power, and so runs faster. */
function random(shape: Shape): Tensor {
  const values = Float32Array.from({ length: 65_537 }, () => Math.random() - 0.5);
  const data = new Float32Array(sizeOf(shape));
  for (let at = 0; at < data.length; at += values.length) {
    data.set(values.subarray(0, data.length - at), at);
  }
  return gpu.tensor(data, shape);
}

function* otherCases(): Generator<Case> {
  for (const size of [768, 96]) {
    yield {
      name: `fft2 [4, ${size}, ${size}]`,
      gigaflop: 4 * 5 * size ** 2 * Math.log2(size ** 2) / 1e9,
      prepare: () => {
        const x = random([4, size, size, 2]);
        return () => fft2(x).dispose();
      },
    };
  }
  yield {
    name: "PRR-FL communication of 4 clients, width 1",
    gigaflop: null,
    prepare: () => {
      const model = vgg(gpu, { stack: 4, numClasses });
      const clients = [0, 1, 2, 3].map((index) => ({ model, index, weight: 1, sends: true }));
      const step = () => communicate(prrfl.sharing!, clients, 0.825);
      return Object.assign(step, { dispose: () => model.dispose() });
    },
  };
}

function* convolutionCases(
  stack: number,
  inputs: number,
  outputs: number,
  size: number,
): Generator<Case> {
  const shape = `conv2d 3×3 ${stack} × ${inputs}→${outputs}@${size}×${size}`;
  const gigaflop = stack * batch * inputs * outputs * 9 * size ** 2 * 2 / 1e9;
  const tensors = (needs: { x?: boolean; weight?: boolean }) => {
    const x = random([stack, batch, inputs, size, size]);
    const weight = random([stack, outputs, inputs, 3, 3]);
    x.requiresGrad = needs.x ?? false;
    weight.requiresGrad = needs.weight ?? false;
    const zero = () => {
      for (const leaf of [x, weight]) leaf.gradientState = { zeroedIn: gpu.stream };
    };
    return { x, weight, zero, upstream: random([stack, batch, outputs, size, size]) };
  };
  yield {
    name: `${shape} forward`,
    gigaflop,
    prepare: () => {
      const { x, weight } = tensors({});
      return () => conv2d(x, weight, { padding: 1 }).dispose();
    },
  };
  // With the forward pass in front, which is taken off in the report.
  for (const [what, needs] of [["input", { x: true }], ["weight", { weight: true }]] as const) {
    yield {
      name: `${shape} forward + ${what} gradient`,
      gigaflop: 2 * gigaflop,
      prepare: () => {
        const { x, weight, zero, upstream } = tensors(needs);
        return () => {
          zero();
          backward(conv2d(x, weight, { padding: 1 }), upstream);
        };
      },
    };
  }
  yield {
    name: `${shape} forward + gradients`,
    gigaflop: 3 * gigaflop,
    prepare: () => {
      const { x, weight, zero, upstream } = tensors({ x: true, weight: true });
      return () => {
        zero();
        backward(conv2d(x, weight, { padding: 1 }), upstream);
      };
    },
  };
}

function tell(line: unknown): void {
  console.log(JSON.stringify(line));
}
