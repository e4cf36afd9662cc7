// PRR-FL in one file gives what simulate() gives: the same stages, metrics and weights, bit for bit.

import { batchOf, prrfl } from "../../examples/prrfl.ts";
import type { Split } from "../../src/data/dataset.ts";
import { mean } from "../../src/metrics/statistics.ts";
import type { Model } from "../../src/nn/model.ts";
import { stateDict } from "../../src/nn/state_dict.ts";
import { crossEntropy } from "../../src/ops/losses.ts";
import { reshape } from "../../src/ops/rearrange.ts";
import { noGrad } from "../../src/tensor/autograd.ts";
import { assert, assertEquals } from "../assert.ts";
import { gpu } from "../gpu.ts";
import { dataset, eventsOf, finalsOf } from "../federated/small_federation.ts";

const settings = { rounds: 2, localEpochs: 3, batchSize: 8, lr: 0.02, width: 0.0625, seed: 7 };

/** Mean over batches of the mean cross-entropy of their images, for both models of a client on its test images. */
async function testLosses(model: Model, split: Split, rows: number): Promise<number[]> {
  const { length } = split.labels;
  const batches: number[][] = [[], []];
  for (let first = 0; first < length; first += rows) {
    using _scope = gpu.scope();
    const { x, counts } = batchOf(gpu, split, first, rows);
    const logits = noGrad(() => model.forward(x, { counts }));
    const count = Math.min(rows, length - first);
    const labels = new Int32Array(rows);
    labels.set(split.labels.subarray(first, first + count));
    // Each image as a model of its own: so its loss is no mean.
    const each = reshape(logits, [2 * rows, 1, logits.shape[2]]);
    const truth = gpu.tensor(Int32Array.from([...labels, ...labels]), [2 * rows, 1]);
    const losses = [...await crossEntropy(each, truth).read()];
    batches.forEach((own, role) => own.push(mean(losses.slice(role * rows, role * rows + count))));
  }
  return batches.map((own) => mean(own));
}

Deno.test("examples/prrfl.ts finds the stages, the metrics, the losses and the weights of simulate()", async () => {
  const live = gpu.live;
  const { lr, ...others } = settings;
  const events = await eventsOf({ ...others, learningRate: lr, shuffle: false });
  const epochs = events.filter((event) => event.type === "epoch");
  const communications = events.filter((event) => event.type === "aggregation");
  const finals = finalsOf(events);
  const seen = new Set<number>();
  for await (
    const { round, rate, stages, before, after, clients } of prrfl(gpu, dataset, settings)
  ) {
    const own = epochs.filter((epoch) => epoch.round === round);
    for (const k of clients.keys()) {
      assertEquals(stages[k], own.map((epoch) => Number(epoch.clients[k].stage)), `stages of ${k}`);
      stages[k].forEach((stage) => seen.add(stage));
      const told = [own.at(-1)!.clients[k].test, communications[round].clients[k].test];
      const f1 = told.map(({ personal, deputy }) => [personal.f1, deputy.f1]);
      assertEquals([before[k], after[k]], f1, `F1 of client ${k} around communication ${round}`);
    }
    assertEquals(rate, communications[round].rate);
    for (const [k, { data, model }] of clients.entries()) {
      const { personal, deputy } = communications[round].clients[k].test;
      const losses = await testLosses(model, data.test, settings.batchSize);
      assertEquals(losses, [personal.loss, deputy.loss], `losses of client ${k} in round ${round}`);
    }
    if (round < settings.rounds - 1) continue;
    for (const [k, { model }] of clients.entries()) {
      for (const [role, index] of [["personal", 0], ["deputy", 1]] as const) {
        const { tensors } = finals.filter((event) => event.role === role)[k];
        assertEquals(await stateDict(model, index), tensors, `${role} of client ${k}`);
      }
    }
  }
  assert(seen.size >= 2, `only stages ${[...seen]}`);
  assertEquals(gpu.live, live);
});

Deno.test("examples/prrfl.ts gives its memory back where the loop is left early", async () => {
  const live = gpu.live;
  for await (const { round } of prrfl(gpu, dataset, { ...settings, localEpochs: 1 })) {
    assertEquals(round, 0);
    break;
  }
  assertEquals(gpu.live, live);
});

Deno.test("examples/prrfl.ts is a page and a half, and uses the public API alone", async () => {
  const text = await Deno.readTextFile(new URL("../../examples/prrfl.ts", import.meta.url));
  assert(text.trimEnd().split("\n").length <= 150, `${text.split("\n").length} lines`);
  const imports = text.match(/from "[^"]*"/g)!;
  assertEquals([...new Set(imports)], ['from "@prr-fl/webgpu"']);
});
