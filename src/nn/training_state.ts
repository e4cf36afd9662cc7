// What training has made of the models of a stack: downloaded for all together, uploaded into one.

import type { HostTensor } from "../tensor/host_tensor.ts";
import { sameShape, type Shape, showShape } from "../tensor/shape.ts";
import type { FlatTensors } from "./flat_tensors.ts";

/** Tensors of one stack that belong together, such as parameters and an optimizer's memory, by what they are. */
export type TensorSets = Readonly<Record<string, FlatTensors>>;

/**
 * Downloads the tensors of every model, one set after the other.
 *
 * @returns for each model of the stack its tensors as `set.name`, all f32
 */
export async function downloadModels(sets: TensorSets): Promise<Map<string, HostTensor>[]> {
  const [{ stack }] = Object.values(sets);
  const models = Array.from({ length: stack }, () => new Map<string, HostTensor>());
  for (const [set, tensors] of Object.entries(sets)) {
    const bytes = await tensors.gpu.read(tensors.whole);
    for (const { name, shape, start, size } of tensors.blocks) {
      models.forEach((model, index) => {
        const data = new Float32Array(bytes, (start + index * size) * 4, size);
        model.set(`${set}.${name}`, { shape, data });
      });
    }
  }
  return models;
}

/**
 * Uploads the tensors of one model.
 *
 * @param find the tensor `set.name`
 * @throws {TypeError} naming a tensor that is missing or of another shape
 */
export function uploadModel(
  sets: TensorSets,
  index: number,
  find: (name: string) => HostTensor | undefined,
): void {
  for (const [set, tensors] of Object.entries(sets)) {
    for (const { name, shape } of tensors.blocks) {
      const key = `${set}.${name}`;
      const data = expectFloats(find(key), key, shape);
      tensors.gpu.write(tensors.ofModel(name, index), data);
    }
  }
}

/** @throws {TypeError} unless the tensor of a state is there, f32 and of this shape */
export function expectFloats(
  found: HostTensor | undefined,
  name: string,
  shape: Shape,
): Float32Array<ArrayBuffer> {
  if (found?.data instanceof Float32Array && sameShape(found.shape, shape)) return found.data;
  const instead = found ? `has shape ${showShape(found.shape)}` : "is missing";
  throw new TypeError(
    `Cannot load state: "${name}" of shape ${showShape(shape)} in f32 is expected but ${instead}`,
  );
}
