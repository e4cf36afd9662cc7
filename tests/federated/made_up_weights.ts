// Weights of small networks that have learnt nothing, but differ from each other and from the start of a training.

import { stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { RandomStream } from "../../src/random.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { gpu } from "../gpu.ts";

/** State of a `vgg_nb` of three classes; its running statistics are random too. */
export async function madeUpWeights(seed: number, width: number): Promise<Map<string, HostTensor>> {
  const model = vgg(gpu, { numClasses: 3, width, seed });
  const tensors = await stateDict(model, 0);
  model.dispose();
  const random = new RandomStream(seed, 99);
  for (const [name, { shape, data }] of tensors) {
    const offset = name.endsWith("running_var") ? 0.1 : name.endsWith("running_mean") ? -0.5 : null;
    if (offset === null) continue;
    const values = Float32Array.from({ length: data.length }, () => offset + random.uniform());
    tensors.set(name, { shape, data: values });
  }
  return tensors;
}
