// Initial values: PyTorch's defaults, the same in all models of a stack.

import { stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { assert, assertEquals, assertNotEquals } from "../assert.ts";
import { gpu } from "../gpu.ts";

async function initialState(seed: number, index = 0): Promise<Map<string, HostTensor>> {
  const model = vgg(gpu, { stack: 2, numClasses: 3, bias: true, width: 0.5, seed });
  const state = await stateDict(model, index);
  model.dispose();
  return state;
}

/** Inputs that each output of a weight sums over. */
function fanIn({ shape }: HostTensor): number {
  return shape.slice(1).reduce((product, size) => product * size, 1);
}

Deno.test("weights are uniform within 1/√fan-in of zero, as PyTorch's defaults are", async () => {
  const state = await initialState(3);
  const weights = [...state].filter(([name]) => /(conv|linear)\.weight$/.test(name));
  assertEquals(weights.length, 15);
  for (const [name, tensor] of weights) {
    const values = tensor.data as Float32Array;
    const bound = 1 / Math.sqrt(fanIn(tensor));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // Five standard errors of the mean and of the variance of so many uniform numbers.
    const errors = 5 / Math.sqrt(values.length);
    assert(largest <= bound && largest > bound * (1 - 10 / values.length), `${name}: ${largest}`);
    assert(Math.abs(mean) < errors * bound / Math.sqrt(3), `${name}: mean ${mean}`);
    const deviation = variance / (bound ** 2 / 3) - 1;
    assert(Math.abs(deviation) < errors * Math.sqrt(0.8), `${name}: variance off by ${deviation}`);
  }
});

Deno.test("the bias of a linear layer is drawn from its weight's range", async () => {
  const state = await initialState(3);
  const bound = 1 / Math.sqrt(fanIn(state.get("fc2.linear.weight")!));
  const bias = state.get("fc2.linear.bias")!.data as Float32Array;
  assert(bias.every((value) => value !== 0 && Math.abs(value) <= bound));
});

Deno.test("normalization starts at scale 1, shift 0, mean 0, variance 1, no batches", async () => {
  const expected = [
    ["weight", 1],
    ["bias", 0],
    ["running_mean", 0],
    ["running_var", 1],
    ["num_batches_tracked", 0],
  ] as const;
  for (const [name, { data }] of await initialState(3)) {
    if (!name.includes(".bn.")) continue;
    const [, value] = expected.find(([suffix]) => name.endsWith(`.bn.${suffix}`))!;
    for (const element of data) assertEquals(Number(element), value, name);
  }
});

Deno.test("all models of a stack start alike, and like a model alone", async () => {
  const first = await initialState(3, 0);
  assertEquals(await initialState(3, 1), first);
  const alone = vgg(gpu, { numClasses: 3, bias: true, width: 0.5, seed: 3 });
  assertEquals(await stateDict(alone, 0), first);
  alone.dispose();
});

Deno.test("another seed gives other weights everywhere", async () => {
  const [first, second] = [await initialState(3), await initialState(4)];
  for (const [name, { data }] of first) {
    if (/(conv|linear)\.(weight|bias)$/.test(name)) {
      assertNotEquals(second.get(name)!.data, data, name);
    }
  }
});

Deno.test("no two layers of a network start alike", async () => {
  const state = await initialState(3);
  const scaled = (name: string) => {
    const tensor = state.get(name)!;
    const values = tensor.data as Float32Array;
    return values.slice(0, 20).map((value) => value * Math.sqrt(fanIn(tensor)));
  };
  assertNotEquals(scaled("layer3.1.conv.weight"), scaled("layer3.2.conv.weight"));
  assertNotEquals(scaled("layer4.1.conv.weight"), scaled("layer4.2.conv.weight"));
});
