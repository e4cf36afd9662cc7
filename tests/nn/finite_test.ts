// Numbers that are not finite are found in the model that holds them, wherever they are.

import { FiniteCheck } from "../../src/nn/finite.ts";
import { FlatTensors } from "../../src/nn/flat_tensors.ts";
import { assertEquals } from "../assert.ts";
import { gpu } from "../gpu.ts";
import { parametersOnly } from "./parameters_only.ts";

const stack = 3;
const largest = 3.4028234663852886e38;
const bad = [NaN, Infinity, -Infinity];
/** The quiet and the signalling kind, of either sign, as bits. */
const strangeNaNs = [0x7fc00000, 0x7f800001, 0xffc00000, 0xff800001];

/** Two sets whose every number is finite, and what lies between them is not. */
function sets(): Record<"first" | "second", FlatTensors> {
  const flat = () => {
    const tensors = new FlatTensors(gpu, stack, parametersOnly.parameters);
    const values = new Float32Array(tensors.whole.size).fill(NaN);
    for (const { start, size } of tensors.blocks) {
      values.fill(largest, start, start + stack * size);
      values.set([-largest, 0, 1e-45].slice(0, size), start);
    }
    gpu.write(tensors.whole, values);
    return tensors;
  };
  return { first: flat(), second: flat() };
}

Deno.test("FiniteCheck finds every number that is not finite, in its model", async () => {
  const tensors = sets();
  const check = new FiniteCheck(tensors);
  assertEquals(await check.read(), [true, true, true]);
  for (const set of [tensors.first, tensors.second]) {
    for (const { name, size } of set.blocks) {
      for (let model = 0; model < stack; model++) {
        const { offset, ...place } = set.ofModel(name, model);
        const at = model % 2 === 0 ? size - 1 : 0; // both ends
        const view = { ...place, offset: offset + 4 * at, byteLength: 4 };
        gpu.write(view, Float32Array.of(bad[model]));
        const expected = [true, true, true].with(model, false);
        assertEquals(await check.read(), expected, `${name} of model ${model}`);
        gpu.write(view, Float32Array.of(1));
      }
    }
  }
  const { offset, ...place } = tensors.second.ofModel("c.weight", 1);
  for (const bits of strangeNaNs) {
    gpu.write({ ...place, offset, byteLength: 4 }, Uint32Array.of(bits));
    assertEquals(await check.read(), [true, false, true], bits.toString(16));
  }
  check.dispose();
  Object.values(tensors).forEach((set) => set.dispose());
  assertEquals(gpu.live, 0);
});
