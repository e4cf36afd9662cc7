// Layers of a network of one's own: against PyTorch, traced shapes against real ones, and what they refuse.

import { BatchNorm1d, BatchNorm2d, Conv2d, Linear } from "../../src/nn/layers.ts";
import { Model } from "../../src/nn/model.ts";
import { type Module, Sequential } from "../../src/nn/module.ts";
import { Flatten, GlobalAvgPool2d, MaxPool2d, ReLU } from "../../src/nn/plain_layers.ts";
import { stateDict } from "../../src/nn/state_dict.ts";
import { crossEntropy } from "../../src/ops/losses.ts";
import { linear } from "../../src/ops/linear.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import type { Shape } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { randomInput } from "../check_op.ts";
import { gpu, kernelTest, withKernelsFor } from "../gpu.ts";
import { storedPytorchTest } from "../pytorch.ts";

/** The network of `make_small_network.py`. */
function smallNetwork(): Module {
  return new Sequential([
    new Conv2d("conv1", 3, 4, { kernelSize: 3, stride: 2, padding: 1 }),
    new ReLU(),
    new BatchNorm2d("bn1", 4, { eps: 1e-3, momentum: 0.3 }),
    new Conv2d("conv2", 4, 6, { kernelSize: 3 }),
    new MaxPool2d({ kernelSize: 3, stride: 2 }),
    new Flatten(),
    new Sequential([
      new Linear("fc1", 24, 8),
      new ReLU(),
      new BatchNorm1d("bn2", 8),
      new Linear("fc2", 8, 3, { bias: false }),
    ], { part: "classifier" }),
  ]);
}

for (const kind of ["cpu", "gpu"] as const) {
  storedPytorchTest<{ keys: readonly string[] }>(
    `a small network() with the kernels for a ${kind}`,
    "small_network",
    (example) =>
      withKernelsFor(kind, async () => {
        const model = new Model(gpu, smallNetwork(), { stack: 2 });
        const names = model.parameters.blocks.map(({ name }) => name);
        for (const name of names) gpu.copy(example.floats(name), model.parameter(name));
        const [x, labels] = [example.floats("x"), example.labels("labels")];
        const logits = model.forward(x, { training: true });
        const loss = crossEntropy(logits, labels);
        backward(loss);
        await example.expect("logits", logits);
        await example.expect("loss", loss);
        for (const name of names) {
          await example.expect(`grad.${name}`, model.gradients.view(name, 2));
        }
        for (
          const { name } of model.buffers.blocks.filter(({ name }) => name.includes("running"))
        ) {
          await example.expect(`after.${name}`, model.buffers.view(name, 2));
        }
        await example.expect("eval_logits", model.forward(x));
        const state = await stateDict(model, 1);
        assertEquals([...state.keys()], example.settings.keys);
        model.dispose();
      }),
  );
}

/** A layer, what one row of its input is, and which shapes it makes of it. */
const traced: readonly [layer: Module, input: Shape, output: Shape, activations: Shape[]][] = [
  [new Conv2d("c", 3, 5, { kernelSize: 3 }), [3, 9, 7], [5, 7, 5], [[5, 7, 5]]],
  [
    new Conv2d("c", 2, 4, { kernelSize: 5, stride: 3, padding: 2, bias: false }),
    ...[[2, 10, 11], [4, 4, 4]] as const,
    [[4, 4, 4]],
  ],
  [new BatchNorm2d("b", 3), [3, 4, 4], [3, 4, 4], [[3, 4, 4]]],
  [new BatchNorm2d("b", 3, { pool: "max2x2" }), [3, 4, 6], [3, 2, 3], [[3, 2, 3]]],
  [new BatchNorm2d("b", 3, { pool: "max2x2" }), [3, 5, 7], [3, 2, 3], [[3, 2, 3]]],
  [new BatchNorm1d("b", 6, { activation: "relu" }), [6], [6], [[6]]],
  [new ReLU(), [3, 4, 5], [3, 4, 5], [[3, 4, 5]]],
  [new MaxPool2d({ kernelSize: 2 }), [3, 5, 4], [3, 2, 2], [[3, 2, 2], [3, 2, 2]]],
  [new MaxPool2d({ kernelSize: 3, stride: 1 }), [1, 5, 4], [1, 3, 2], [[1, 3, 2], [1, 3, 2]]],
  [new GlobalAvgPool2d(), [7, 3, 2], [7], [[7]]],
  [new Flatten(), [7, 3, 2], [42], []],
  [new Linear("l", 42, 5), [42], [5], [[5]]],
  [new Sequential([new Flatten(), new Linear("l", 6, 2)]), [1, 2, 3], [2], [[2]]],
  [new Sequential([]), [3], [3], []],
];

Deno.test("trace() tells the shapes that forward() makes", () => {
  for (const [module, input, output, activations] of traced) {
    assertEquals(module.trace(input), { output, activations }, module.constructor.name);
    using _scope = gpu.scope();
    const model = new Model(gpu, module);
    const { data } = randomInput(1, [1, 3, ...input]);
    const y = model.forward(gpu.tensor(data, [1, 3, ...input]), { training: true });
    assertEquals(y.shape, [1, 3, ...output], module.constructor.name);
    model.dispose();
  }
});

kernelTest("the fused ReLU and pooling are those of layers behind", async () => {
  using _scope = gpu.scope();
  for (const [H, W] of [[4, 4], [5, 7]]) {
    const x = gpu.tensor(randomInput(3, [2, 3, 4, H, W]).data, [2, 3, 4, H, W]);
    const outputs: unknown[] = [];
    for (
      const module of [
        new BatchNorm2d("b", 4, { activation: "relu", pool: "max2x2" }),
        new Sequential([new BatchNorm2d("b", 4), new ReLU(), new MaxPool2d({ kernelSize: 2 })]),
      ]
    ) {
      const model = new Model(gpu, module, { stack: 2 });
      outputs.push(await model.forward(x, { training: true }).read());
      model.dispose();
    }
    assertEquals(outputs[0], outputs[1]);
  }
});

Deno.test("a stack of models of one's own gives each what it gives it alone, bit for bit", async () => {
  using _scope = gpu.scope();
  const { data } = randomInput(7, [3, 4, 3, 15, 15]);
  const stack = new Model(gpu, smallNetwork(), { stack: 3, seed: 2 });
  const together = await stack.forward(gpu.tensor(data, [3, 4, 3, 15, 15]), { training: true })
    .read();
  const size = data.length / 3;
  for (let index = 0; index < 3; index++) {
    const alone = new Model(gpu, smallNetwork(), { seed: 2 });
    const x = gpu.tensor(data.slice(index * size, (index + 1) * size), [1, 4, 3, 15, 15]);
    const logits = await alone.forward(x, { training: true }).read();
    assertEquals(logits, together.slice(index * 12, (index + 1) * 12), `model ${index}`);
    alone.dispose();
  }
  stack.dispose();
});

Deno.test("parts are declared by what layers stand in, and features are what nothing says", () => {
  const { parameters, buffers } = smallNetwork();
  const inPart = (part: string | undefined) =>
    [...parameters, ...buffers].filter((spec) => spec.part === part).map(({ name }) => name);
  assertEquals(
    [...new Set(inPart("classifier").map((name) => name.split(".")[0]))].sort(),
    ["bn2", "fc1", "fc2"],
  );
  assertEquals(
    [...new Set(inPart(undefined).map((name) => name.split(".")[0]))].sort(),
    ["bn1", "conv1", "conv2"],
  );
});

Deno.test("the multiple of images is what the first module or the network says", () => {
  const inner = new Sequential([new MaxPool2d({ kernelSize: 2 })], { imageMultiple: 2 });
  const multiple = (modules: Module[], imageMultiple?: number) =>
    new Sequential(modules, { imageMultiple }).imageMultiple;
  assertEquals(multiple([new ReLU(), inner]), 1);
  assertEquals(multiple([inner, new ReLU()]), 2);
  assertEquals(multiple([inner], 6), 6);
});

Deno.test("forward() hands out what the classifier is given, and gradients flow through it", async () => {
  using _scope = gpu.scope();
  const given: Tensor[] = [];
  const onFeatures = (features: Tensor) => given.push(features);
  const network = new Sequential([
    new Linear("body", 3, 4),
    new Sequential([new ReLU(), new Sequential([new Linear("fc", 4, 2)], { part: "classifier" })], {
      part: "classifier",
    }),
  ]);
  const model = new Model(gpu, network, { seed: 1 });
  const x = gpu.tensor(randomInput(1, [1, 5, 3]).data, [1, 5, 3]);
  const logits = model.forward(x, { onFeatures });
  assertEquals(given.map(({ shape }) => shape), [[1, 5, 4]]);
  const bias = model.parameter("body.bias");
  assertEquals(
    await given[0].read(),
    await linear(x, model.parameter("body.weight"), { bias }).read(),
  );
  backward(given[0]);
  assertEquals([...await gradOf(bias).read()], [5, 5, 5, 5]);
  assertEquals(await model.forward(x).read(), await logits.read());
  model.dispose();

  const without = new Model(gpu, new Linear("fc", 3, 2));
  assertThrows(
    () => without.forward(x, { onFeatures }),
    TypeError,
    'does not say what its classifier is; put it into a Sequential with part: "classifier"',
  );
  without.dispose();
});

Deno.test("the initial bias of a convolution is uniform within 1/√fan-in, as PyTorch's", async () => {
  const model = new Model(gpu, new Conv2d("c", 4, 500, { kernelSize: 3 }), { seed: 3 });
  const bias = [...await model.parameter("c.bias").read()];
  const bound = 1 / Math.sqrt(36);
  const most = Math.max(...bias.map(Math.abs));
  assertEquals(most <= bound && most > 0.97 * bound && new Set(bias).size > 490, true);
  model.dispose();
});

/** What is not how layers are made, or not what they take. */
// deno-lint-ignore no-explicit-any
type Any = any;
const refused: readonly [make: () => unknown, message: string][] = [
  [() => new Conv2d("", 3, 4, { kernelSize: 3 }), 'its name is "" but a text such as "conv1"'],
  [() => new Conv2d(3 as Any, 4, 3, {} as Any), "Cannot apply Conv2d: its name is 3"],
  [() => new Conv2d("c", 3, 4, {} as Any), "the option kernelSize is missing"],
  [() => new Conv2d("c", 3, 4, { kernelSize: 3, groups: 3 } as Any), 'no option "groups"'],
  [() => new Conv2d("c", 3, 0, { kernelSize: 3 }), "outChannels is 0 but a whole number"],
  [() => new Conv2d("c", 3, 4, { kernelSize: 3, padding: -1 }), "padding is -1"],
  [() => new Conv2d("c", 3, 4, { kernelSize: 3, stride: 0 }), "stride is 0"],
  [() => new Conv2d("c", 3, 4, { kernelSize: 3, bias: 0 } as Any), "bias is 0 but true or false"],
  [() => new Linear("l", 3, 1.5), "outFeatures is 1.5"],
  [() => new Linear("l", 3, 2, true as Any), "its options are true"],
  [() => new BatchNorm2d("b", 3, { affine: false } as Any), 'no option "affine"'],
  [() => new BatchNorm2d("b", 3, { momentum: 2 }), "momentum is 2 but a number between 0 and 1"],
  [() => new BatchNorm2d("b", 3, { eps: 0 }), "eps is 0"],
  [() => new BatchNorm2d("b", 3, { pool: "avg" } as Any), 'pool is "avg" but one of none, max2x2'],
  [() => new BatchNorm1d("b", 3, { pool: "max2x2" } as Any), 'no option "pool"'],
  [() => new BatchNorm1d("b", 0), "numFeatures is 0"],
  [() => new MaxPool2d({ kernelSize: 0 }), "kernelSize is 0"],
  [() => new MaxPool2d({ kernelSize: 2, padding: 1 } as Any), 'no option "padding"'],
  [() => new Sequential(new ReLU() as Any), "modules is an object ReLU but a list is expected"],
  [() => new Sequential([ReLU as Any]), "module 0 has no parameters but a module is expected"],
  [() => new Sequential([], { part: "head" } as Any), 'part is "head" but one of features, class'],
  [() => new Sequential([], { imageMultiple: 0 }), "imageMultiple is 0"],
  [
    () => new Conv2d("conv1", 3, 4, { kernelSize: 3 }).trace([4, 9, 9]),
    "Cannot apply Conv2d conv1: a row is [4, 9, 9] but an image [3, H, W] is expected",
  ],
  [
    () => new Conv2d("conv1", 3, 4, { kernelSize: 5, padding: 1 }).trace([3, 2, 9]),
    "its windows of 5 pixels do not fit into an image [3, 2, 9] with padding 1",
  ],
  [
    () => new Linear("fc", 12, 4).trace([3, 2, 2]),
    "a row is [3, 2, 2] but features [12] are expected; put a GlobalAvgPool2d or a Flatten before it",
  ],
  [() => new BatchNorm1d("b", 3).trace([4]), "a row is [4] but features [3] are expected"],
  [() => new BatchNorm2d("b", 3).trace([3]), "a row is [3] but an image [3, H, W] is expected"],
  [() => new MaxPool2d({ kernelSize: 2 }).trace([8]), "a row is [8] but an image [C, H, W]"],
  [() => new GlobalAvgPool2d().trace([8]), "a row is [8] but an image [C, H, W]"],
  [() => new Model({} as Any, new ReLU()), "gpu is [object Object] but a Gpu is expected"],
  [() => new Model(gpu, {} as Any), "Cannot apply Model: module has no parameters"],
  [() => new Model(gpu, new ReLU(), 2 as Any), "its options are 2 but an object with stack, seed"],
  [() => new Model(gpu, new ReLU(), { stack: 0 }), "stack is 0"],
  [
    () => new Model(gpu, new Sequential([new Linear("fc", 2, 2), new Linear("fc", 2, 2)])),
    'Cannot make a Model: two tensors are called "fc.weight"; give each layer a name of its own',
  ],
];

Deno.test("layers refuse what they would ignore or could not compute, in words that say what is wrong", () => {
  for (const [make, message] of refused) assertThrows(make, Error, message);
});
