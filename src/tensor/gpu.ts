// The GPU with tensors: what a program opens first.

import { type AdapterChoice, openDevice } from "../gpu/adapter.ts";
import { GpuRuntime } from "../gpu/runtime.ts";
import { type Shape, showShape, sizeOf } from "./shape.ts";
import { type Dtype, emptyTensor, type Tensor, type TensorData } from "./tensor.ts";

/** A device that makes tensors. */
export class Gpu extends GpuRuntime {
  /**
   * Uploads an array.
   *
   * @param data its type decides the dtype: f32, i32, u32 or u8
   * @param shape by default one axis
   * @throws {TypeError} unless the shape has as many elements as the array, which must be of those types;
   *   or if a gradient is required of integers
   */
  tensor(
    data: TensorData,
    shape: Shape = [data.length],
    options: { requiresGrad?: boolean } = {},
  ): Tensor {
    if (sizeOf(shape) !== data.length) {
      throw new TypeError(
        `Cannot make a tensor: shape ${showShape(shape)} has ${sizeOf(shape)} elements ` +
          `but the array has ${data.length}`,
      );
    }
    const dtype = dtypeOf(data);
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
}

/**
 * Opens the GPU.
 *
 * @param options `adapter`: "auto" takes the fastest, "gpu" only hardware, "cpu" only software
 * @throws {GpuError} of kind "no-adapter", saying what to install
 */
export async function openGpu(options: { adapter?: AdapterChoice } = {}): Promise<Gpu> {
  const { device, description } = await openDevice(options.adapter ?? "auto");
  return new Gpu(device, description);
}

function dtypeOf(data: TensorData): Dtype {
  if (data instanceof Float32Array) return "f32";
  if (data instanceof Int32Array) return "i32";
  if (data instanceof Uint32Array) return "u32";
  if (data instanceof Uint8Array) return "u8";
  const { name } = (data as object).constructor;
  throw new TypeError(
    `Cannot make a tensor of a ${name}: use a Float32Array, Int32Array, Uint32Array or Uint8Array`,
  );
}
