// ONNX Runtime Web, with WebGPU or WASM. It does not train: only convolutions forward.

import { convolutionError } from "./errors.ts";
import { convolutionModel } from "./onnx_model.ts";
import { load, type Peer, type Prepared, type Untyped, versionOf } from "./peer.ts";
import {
  batch,
  type Convolution,
  convolutionData,
  convolutionName,
  convolutions,
} from "./workloads.ts";

type Backend = "webgpu" | "wasm";

const dist = new URL("./node_modules/onnxruntime-web/dist/", import.meta.url).href;

export async function open(backend: Backend): Promise<Peer> {
  const bundle = backend === "webgpu" ? "ort.webgpu.bundle.min.mjs" : "ort.wasm.bundle.min.mjs";
  const ort = await load(dist + bundle);
  Object.assign(ort.env.wasm, { wasmPaths: dist, numThreads: 1 }); // Deno does without its threads
  ort.env.logLevel = "error";
  return {
    version: await versionOf("onnxruntime-web"),
    cases: (workload) =>
      workload !== "conv" ? [] : convolutions.map((shape) => ({
        name: convolutionName(shape),
        prepare: () => convolution(ort, backend, shape),
      })),
  };
}

async function convolution(
  ort: Untyped,
  backend: Backend,
  shape: Convolution,
): Promise<Prepared> {
  const { inputs, outputs, size } = shape;
  const data = convolutionData(shape);
  const session = await ort.InferenceSession.create(convolutionModel(shape), {
    executionProviders: [backend],
    ...backend === "webgpu" && { preferredOutputLocation: "gpu-buffer" },
  });
  const device = backend === "webgpu" ? await ort.env.webgpu.device : null; // there since the first session
  const input = (data: Float32Array<ArrayBuffer>, dims: readonly number[]) =>
    device ? uploaded(ort, device, data, dims) : new ort.Tensor("float32", data, dims);
  const feeds = {
    x: input(data.x, [batch, inputs, size, size]),
    w: input(data.weight, [outputs, inputs, 3, 3]),
  };
  return {
    run: async (times) => {
      for (let i = 0; i < times; i++) (await session.run(feeds)).y.dispose();
      await device?.queue.onSubmittedWorkDone();
    },
    error: async () => {
      const { y } = await session.run(feeds);
      const values = await y.getData();
      const output = (n: number, o: number, i: number, j: number) =>
        values[((n * outputs + o) * size + i) * size + j];
      return convolutionError(shape, { output });
    },
  };
}

/** A tensor in a buffer of the GPU, whose sizes are multiples of 16 bytes there. */
function uploaded(
  ort: Untyped,
  device: GPUDevice,
  data: Float32Array<ArrayBuffer>,
  dims: readonly number[],
): Untyped {
  const buffer = device.createBuffer({
    size: Math.ceil(data.byteLength / 16) * 16,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST |
      GPUBufferUsage.COPY_SRC,
  });
  device.queue.writeBuffer(buffer, 0, data);
  return ort.Tensor.fromGpuBuffer(buffer, { dataType: "float32", dims });
}
