// Communications whose mean is made elsewhere: what sites send and take, against the server that has all of them.

import { methods } from "../../src/federated/config.ts";
import { ConfigError } from "../../src/federated/errors.ts";
import { methodOf } from "../../src/federated/methods/registry.ts";
import { communicate } from "../../src/federated/server/communicate.ts";
import { messageOf, sharingByMeans, takeMean } from "../../src/federated/server/messages.ts";
import type { Model } from "../../src/nn/model.ts";
import { loadStateDict, stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { gpu } from "../gpu.ts";

const needServers = ["local", "scaffold"];
const rates = [0.05, 0.7, 0.95];
const weights = [1, 1, 1];

/** Three models that differ, statistics too. */
async function threeModels(): Promise<Model> {
  const model = vgg(gpu, { stack: 3, numClasses: 3, width: 0.125, bias: true });
  for (let k = 0; k < 3; k++) {
    const own = new Map<string, HostTensor>();
    for (const [name, { shape, data }] of await stateDict(model, k)) {
      const values = data instanceof Float32Array
        ? data.map((value, at) => value * (1 + 0.1 * k) + 0.01 * Math.sin(at + 7 * k) + 0.02)
        : data;
      own.set(name, { shape, data: values });
    }
    loadStateDict(model, own, k);
  }
  return model;
}

/** The mean of what all send, as any server makes it. */
async function meanOf(messages: readonly ReadonlyMap<string, Tensor>[]) {
  const mean = new Map<string, Tensor>();
  for (const [name, { shape }] of messages[0]) {
    const parts = await Promise.all(messages.map((message) => message.get(name)!.read()));
    const values = Float32Array.from(
      parts[0] as Float32Array,
      (_, at) => parts.reduce((sum, part) => sum + part[at], 0) / parts.length,
    );
    mean.set(name, gpu.tensor(values, shape));
  }
  return mean;
}

for (const name of methods.filter((name) => !needServers.includes(name))) {
  Deno.test(`sites of ${name} that take the mean of their messages are where its server brings them`, async () => {
    const sharing = sharingByMeans(methodOf(name));
    for (const rate of sharing.rate ? rates : [0]) {
      using _scope = gpu.scope();
      const [together, apart] = [await threeModels(), await threeModels()];
      const places = (model: Model) =>
        weights.map((weight, index) => ({ model, index, weight, sends: true }));
      communicate(sharing, places(together), rate);
      const sites = places(apart);
      const messages = sites.map((site) => messageOf(sharing, site, rate));
      const mean = await meanOf(messages);
      for (const site of sites) takeMean(sharing, site, rate, mean);
      for (let k = 0; k < 3; k++) {
        const expected = await stateDict(together, k);
        for (const [tensor, { data }] of await stateDict(apart, k)) {
          const wanted = expected.get(tensor)!.data;
          if (data instanceof Float32Array) {
            assertAllClose(`${name} ${rate} ${tensor}`, data, wanted as Float32Array, 2e-6);
          } else assertEquals(data, wanted);
        }
      }
      for (const model of [together, apart]) model.dispose();
    }
  });
}

Deno.test("methods that a mean is not enough for say so", () => {
  for (
    const [name, why] of [["local", /share nothing/], ["scaffold", /memory of its own/]] as const
  ) {
    const error = assertThrows(() => sharingByMeans(methodOf(name)), ConfigError);
    assert(why.test(error.message), error.message);
  }
});

Deno.test("PRR-FL's messages are amplitudes inside the window and biases, fewer numbers than the weights", async () => {
  using _scope = gpu.scope();
  const model = await threeModels();
  const sharing = sharingByMeans(methodOf("prrfl"));
  const site = { model, index: 0, weight: 1, sends: true };
  const sent = messageOf(sharing, site, 0.7);
  for (const [name, { shape }] of sent) {
    const own = model.module.parameters.find((parameter) => parameter.name === name)!;
    if (own.kind === "bias") assertEquals(shape, [1, ...own.shape], name);
    else assertEquals(shape.length, 3, name); // [1, rows, columns] of half the window
    assert(!["norm", "statistics"].includes(own.kind), name);
  }
  const count = (shapes: readonly (readonly number[])[]) =>
    shapes.reduce((sum, shape) => sum + shape.reduce((product, side) => product * side, 1), 0);
  const shared = model.module.parameters.filter(({ name }) => sent.has(name));
  const share = count([...sent.values()].map(({ shape }) => shape)) /
    count(shared.map(({ shape }) => shape));
  assert(share > 0.2 && share < 0.3, `${share}`); // 0.7² of the amplitudes, and half of those

  const before = await stateDict(model, 0);
  const [first] = sent.keys();
  const lacking = new Map([...sent].slice(1));
  assertThrows(() => takeMean(sharing, site, 0.7, lacking), TypeError, `it lacks ${first}`);
  assertThrows(() => takeMean(sharing, site, 0.9, sent), TypeError, "but this client sends f32");
  assertEquals(await stateDict(model, 0), before);
  model.dispose();
});
