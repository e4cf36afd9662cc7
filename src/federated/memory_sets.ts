// What a method remembers beside parameters, of clients or at the server: flat tensors of the parameters' shapes.

import { FlatTensors } from "../nn/flat_tensors.ts";
import type { Model } from "../nn/model.ts";
import type { TensorSets } from "../nn/training_state.ts";
import { sameShape, showShape } from "../tensor/shape.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import type { NewMemory } from "./methods/method.ts";
import { Owned } from "../owned.ts";

/** One flat tensor of zeros for each name. Dispose of them when done. */
export function makeSets(
  { gpu, module }: Model,
  stack: number,
  names: readonly string[],
): TensorSets {
  using owned = new Owned(); // gives back what there is if the rest does not fit
  const sets = names.map((name) => {
    const tensors = owned.use(new FlatTensors(gpu, stack, module.parameters));
    gpu.clear(tensors.whole);
    return [name, tensors] as const;
  });
  owned.move();
  return Object.fromEntries(sets);
}

/** What is remembered of one parameter of the first models of a stack, by name. */
export function memoryOf(sets: TensorSets, parameter: string, models: number) {
  return Object.fromEntries(
    Object.entries(sets).map(([set, tensors]) => [set, tensors.view(parameter, models)]),
  );
}

/**
 * Puts new values in the place of what was remembered.
 *
 * @param whose in messages, such as "of the server's conv.weight"
 * @throws {TypeError} for a name that the method does not declare, or another shape
 */
export function remember(
  memory: Readonly<Record<string, Tensor>>,
  values: NewMemory,
  whose: string,
): void {
  const places = new Set(Object.values(memory).map(({ buffer }) => buffer));
  const changes = Object.entries(values).flatMap(([set, value]) => {
    const place = Object.hasOwn(memory, set) ? memory[set] : undefined;
    expectFitting(`the memory "${set}" ${whose}`, value, place);
    if (value.buffer === place!.buffer) return []; // the method keeps what there was
    // What another name remembers may be overwritten before it is read.
    return [{ value: places.has(value.buffer) ? copyOf(value) : value, place: place! }];
  });
  for (const { value, place } of changes) value.gpu.copy(value, place);
}

function copyOf(value: Tensor): Tensor {
  const copy = emptyTensor(value.gpu, value.shape, value.dtype);
  value.gpu.copy(value, copy);
  return copy;
}

/** Methods may be anyone's. @throws {TypeError} unless there is such a place, of this shape and type */
export function expectFitting(what: string, value: Tensor, place: Tensor | undefined): void {
  if (place === undefined) {
    throw new TypeError(`Cannot keep ${what}: the method declares no memory of this name`);
  }
  if (sameShape(value.shape, place.shape) && value.dtype === place.dtype) return;
  throw new TypeError(
    `Cannot keep ${what}: the method gives ${value.dtype} ${showShape(value.shape)} but ` +
      `${place.dtype} ${showShape(place.shape)} is expected`,
  );
}
