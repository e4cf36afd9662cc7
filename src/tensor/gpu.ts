// The GPU with tensors: what a program opens first.

import {
  type AdapterChoice,
  adapterChoices,
  type DeviceSource,
  openDevice,
} from "../gpu/adapter.ts";
import type { BufferView } from "../gpu/buffers.ts";
import { GpuRuntime } from "../gpu/runtime.ts";
import { expectChoice, expectOptions, expectSwitches } from "./checks.ts";
import { type Shape, showShape, sizeOf } from "./shape.ts";
import { type Dtype, emptyTensor, type IntegerRange, Tensor, type TensorData } from "./tensor.ts";

/** A device that makes tensors. */
export class Gpu extends GpuRuntime {
  /**
   * Uploads an array.
   *
   * @param data its type decides the dtype: f32, i32, u32 or u8
   * @param shape by default one axis
   * @throws {TypeError} unless the shape has as many elements as the array, which must be of those types;
   *   for an option that is unknown, or if a gradient is required of integers
   */
  tensor(
    data: TensorData,
    shape: Shape = [data?.length],
    options: { requiresGrad?: boolean } = {},
  ): Tensor {
    const dtype = dtypeOf(data);
    expectOptions("gpu.tensor", options, ["requiresGrad"]);
    expectSwitches("gpu.tensor", { requiresGrad: options.requiresGrad });
    if (Array.isArray(shape) && sizeOf(shape) !== data.length) {
      throw new TypeError(
        `Cannot make a tensor: shape ${showShape(shape)} has ${sizeOf(shape)} elements ` +
          `but the array has ${data.length}`,
      );
    }
    const { requiresGrad = false } = options;
    if (requiresGrad && dtype !== "f32") {
      throw new TypeError(
        `Cannot require a gradient of a tensor of ${dtype}: only f32 has gradients`,
      );
    }
    const tensor = emptyTensor(this, shape, dtype);
    this.write(tensor, data);
    tensor.requiresGrad = requiresGrad;
    return tensor;
  }

  /** A tensor of zeros. */
  zeros(shape: Shape, dtype: Dtype = "f32"): Tensor {
    const tensor = emptyTensor(this, shape, dtype);
    this.clear(tensor);
    return tensor;
  }

  /**
   * Uploads data, after everything issued before and before everything issued later.
   *
   * @throws {TypeError} for a tensor of another Gpu or an array of another type than the tensor's
   * @throws {RangeError} for more data than the tensor holds
   */
  override write(view: BufferView, data: ArrayBufferView<ArrayBuffer>): void {
    if (!(view instanceof Tensor)) return super.write(view, data);
    const { dtype } = view;
    const given = dtypeOf(data);
    if (given !== dtype) {
      throw new TypeError(`Cannot write to a tensor of ${dtype}: the array is ${given}`);
    }
    super.write(view, data);
    const isInteger = data instanceof Int32Array || data instanceof Uint32Array;
    view.range = isInteger && data.byteLength === view.byteLength ? rangeOf(data) : null;
  }

  /** Copies bytes on the GPU, by default all of the source's. Nobody knows the target's range afterwards. */
  override copy(source: BufferView, target: BufferView, byteLength?: number): void {
    super.copy(source, target, byteLength);
    if (target instanceof Tensor) target.range = null;
  }

  /** Sets all bytes to zero. */
  override clear(view: BufferView): void {
    super.clear(view);
    if (view instanceof Tensor) view.range = null;
  }
}

/**
 * Opens the GPU.
 *
 * @param options `adapter`: "auto" takes the fastest, "gpu" only hardware, "cpu" only software; `source`: where it comes
 *   from, default `navigator.gpu`: another `GPU`, as libraries for Node make, a `GPUAdapter`, or a `GPUDevice`, which the
 *   Gpu then owns
 * @throws {GpuError} of kind "no-adapter", saying what to install
 */
export async function openGpu(
  options: { adapter?: AdapterChoice; source?: DeviceSource } = {},
): Promise<Gpu> {
  expectOptions("openGpu", options, ["adapter", "source"]);
  const { adapter = "auto", source } = options;
  expectChoice("openGpu", "adapter", adapter, adapterChoices);
  const sources = ["requestAdapter", "requestDevice", "createBuffer"];
  const isObject = typeof source === "object" && source !== null;
  if (source !== undefined && !(isObject && sources.some((name) => name in source))) {
    throw new TypeError(
      `Cannot open a GPU: source is ${source} but a GPU, GPUAdapter or GPUDevice is expected`,
    );
  }
  const { device, description } = await openDevice(adapter, source);
  return new Gpu(device, description);
}

function rangeOf(data: Int32Array | Uint32Array): IntegerRange | null {
  if (data.length === 0) return null;
  let [least] = data;
  let most = least;
  for (const value of data) {
    if (value < least) least = value;
    else if (value > most) most = value;
  }
  return { least, most };
}

function dtypeOf(data: ArrayBufferView): Dtype {
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Int32Array) return "i32";
  if (data instanceof Uint32Array) return "u32";
  if (data instanceof Uint8Array) return "u8";
  const name = (data as object | null | undefined)?.constructor.name ?? data;
  throw new TypeError(
    `Cannot make a tensor of a ${name}: use a Float32Array, Int32Array, Uint32Array or Uint8Array`,
  );
}
