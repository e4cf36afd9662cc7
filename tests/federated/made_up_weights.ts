// Weights of small networks that have learnt nothing, but differ from each other and from the start of a training.

import { stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { RandomStream } from "../../src/random.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { gpu } from "../gpu.ts";

/**
 * State of a `vgg_nb` of three classes with random running statistics. Convolution and ReLU leave about a sixth of a
 * signal's variance, so with variances around that what the last layer says does depend on the image.
 */
export async function madeUpWeights(seed: number, width: number): Promise<Map<string, HostTensor>> {
  const model = vgg(gpu, { numClasses: 3, width, seed });
  const tensors = await stateDict(model, 0);
  model.dispose();
  const random = new RandomStream(seed, 99);
  const ranges = { running_mean: [-0.1, 0.1], running_var: [0.1, 0.2] } as const;
  for (const [name, { shape, data }] of tensors) {
    const range = Object.entries(ranges).find(([kind]) => name.endsWith(kind))?.[1];
    if (range === undefined) continue;
    const [low, high] = range;
    const draw = () => low + (high - low) * random.uniform();
    tensors.set(name, { shape, data: Float32Array.from({ length: data.length }, draw) });
  }
  return tensors;
}
