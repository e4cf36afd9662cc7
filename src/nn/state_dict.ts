// The state of models as PyTorch's `state_dict` has it: same keys, same order, same shapes.

import type { BufferView } from "../gpu/buffers.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import { sameShape, showShape, sizeOf } from "../tensor/shape.ts";
import type { FlatTensors } from "./flat_tensors.ts";
import { Model } from "./model.ts";

/** One key of a state dict. */
interface Entry {
  readonly name: string;
  readonly tensors: FlatTensors;
  readonly integer: boolean;
}

/**
 * Downloads the state of one model, or of the whole stack.
 *
 * @param index of the model; without it every tensor keeps its stack axis, `[S, …]`
 * @returns by PyTorch's key; counters are 64-bit integers, all else f32
 */
export async function stateDict(model: Model, index?: number): Promise<Map<string, HostTensor>> {
  expectModel(model, index);
  const entries = entriesOf(model);
  const views = entries.map((entry) => sliceOf(entry, index));
  const bytes = await model.gpu.read(...views);
  let offset = 0;
  return new Map(entries.map(({ name, tensors, integer }, at) => {
    const floats = new Float32Array(bytes, offset, views[at].byteLength / 4).slice();
    offset += views[at].byteLength;
    const { shape } = tensors.block(name);
    const data = integer ? BigInt64Array.from(floats, (value) => BigInt(value)) : floats;
    return [name, { shape: index === undefined ? [model.stack, ...shape] : shape, data }];
  }));
}

/**
 * Uploads a state into one model, or into all.
 *
 * @param tensors under PyTorch's keys: of one model, or (without index) of the whole stack, `[S, …]`
 * @param index of the model; without it the state of one model goes into all of them
 * @throws {TypeError} naming the keys that are missing, superfluous or of another shape; nothing is changed then
 */
export function loadStateDict(
  model: Model,
  tensors: ReadonlyMap<string, HostTensor>,
  index?: number,
): void {
  expectModel(model, index);
  if (!(tensors instanceof Map)) {
    throw new TypeError("Cannot load state: a Map of tensors by their names is expected");
  }
  const entries = entriesOf(model);
  expectKeys(entries, tensors);
  const uploads = entries.map((entry) => {
    const tensor = tensors.get(entry.name)!;
    const { shape } = entry.tensors.block(entry.name);
    const stacked = index === undefined && sameShape(tensor.shape, [model.stack, ...shape]);
    if (!stacked && !sameShape(tensor.shape, shape)) {
      throw new TypeError(
        `Cannot load state: "${entry.name}" has shape ${showShape(tensor.shape)} ` +
          `but the model's is ${showShape(shape)}`,
      );
    }
    if (tensor.data.length !== sizeOf(tensor.shape)) {
      throw new TypeError(
        `Cannot load state: "${entry.name}" has shape ${showShape(tensor.shape)} ` +
          `but ${tensor.data.length} values`,
      );
    }
    return { entry, stacked, values: Float32Array.from(tensor.data, Number) };
  });
  const every = Array.from({ length: model.stack }, (_, each) => each);
  for (const { entry, stacked, values } of uploads) {
    if (stacked) model.gpu.write(sliceOf(entry), values);
    else {
      for (const each of index === undefined ? every : [index]) {
        model.gpu.write(sliceOf(entry, each), values);
      }
    }
  }
}

/** Where one model's part of a tensor lies, or without index the whole stack's. */
function sliceOf(entry: Entry, index?: number): BufferView {
  const { name, tensors } = entry;
  return index === undefined ? tensors.ofStack(name) : tensors.ofModel(name, index);
}

/** Parameters and buffers, layer by layer, as PyTorch orders them. */
function entriesOf(model: Model): Entry[] {
  const { parameters, buffers } = model.module;
  const entries: Entry[] = [
    ...parameters.map(({ name }) => ({ name, tensors: model.parameters, integer: false })),
    ...buffers.map(({ name, integer }) => ({ name, tensors: model.buffers, integer })),
  ];
  const layers = [...new Set(parameters.map(({ name }) => layerOf(name)))];
  return layers.flatMap((layer) => entries.filter(({ name }) => layerOf(name) === layer));
}

/** `layer1.0.bn` of `layer1.0.bn.weight`. */
function layerOf(name: string): string {
  return name.slice(0, name.lastIndexOf("."));
}

/** `no missing keys`, or how many there are and the first few. */
function listed(kind: string, keys: readonly string[]): string {
  if (keys.length === 0) return `no ${kind} keys`;
  const shown = keys.slice(0, 3).join(", ");
  return `${keys.length} ${kind} keys (${shown}${keys.length > 3 ? ", …" : ""})`;
}

function expectModel(model: Model, index: number | undefined): void {
  if (!(model instanceof Model)) {
    throw new TypeError(`Cannot find the state of ${model}: a model, as of vgg(), is expected`);
  }
  if (index === undefined) return;
  if (!Number.isInteger(index) || index < 0 || index >= model.stack) {
    throw new RangeError(`Cannot find model ${index} in a stack of ${model.stack}`);
  }
}

function expectKeys(entries: readonly Entry[], tensors: ReadonlyMap<string, HostTensor>): void {
  const expected = new Set(entries.map(({ name }) => name));
  const missing = [...expected].filter((name) => !tensors.has(name));
  const superfluous = [...tensors.keys()].filter((name) => !expected.has(name));
  if (missing.length + superfluous.length > 0) {
    throw new TypeError(
      `Cannot load state: ${listed("missing", missing)}, ${listed("superfluous", superfluous)}`,
    );
  }
}
