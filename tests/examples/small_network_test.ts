// The network of docs/adding-a-network.md: its shapes, its parts, and each model of a stack against itself alone.

import { backward, crossEntropy, gradOf, makeModule, Model, parameterCount } from "@prr-fl/webgpu";
import smallNetwork from "../../examples/small_network.ts";
import { assert, assertEquals } from "../assert.ts";
import { randomInput } from "../check_op.ts";
import { gpu } from "../gpu.ts";

const options = { numClasses: 3, imageSize: 12, width: 0.25 };
const shape = [4, 3, 12, 12];

Deno.test("the small network has the parameters and the parts that it says", () => {
  const module = makeModule(gpu, smallNetwork, options);
  assertEquals(parameterCount(module), 3 * 25 * 8 + 8 + 4 * (64 * 9 + 16) + 3 * 8 + 3);
  const classifier = module.parameters.filter(({ part }) => part === "classifier");
  assertEquals(classifier.map(({ name }) => name), ["fc.weight", "fc.bias"]);
});

Deno.test("the small network gives each model of a stack what it gives it alone, bit for bit", async () => {
  const { data } = randomInput(1, [2, ...shape]);
  const labels = [0, 1, 2, 1];
  const gradientsOf = async (stack: number, images: Float32Array<ArrayBuffer>) => {
    using _scope = gpu.scope();
    const model = new Model(gpu, makeModule(gpu, smallNetwork, options), { stack, seed: 3 });
    const truth = Int32Array.from({ length: 4 * stack }, (_, at) => labels[at % 4]);
    const logits = model.forward(gpu.tensor(images, [stack, ...shape]), { training: true });
    backward(crossEntropy(logits, gpu.tensor(truth, [stack, 4])));
    const gradients = new Map<string, number[]>();
    for (const { name } of model.module.parameters) {
      gradients.set(name, [...await gradOf(model.parameter(name)).read()]);
    }
    model.dispose();
    return gradients;
  };
  const stacked = await gradientsOf(2, data);
  const first = await gradientsOf(1, data.slice(0, data.length / 2));
  const second = await gradientsOf(1, data.slice(data.length / 2));
  for (const [name, values] of stacked) {
    assertEquals(values, [...first.get(name)!, ...second.get(name)!], name);
    assert(values.some((value) => value !== 0), `${name} learns nothing`);
  }
});
