// The state of models under PyTorch's keys, there and back.

import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { loadStateDict, stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { readDescription, vectorFolder } from "../golden.ts";
import { gpu } from "../gpu.ts";

const small = { numClasses: 3, width: 0.25, seed: 1 };

/** The same tensors with every number changed by its position. */
function changed(state: ReadonlyMap<string, HostTensor>): Map<string, HostTensor> {
  return new Map(
    [...state].map(([name, { shape, data }]) => {
      const altered = data instanceof BigInt64Array
        ? data.map((value) => value + 17n)
        : (data as Float32Array<ArrayBuffer>).map((value, at) => value * 0.5 + at % 7);
      return [name, { shape, data: altered }];
    }),
  );
}

Deno.test("stateDict() has PyTorch's keys and shapes, in PyTorch's order", async () => {
  type Keys = { keys_in_order: { name: string; shape: number[] }[] };
  const { keys_in_order: expected } = await readDescription<Keys>(
    vectorFolder,
    "nn_vgg_nb_start",
  );
  const model = vgg(gpu, { numClasses: 3 });
  const state = await stateDict(model, 0);
  assertEquals([...state].map(([name, { shape }]) => ({ name, shape: [...shape] })), expected);
  for (const [name, { data }] of state) {
    assertEquals(data instanceof BigInt64Array, name.endsWith("num_batches_tracked"), name);
  }
  model.dispose();
});

Deno.test("stateDict() of the biased network ends with the bias of the last layer", async () => {
  const model = vgg(gpu, { ...small, bias: true });
  const names = [...(await stateDict(model, 0)).keys()];
  assertEquals(names.slice(-2), ["fc2.linear.weight", "fc2.linear.bias"]);
  model.dispose();
});

Deno.test("a state survives the file and the way back into another model", async () => {
  const model = vgg(gpu, { ...small, stack: 3 });
  const before = await stateDict(model, 0);
  const state = changed(before);
  const { tensors } = readSafetensors(writeSafetensors(state));
  loadStateDict(model, tensors, 1);
  assertEquals(await stateDict(model, 1), state);
  assertEquals(await stateDict(model, 0), before);
  assertEquals(await stateDict(model, 2), before);
  model.dispose();
});

Deno.test("loadStateDict() without an index reaches every model", async () => {
  const model = vgg(gpu, { ...small, stack: 2 });
  const state = changed(await stateDict(model, 0));
  loadStateDict(model, state);
  for (const index of [0, 1]) assertEquals(await stateDict(model, index), state);
  model.dispose();
});

Deno.test("a whole stack goes out and comes back with its axis", async () => {
  const model = vgg(gpu, { ...small, stack: 2 });
  loadStateDict(model, changed(await stateDict(model, 0)), 1);
  const whole = await stateDict(model);
  assertEquals(whole.get("layer1.0.conv.weight")!.shape, [2, 8, 3, 3, 3]);
  assertEquals(whole.get("fc1.bn.num_batches_tracked")!.shape, [2]);

  const other = vgg(gpu, { ...small, stack: 2, seed: 2 });
  loadStateDict(other, whole);
  assertEquals(await stateDict(other), whole);
  model.dispose();
  other.dispose();
});

Deno.test("loadStateDict() names missing and superfluous keys, and changes nothing then", async () => {
  const model = vgg(gpu, small);
  const before = await stateDict(model);
  const state = changed(await stateDict(model, 0));
  const weight = state.get("fc2.linear.weight")!;
  state.delete("fc2.linear.weight");
  state.set("fc2.weight", weight);
  assertThrows(
    () => loadStateDict(model, state),
    TypeError,
    "Cannot load state: 1 missing keys (fc2.linear.weight), 1 superfluous keys (fc2.weight)",
  );
  assertEquals(await stateDict(model), before);
  model.dispose();
});

Deno.test("loadStateDict() names the first few keys where many are wrong", () => {
  const model = vgg(gpu, small);
  assertThrows(
    () => loadStateDict(model, new Map()),
    TypeError,
    "Cannot load state: 85 missing keys (layer1.0.conv.weight, layer1.0.bn.weight, " +
      "layer1.0.bn.bias, …), no superfluous keys",
  );
  model.dispose();
});

Deno.test("loadStateDict() names a tensor of another shape, and changes nothing then", async () => {
  const model = vgg(gpu, small);
  const before = await stateDict(model);
  const state = changed(await stateDict(model, 0));
  state.set("fc2.linear.weight", { shape: [16, 3], data: new Float32Array(48) });
  assertThrows(
    () => loadStateDict(model, state),
    TypeError,
    'Cannot load state: "fc2.linear.weight" has shape [16, 3] but the model\'s is [3, 16]',
  );
  assertEquals(await stateDict(model), before);
  model.dispose();
});

Deno.test("loadStateDict() and stateDict() refuse models that do not exist", async () => {
  const model = vgg(gpu, { ...small, stack: 2 });
  const state = await stateDict(model, 0);
  for (const index of [2, -1, 0.5]) {
    const message = `Cannot find model ${index} in a stack of 2`;
    assertThrows(() => loadStateDict(model, state, index), RangeError, message);
    await assertRejects(() => stateDict(model, index), RangeError, message);
  }
  model.dispose();
});
