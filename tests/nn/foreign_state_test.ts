// State dicts as PyTorch programs write them.

import { adoptState } from "../../src/nn/foreign_state.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { assertEquals } from "../assert.ts";

const weight: HostTensor = { shape: [2], data: new Float32Array([1, 2]) };
const counter: HostTensor = { shape: [], data: new BigInt64Array([5n]) };
const state = (prefix: string, ...names: string[]) =>
  new Map(names.map((name) => [prefix + name, name.endsWith("tracked") ? counter : weight]));
const own = ["fc1.bn.weight", "fc1.bn.running_mean", "fc1.bn.num_batches_tracked"];

Deno.test("adoptState() leaves a state of this program as it is", () => {
  assertEquals(adoptState(state("", ...own)), { tensors: state("", ...own), notes: [] });
  assertEquals(adoptState(new Map()), { tensors: new Map(), notes: [] });
});

Deno.test("adoptState() takes off what wrappers put before all keys, one inside the other", () => {
  for (
    const prefix of ["module.", "_orig_mod.", "model.", "_orig_mod.module.", "module._orig_mod."]
  ) {
    const { tensors, notes } = adoptState(state(prefix, ...own));
    assertEquals(tensors, state("", ...own));
    assertEquals(notes, [`its keys began with ${prefix}, which was taken off`]);
  }
  const mixed = new Map([...state("module.", "a.weight"), ...state("", "b.weight")]);
  assertEquals(adoptState(mixed), { tensors: mixed, notes: [] });
});

Deno.test("adoptState() counts 0 batches where nobody has counted", () => {
  const { tensors, notes } = adoptState(
    state("", "a.running_mean", "b.running_mean", "b.num_batches_tracked"),
  );
  assertEquals(tensors.get("a.num_batches_tracked"), { shape: [], data: new BigInt64Array([0n]) });
  assertEquals(tensors.get("b.num_batches_tracked"), counter);
  assertEquals(notes, ["1 num_batches_tracked are missing and count as 0"]);
});
