// Whatever kernel is chosen for a shape, and however it divides the work, the result is the same up to rounding.

import { conv2d } from "../../src/ops/conv2d.ts";
import type { ConvSizes } from "../../src/ops/conv2d_plan.ts";
import {
  choiceFor,
  choiceName,
  choicesFor,
  runChoice,
  shapeKey,
} from "../../src/ops/kernel_choice.ts";
import {
  convolution,
  type Operation,
  product,
  weightGradient,
} from "../../src/ops/kernel_table.ts";
import { matmul } from "../../src/ops/matmul.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import { assert, assertEquals, assertNotEquals } from "../assert.ts";
import { randomInput } from "../check_op.ts";
import { assertAllClose } from "../close.ts";
import { adapterKinds, gpu, withKernelsFor } from "../gpu.ts";
import { matmulReference } from "../reference/matmul.ts";
import { onChromiumsAdapter } from "../report/browser.ts";
import { back, convolved, sizes } from "./small_convolution.ts";

/** Runs `body` with each choice for a shape in turn, after the one by rule. */
async function withEachChoice<Case>(
  operation: Operation<Case, never>,
  one: Case,
  body: (name: string) => Promise<void>,
): Promise<void> {
  const before = gpu.kernels;
  try {
    for (const choice of choicesFor(operation, one, gpu)) {
      const name = choiceName(choice);
      gpu.kernels = new Map([[shapeKey(operation, one), name]]);
      assertEquals(choiceName(choiceFor(operation, one, gpu)), name);
      await body(name);
    }
  } finally {
    gpu.kernels = before;
  }
}

/** Ragged tiles both ways, and enough terms for one to four parts. */
const [matrices, rows, terms, columns] = [2, 67, 1051, 41];

Deno.test("every kernel and every tiling of a product gives it", async () => {
  const left = randomInput(1, [matrices, rows, terms], [-0.5, 1]);
  const right = randomInput(2, [matrices, terms, columns], [-0.5, 1]);
  const doubles = [left, right].map(({ shape, data }) => ({
    shape,
    data: Float64Array.from(data),
  }));
  const expected = matmulReference(doubles[0], doubles[1]).data;
  const sizes = { matrices, rows, columns, terms };
  const one = { sizes, leftTransposed: false, rightTransposed: false };
  const names: string[] = [];
  await withEachChoice(product, one, async (name) => {
    using _scope = gpu.scope();
    const output = matmul(gpu.tensor(left.data, left.shape), gpu.tensor(right.data, right.shape));
    assertAllClose(name, await output.read(), expected, 1e-6 * terms);
    names.push(name);
  });
  assert(names.length > 10, names.join("; "));
  for (const name of ["matmul.wgsl multiply", "tiles.wgsl multiply 64x64/1"]) {
    assert(names.includes(name), names.join("; "));
  }
});

Deno.test("what lies beyond the terms of a product makes no NaN of what is infinite", async () => {
  const [rows, terms, columns] = [9, 17, 8]; // the second sixteen terms have one
  const sizes = { matrices: 1, rows, columns, terms };
  const one = { sizes, leftTransposed: false, rightTransposed: false };
  for (const side of ["left", "right"]) {
    using _scope = gpu.scope();
    const left = new Float32Array(rows * terms).fill(1);
    const right = new Float32Array(terms * columns).fill(1);
    if (side === "left") left[terms - 1] = Infinity; // of the first row the last term
    else right[terms * columns - 1] = Infinity; // of the last column
    const expected = Array.from({ length: rows * columns }, (_, i) => {
      const isInfinite = side === "left" ? i < columns : i % columns === columns - 1;
      return isInfinite ? Infinity : terms;
    });
    const [a, b] = [gpu.tensor(left, [1, rows, terms]), gpu.tensor(right, [1, terms, columns])];
    await withEachChoice(product, one, async (name) => {
      assertEquals([name, ...await matmul(a, b).read()], [name, ...expected]);
    });
  }
});

Deno.test("every kernel and every tiling of a convolution and its gradients gives them", async () => {
  const expected = await convolved(); // by rule, which other tests hold against double precision
  const names: string[] = [];
  const check = (result: 0 | 1 | 2) => async (name: string) => {
    const actual = (await convolved())[result];
    assertAllClose(`${name} ${result}`, actual, expected[result], 1e-5 * sizeOf([sizes.batch, 9]));
    names.push(name);
  };
  await withEachChoice(convolution, { sizes, transposed: false }, check(0));
  await withEachChoice(convolution, { sizes: back, transposed: true }, check(1));
  await withEachChoice(weightGradient, sizes, check(2));
  const kernels = new Set(names.map((name) => name.split(" ").slice(0, 2).join(" ")));
  assertEquals(kernels.size, 5, [...kernels].join("; "));
});

Deno.test("a bias is added once, into however many parts the sums of a convolution are split", async () => {
  using _scope = gpu.scope();
  const [stack, batch, inputs, outputs, side] = [2, 2, 60, 9, 4];
  const [x, weight, bias] = [
    [stack, batch, inputs, side, side],
    [stack, outputs, inputs, 3, 3],
    [stack, outputs],
  ].map((shape, seed) => gpu.tensor(randomInput(seed + 6, shape).data, shape));
  const shift = await bias.read();
  const plain = await conv2d(x, weight, { padding: 1 }).read();
  const expected = plain.map((value, i) => {
    const [image, output] = [
      Math.floor(i / outputs / side ** 2),
      Math.floor(i / side ** 2) % outputs,
    ];
    return value + shift[Math.floor(image / batch) * outputs + output];
  });
  const long: ConvSizes = {
    ...{ stack, batch, in_channels: inputs, in_height: side, in_width: side },
    ...{ out_channels: outputs, out_height: side, out_width: side },
    ...{ kernel_height: 3, kernel_width: 3, stride: 1, padding: 1 },
  };
  const names: string[] = [];
  await withEachChoice(convolution, { sizes: long, transposed: false }, async (name) => {
    using _scope = gpu.scope();
    const actual = await conv2d(x, weight, { bias, padding: 1 }).read();
    assertAllClose(name, actual, expected, 1e-6 * 9 * inputs);
    names.push(name);
  });
  assert(names.some((name) => /^tiles.*\/[2-9]/.test(name)), names.join("; "));
});

Deno.test("tiles without loops, as cards run them, give the same bits", async () => {
  const program = new URL("unrolled_tiles.ts", import.meta.url).pathname;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program],
    env: onChromiumsAdapter, // Mesa takes five times as long to compile them
    stdout: "null",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
});

Deno.test("a choice goes by the shape but not by the number of models, and by rule where none is known", async () => {
  const one = { sizes, transposed: false };
  const more = { sizes: { ...sizes, stack: 8 }, transposed: false };
  assertEquals(shapeKey(convolution, one), shapeKey(convolution, more));
  assertNotEquals(shapeKey(convolution, one), shapeKey(convolution, { ...one, transposed: true }));
  const other = { sizes: { ...sizes, batch: 4 }, transposed: false };
  assertNotEquals(shapeKey(convolution, one), shapeKey(convolution, other));
  for (const kind of adapterKinds) {
    await withKernelsFor(kind, () => {
      const { row, variant } = choiceFor(convolution, one, gpu);
      assertEquals(row.adapter, kind);
      assertEquals(variant, undefined);
      // Where a measured choice is not known any more, the rule stands.
      const before = gpu.kernels;
      gpu.kernels = new Map([[shapeKey(convolution, one), "gone.wgsl multiply"]]);
      assertEquals(choiceFor(convolution, one, gpu).row, row);
      gpu.kernels = before;
      return Promise.resolve();
    });
  }
});

Deno.test("a product in tiles that is too much for one dispatch is divided among several, bit for bit", async () => {
  const left = gpu.tensor(randomInput(1, [matrices, rows, terms]).data, [matrices, rows, terms]);
  const right = gpu.tensor(randomInput(2, [matrices, terms, columns]).data, [
    ...[matrices, terms, columns],
  ]);
  const sizes = { matrices, rows, columns, terms };
  const one = { sizes, leftTransposed: false, rightTransposed: false };
  const shape = [matrices, rows, columns];
  const inTiles = choicesFor(product, one, gpu).filter(({ row }) => row.file.name === "tiles.wgsl");
  for (const choice of inTiles) {
    const run = (work: number) => runChoice(choice, one, { left, right }, { gpu, shape, work });
    const whole = run(1e9);
    let divided: Tensor | undefined;
    // As if it were twice what may run at a time.
    const { runs } = await gpu.profile(() => {
      divided = run(2e11);
    });
    assertEquals(await divided!.read(), await whole.read(), choiceName(choice));
    const tiles = runs.filter(({ kernel }) => kernel.startsWith("tiles.wgsl"));
    assert(tiles.every(({ work }) => work! <= 1e11), choiceName(choice));
    assertEquals(Math.round(tiles.reduce((sum, { work }) => sum + work!, 0)), 2e11);
  }
});
