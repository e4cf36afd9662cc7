// Batch normalization.

import { batchNorm } from "../../src/ops/batch_norm.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import { maxPool2d } from "../../src/ops/pool2d.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertSameBits, checkOp, perModel, randomInput, type Tolerance } from "../check_op.ts";
import { assertAllClose } from "../close.ts";
import { gpu, kernelTest } from "../gpu.ts";
import { type PyTorchCase, pytorchTest } from "../pytorch.ts";
import { batchNormReference } from "../reference/batch_norm.ts";
import { maxPool2dReference } from "../reference/pool2d.ts";
import type { Values } from "../reference/values.ts";

/** What a case of the checker varies. */
interface Variant {
  readonly shape: readonly number[];
  readonly counts: readonly number[];
  readonly training: boolean;
  readonly activation?: "none" | "relu";
  readonly pool?: "none" | "max2x2";
  readonly eps?: number;
  /** of x */
  readonly range?: readonly [number, number];
  readonly tolerance?: Tolerance;
}

const usual = {
  forward: 2e-6,
  backward: 1e-5,
  reason: "values of order 1; sums of up to 800 terms, as trees",
};

async function checkBatchNorm(variant: Variant): Promise<void> {
  const { shape, training, activation = "none", pool = "none", eps = 1e-5 } = variant;
  const { range = [-1, 1] } = variant;
  const perChannel = shape.slice(0, 1).concat(shape[2]);
  await checkOp({
    op: `batchNorm ${training ? "train" : "eval"} ${activation} ${pool} counts [${variant.counts}]`,
    inputs: {
      x: randomInput(1, shape, range),
      weight: randomInput(2, perChannel, [0.5, 1.5]),
      bias: randomInput(3, perChannel),
      runningMean: randomInput(4, perChannel),
      runningVar: randomInput(5, perChannel, [0.5, 2]),
      counts: perModel(variant.counts),
    },
    differentiable: ["x", "weight", "bias"],
    run: ({ x, ...tensors }) => batchNorm(x, { ...tensors, training, activation, pool, eps }),
    reference: ({ x, counts, ...values }) => {
      const { output } = batchNormReference(x, {
        ...values,
        counts: counts.data,
        training,
        eps,
        momentum: 0.1,
        rectify: activation === "relu",
      });
      return pool === "none" ? output : maxPool2dReference(output, 2, 2);
    },
    tolerance: variant.tolerance ?? usual,
  });
}

/** Rows, images, large images, many channels; a batch of one image; every count from 1 to N. */
const sizes: { shape: number[]; counts: number[] }[] = [
  { shape: [3, 5, 4], counts: [5, 2, 3] },
  { shape: [2, 2, 3, 5, 7], counts: [2, 1] },
  { shape: [1, 1, 5, 3, 1], counts: [1] },
  { shape: [1, 3, 2, 16, 17], counts: [3] },
  { shape: [1, 2, 67, 2, 2], counts: [2] },
  { shape: [3, 3, 1, 1, 9], counts: [1, 2, 3] },
  { shape: [2, 3, 5, 4], counts: [3, 1] },
  { shape: [1, 2, 3, 5, 20], counts: [2] },
  { shape: [2, 5, 3, 3, 4], counts: [5, 3] }, // three quads: lanes are left over
  { shape: [2, 9, 1, 32, 32], counts: [9, 4] }, // four ranges of rows on a card, two of them without any
];

/** Planes of pairs of quads, squares of 2×2, and what the kernels that pool cannot do. */
const pooledSizes: { shape: number[]; counts: number[] }[] = [
  { shape: [2, 3, 3, 4, 8], counts: [3, 2] },
  { shape: [3, 2, 5, 2, 2], counts: [2, 1, 2] },
  { shape: [1, 2, 2, 2, 4], counts: [2] },
  { shape: [1, 3, 2, 16, 12], counts: [3] },
  { shape: [2, 2, 3, 6, 6], counts: [2, 1] },
  { shape: [1, 2, 3, 5, 8], counts: [2] },
  { shape: [2, 9, 1, 32, 32], counts: [9, 3] },
];

for (const training of [true, false]) {
  for (const activation of ["none", "relu"] as const) {
    const mode = training ? "in training" : "in evaluation";
    const relu = activation === "relu" ? " with relu" : "";
    kernelTest(
      `batchNorm() ${mode}${relu} matches double precision, ragged batches included`,
      async () => {
        for (const size of sizes) await checkBatchNorm({ ...size, training, activation });
      },
    );
    kernelTest(`batchNorm() ${mode}${relu} and max pooling matches double precision`, async () => {
      for (const size of pooledSizes) {
        await checkBatchNorm({ ...size, training, activation, pool: "max2x2" });
      }
    });
  }
}

kernelTest(
  "batchNorm() with max pooling is maxPool2d() behind it, equal values included",
  async () => {
    using _scope = gpu.scope();
    for (const shape of [[2, 3, 5, 8, 8], [2, 3, 5, 2, 2]]) {
      const { data } = randomInput(13, shape, [-2, 2]);
      const values = data.map((value) => Math.round(value)); // many windows have several maxima
      const upstream = randomInput(14, [...shape.slice(0, 3), shape[3] / 2, shape[4] / 2]);
      const results = [true, false].map((isFused) => {
        const x = gpu.tensor(values, shape, { requiresGrad: true });
        const options = { ...freshTensors([2, 5]), training: true, activation: "relu" } as const;
        const y = isFused
          ? batchNorm(x, { ...options, pool: "max2x2" })
          : maxPool2d(batchNorm(x, options), { kernelSize: 2 });
        backward(y, gpu.tensor(upstream.data, upstream.shape));
        return [y, gradOf(x)];
      });
      const [fused, separate] = results;
      const pooled = (tensor: Tensor) => tensor.read() as Promise<Float32Array<ArrayBuffer>>;
      assertEquals(await pooled(fused[0]), await pooled(separate[0]));
      // The sums of its kernels have another order.
      assertAllClose("gradient", await pooled(fused[1]), await pooled(separate[1]), 2e-6);
    }
  },
);

kernelTest("batchNorm() honors eps", async () => {
  for (const training of [true, false]) {
    await checkBatchNorm({ shape: [1, 4, 3], counts: [4], training, eps: 0.5 });
  }
});

kernelTest("batchNorm() keeps its precision far from zero", async () => {
  await checkBatchNorm({
    shape: [2, 4, 3, 5, 5],
    counts: [4, 3],
    training: true,
    range: [99, 101],
    tolerance: {
      forward: 2e-5,
      backward: 5e-5,
      reason: "the mean, near 100, is rounded to 4e-6 where the deviation is 0.6",
    },
  });
});

for (const shape of [[3, 4, 2, 3, 2], [3, 4, 2, 2, 4], [3, 4, 2, 32, 32]]) {
  const planes = `planes of ${shape[3]}×${shape[4]}`;
  const name = "updates running statistics with the unbiased variance of the real rows";
  kernelTest(`batchNorm() ${name}, ${planes}`, () => expectRunningStatistics(shape));
}

async function expectRunningStatistics(shape: readonly number[]): Promise<void> {
  const momentum = 0.3;
  const counts = [4, 1, 2];
  const x = randomInput(6, shape);
  const runningMean = randomInput(7, [3, 2]);
  const runningVar = randomInput(8, [3, 2], [0.5, 2]);
  const ones = { shape: [3, 2], data: new Float32Array(6).fill(1) };
  const expected = batchNormReference(inDouble(x), {
    weight: inDouble(ones),
    bias: inDouble(ones),
    runningMean: inDouble(runningMean),
    runningVar: inDouble(runningVar),
    training: true,
    momentum,
    eps: 1e-5,
    counts,
    rectify: false,
  });

  using _scope = gpu.scope();
  const tensors = {
    weight: gpu.tensor(ones.data, [3, 2]),
    bias: gpu.tensor(ones.data, [3, 2]),
    runningMean: gpu.tensor(runningMean.data, [3, 2]),
    runningVar: gpu.tensor(runningVar.data, [3, 2]),
    numBatchesTracked: gpu.tensor(Float32Array.of(0, 7, 41)),
    counts: gpu.tensor(Uint32Array.from(counts)),
  };
  batchNorm(gpu.tensor(x.data, shape), { ...tensors, training: true, momentum });
  const tolerance = 3e-7;
  const compared = {
    op: "batchNorm",
    result: "running statistics",
    oracle: "f64 loop",
    reason: "values of order 1, a few roundings",
  } as const;
  const mean = await tensors.runningMean.read();
  const variance = await tensors.runningVar.read();
  assertAllClose("running mean", mean, expected.runningMean.data, tolerance, compared);
  assertAllClose("running variance", variance, expected.runningVar.data, tolerance, compared);
  assertEquals([...await tensors.numBatchesTracked.read()], [1, 8, 42]);
}

kernelTest(
  "batchNorm() leaves running statistics alone in evaluation and for models without rows",
  async () => {
    using _scope = gpu.scope();
    for (const shape of [[1, 2, 3], [1, 2, 3, 2, 2]]) {
      for (const training of [true, false]) {
        const counts = gpu.tensor(Uint32Array.of(training ? 0 : 2));
        const tensors = freshTensors([1, 3]);
        const x = gpu.tensor(randomInput(9, shape).data, shape);
        batchNorm(x, { ...tensors, counts, training });
        assertEquals([...await tensors.runningMean.read()], [0, 0, 0]);
        assertEquals([...await tensors.runningVar.read()], [1, 1, 1]);
        assertEquals([...await tensors.numBatchesTracked.read()], [0]);
      }
    }
  },
);

kernelTest(
  "batchNorm() of a ragged batch is that of the smaller batch, and zero behind it",
  async () => {
    using _scope = gpu.scope();
    const { data } = randomInput(10, [1, 5, 2, 2, 2]);
    const upstream = randomInput(11, [1, 5, 2, 2, 2]);
    const run = (rows: number, counts?: number) => {
      const shape = [1, rows, 2, 2, 2];
      const length = sizeOf(shape);
      const x = gpu.tensor(data.slice(0, length), shape, { requiresGrad: true });
      const y = batchNorm(x, {
        ...freshTensors([1, 2]),
        training: true,
        counts: counts === undefined ? undefined : gpu.tensor(Uint32Array.of(counts)),
      });
      backward(y, gpu.tensor(upstream.data.slice(0, length), shape));
      return [y, gradOf(x)];
    };
    const ragged = run(5, 3);
    const small = run(3);
    for (const [index, tensor] of ragged.entries()) {
      const values = await tensor.read();
      assertAllClose("real rows", values.subarray(0, 24), await small[index].read(), 1e-6); // rounding
      assertEquals([...values.subarray(24)], new Array(16).fill(0));
    }
  },
);

kernelTest(
  "batchNorm() finds the mean to its last bit but one, and the variance about it, far from zero",
  async () => {
    for (const [height, width] of [[6, 6], [5, 7], [40, 40]]) { // by quads, by pixels, and in ranges
      using _scope = gpu.scope();
      const shape = [1, 50, 3, height, width];
      const { data } = randomInput(height, shape, [999.8, 1001.3]);
      const [runningMean, runningVar, weight, bias] = [0, 1, 2, 3].map(() => gpu.zeros([1, 3]));
      batchNorm(gpu.tensor(data, shape), {
        ...{ weight, bias, runningMean, runningVar, training: true, momentum: 1 },
      });
      const plane = height * width;
      for (const [channel, mean] of (await runningMean.read()).entries()) {
        const values = [...data].filter((_, at) => Math.floor(at / plane) % 3 === channel);
        const exact = values.reduce((sum, value) => sum + value, 0) / values.length;
        const squares = values.reduce((sum, value) => sum + (value - exact) ** 2, 0);
        assert(
          Math.abs(mean - exact) <= 2 ** -14,
          `${height}×${width}: mean ${mean}, not ${exact}`,
        );
        const variance = (await runningVar.read())[channel] * (values.length - 1) / squares;
        assert(Math.abs(variance - 1) < 1e-5, `${height}×${width}: ${variance} of the variance`);
      }
    }
  },
);

kernelTest(
  "batchNorm() finds the variance where the mean is rounded by a tenth of the deviation",
  async () => {
    for (const [height, width] of [[6, 6], [5, 7], [40, 40]]) {
      using _scope = gpu.scope();
      const { data } = randomInput(width, [1, 50, 1, height, width], [1e6, 1e6 + 1.5]);
      const [runningMean, runningVar, weight, bias] = [0, 1, 2, 3].map(() => gpu.zeros([1, 1]));
      batchNorm(gpu.tensor(data, [1, 50, 1, height, width]), {
        ...{ weight, bias, runningMean, runningVar, training: true, momentum: 1 },
      });
      const exact = data.reduce((sum, value) => sum + value, 0) / data.length;
      const squares = data.reduce((sum, value) => sum + (value - exact) ** 2, 0);
      const [variance] = await runningVar.read();
      const share = variance * (data.length - 1) / squares;
      assert(Math.abs(share - 1) < 1e-3, `${height}×${width}: ${share} of the variance`);
    }
  },
);

kernelTest(
  "batchNorm() gives a model without data no gradients, also where sums are made in ranges",
  async () => {
    using _scope = gpu.scope();
    const { data, shape } = randomInput(7, [2, 4, 3, 32, 32]);
    const x = gpu.tensor(data, shape, { requiresGrad: true });
    const counts = gpu.tensor(Uint32Array.of(0, 3));
    const [runningMean, runningVar] = [0, 1].map(() => gpu.zeros([2, 3]));
    const [weight, bias] = [8, 9].map((seed) =>
      gpu.tensor(randomInput(seed, [2, 3]).data, [2, 3], { requiresGrad: true })
    );
    const y = batchNorm(x, { weight, bias, runningMean, runningVar, counts, training: true });
    backward(y, gpu.tensor(randomInput(10, shape).data, shape));
    for (const [name, tensor] of Object.entries({ x, weight, bias })) {
      const gradient = await gradOf(tensor).read();
      const own = gradient.subarray(0, gradient.length / 2);
      assertEquals([...own].filter((value) => value !== 0), [], name);
      assertEquals([...gradient].filter(Number.isNaN), [], name);
    }
  },
);

kernelTest("batchNorm() normalizes a prefix of the stack exactly as the whole stack", async () => {
  using _scope = gpu.scope();
  const x = randomInput(12, [3, 4, 2, 5]);
  const whole = batchNorm(gpu.tensor(x.data, x.shape), { ...freshTensors([3, 2]), training: true });
  const part = { shape: [2, 4, 2, 5], data: x.data.slice(0, 80) };
  const prefix = batchNorm(gpu.tensor(part.data, part.shape), {
    ...freshTensors([2, 2]),
    training: true,
  });
  const data = await whole.read() as Float32Array;
  assertSameBits(
    "prefix",
    { shape: part.shape, data: await prefix.read() as Float32Array<ArrayBuffer> },
    { shape: part.shape, data: data.slice(0, 80) },
  );
});

type NormCase = PyTorchCase<{ mode: string }>;

for (const [inputs, file] of [["rows", "batchnorm1d"], ["images", "batchnorm2d"]]) {
  pytorchTest<{ mode: string }>(
    `batchNorm() of ${inputs}`,
    file,
    (example) => example.settings.mode.includes(",") ? expectSequence(example) : expectOne(example),
  );
}

async function expectOne(example: NormCase): Promise<void> {
  const requiresGrad = true;
  const x = example.floats("x", { requiresGrad });
  const weight = example.floats("weight", { requiresGrad });
  const bias = example.floats("bias", { requiresGrad });
  const runningMean = example.floats("rm0");
  const runningVar = example.floats("rv0");
  const training = example.settings.mode === "train";
  const y = batchNorm(x, { weight, bias, runningMean, runningVar, training });
  backward(y, example.floats("gy"));
  await example.expect("y", y);
  await example.expect("gx", gradOf(x));
  await example.expect("gweight", gradOf(weight));
  await example.expect("gbias", gradOf(bias));
  await example.expect("rm1", runningMean);
  await example.expect("rv1", runningVar);
}

/** Several batches through the same running statistics. */
async function expectSequence(example: NormCase): Promise<void> {
  const channels = example.floats("x0").shape[2];
  const tensors = freshTensors([2, channels]);
  for (const [index, mode] of example.settings.mode.split(",").entries()) {
    const training = mode === "train";
    const y = batchNorm(example.floats(`x${index}`), { ...tensors, training });
    await example.expect(`y${index}`, y);
    if (!training) continue;
    await example.expect(`rm_after${index}`, tensors.runningMean);
    await example.expect(`rv_after${index}`, tensors.runningVar);
  }
}

Deno.test("batchNorm() rejects single values in training, as PyTorch does", () => {
  using _scope = gpu.scope();
  assertThrows(
    () => batchNorm(gpu.zeros([2, 1, 3]), { ...freshTensors([2, 3]), training: true }),
    RangeError,
    "Cannot apply batchNorm: training needs more than one value per channel, " +
      "but x has shape [2, 1, 3]",
  );
});

Deno.test("batchNorm() rejects shapes that do not fit together and eps of zero", () => {
  using _scope = gpu.scope();
  const training = true;
  const x = gpu.zeros([2, 4, 3]);
  const tensors = freshTensors([2, 3]);
  assertThrows(
    () => batchNorm(x, { ...tensors, weight: gpu.zeros([3]), training }),
    TypeError,
    "Cannot apply batchNorm: weight is f32 [3] but f32 [2, 3] is expected",
  );
  assertThrows(
    () => batchNorm(x, { ...tensors, counts: gpu.zeros([2]), training }),
    TypeError,
    "Cannot apply batchNorm: counts is f32 [2] but u32 [2] is expected",
  );
  assertThrows(
    () => batchNorm(gpu.zeros([4, 3]), { ...tensors, training }),
    TypeError,
    "Cannot apply batchNorm: x has shape [4, 3] but [S, N, C, …] is expected",
  );
  assertThrows(
    () => batchNorm(x, { ...tensors, training, eps: 0 }),
    RangeError,
    "Cannot apply batchNorm: eps is 0 but a finite number above 0 is expected",
  );
});

/** What a new layer has: weight 1, bias 0, mean 0, variance 1, no batches; `[S, C]`. */
function freshTensors(shape: readonly number[]) {
  const ones = new Float32Array(sizeOf(shape)).fill(1);
  return {
    weight: gpu.tensor(ones, shape),
    bias: gpu.zeros(shape),
    runningMean: gpu.zeros(shape),
    runningVar: gpu.tensor(ones, shape),
    numBatchesTracked: gpu.zeros([shape[0]]),
  };
}

function inDouble({ shape, data }: { shape: readonly number[]; data: Float32Array }): Values {
  return { shape, data: Float64Array.from(data) };
}
