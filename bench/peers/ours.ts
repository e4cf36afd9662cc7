// This project's engine.

import config from "../../deno.json" with { type: "json" };
import { preferVulkan } from "../../src/commands/webgpu_backend.ts";
import { sgd } from "../../src/nn/sgd.ts";
import { loadStateDict, stateDict } from "../../src/nn/state_dict.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { conv2d } from "../../src/ops/conv2d.ts";
import { fft2 } from "../../src/ops/fft.ts";
import { crossEntropy } from "../../src/ops/losses.ts";
import { backward, gradOf } from "../../src/tensor/autograd.ts";
import { type Gpu, openGpu } from "../../src/tensor/gpu.ts";
import { emptyTensor } from "../../src/tensor/tensor.ts";
import { casesOf, type Preparations } from "./cases.ts";
import { convolutionError, fftError, trainingError } from "./errors.ts";
import {
  classes,
  learningRate,
  type Parameter,
  parameters,
  probes,
  trainingData,
} from "./network.ts";
import type { Peer, Prepared } from "./peer.ts";
import { batch, type Convolution, convolutionData, fftData } from "./workloads.ts";

export async function open(): Promise<Peer> {
  preferVulkan();
  const engine = new Engine(await openGpu());
  return {
    version: config.version,
    cases: (workload) => casesOf(workload, engine),
  };
}

class Engine implements Preparations {
  constructor(private readonly gpu: Gpu) {}

  convolution(shape: Convolution, gradients: boolean): Prepared {
    const { inputs, outputs, size } = shape;
    const data = convolutionData(shape);
    const { gpu } = this;
    const options = { requiresGrad: gradients };
    const x = gpu.tensor(data.x, [1, batch, inputs, size, size], options);
    const weight = gpu.tensor(data.weight, [1, outputs, inputs, 3, 3], options);
    const upstream = gpu.tensor(data.upstream, [1, batch, outputs, size, size]);
    const forward = () => conv2d(x, weight, { padding: 1 });
    if (!gradients) {
      return {
        run: (times) => this.#repeat(times, forward),
        error: async () => {
          const y = await forward().read();
          const output = (n: number, o: number, i: number, j: number) =>
            y[((n * outputs + o) * size + i) * size + j];
          return convolutionError(shape, { output });
        },
      };
    }
    const both = () => {
      for (const leaf of [x, weight]) {
        leaf.gradientState = { zeroedIn: gpu.stream };
      }
      backward(forward(), upstream);
    };
    return {
      run: (times) => this.#repeat(times, both),
      error: async () => {
        both();
        const [dx, dw] = [await gradOf(x).read(), await gradOf(weight).read()];
        return convolutionError(shape, {
          inputGradient: (n, c, i, j) => dx[((n * inputs + c) * size + i) * size + j],
          weightGradient: (o, c, u, v) => dw[((o * inputs + c) * 3 + u) * 3 + v],
        });
      },
    };
  }

  transform(count: number, size: number): Prepared {
    const { re, im } = fftData(count, size);
    const complex = Float32Array.from(
      { length: 2 * re.length },
      (_, at) => (at % 2 === 0 ? re : im)[at >> 1],
    );
    const x = this.gpu.tensor(complex, [count, size, size, 2]);
    return {
      run: (times) => this.#repeat(times, () => fft2(x)),
      error: async () => {
        const y = await fft2(x).read();
        const place = (k: number, l: number) => 2 * (((count - 1) * size + k) * size + l);
        return fftError(size, (k, l) => [y[place(k, l)], y[place(k, l) + 1]]);
      },
    };
  }

  async training(pixels: number): Promise<Prepared> {
    const { gpu } = this;
    const start = parameters();
    const model = vgg(gpu, { stack: 1, numClasses: classes });
    const names = model.parameters.blocks.map(({ name }) => name); // in the order of layers too
    const state = new Map(await stateDict(model, 0));
    start.forEach((parameter, at) => {
      const { shape } = state.get(names[at])!;
      state.set(names[at], { shape, data: rearranged(parameter) });
    });
    loadStateDict(model, state, 0);
    const optimizer = sgd(model, { lr: learningRate });
    const { images, labels } = trainingData(pixels);
    const x = gpu.tensor(images, [1, batch, 3, pixels, pixels]);
    const y = gpu.tensor(labels, [1, batch]);
    const losses = gpu.keep(emptyTensor(gpu, [1]));
    const record = (updates: boolean) =>
      gpu.record(gpu.arena(), () => {
        const loss = crossEntropy(model.forward(x, { training: true }), y);
        optimizer.zeroGrad();
        backward(loss);
        if (updates) optimizer.step();
        gpu.copy(loss, losses);
      });
    record(false).replay();
    const actual: Record<string, number> = { loss: (await losses.read())[0] };
    for (const [name, at] of Object.entries(probes)) {
      const index = start.findIndex((parameter) => parameter.name === name);
      const gradient = await gradOf(model.parameter(names[index])).read();
      actual[name] = gradient[placeOf(start[index], at)];
    }
    const step = record(true);
    return {
      run: (times) => {
        for (let i = 0; i < times; i++) step.replay();
        return gpu.finish();
      },
      error: () => trainingError(pixels, actual),
    };
  }

  async #repeat(times: number, body: () => void): Promise<void> {
    for (let i = 0; i < times; i++) {
      using _scope = this.gpu.scope();
      body();
    }
    await this.gpu.finish();
  }
}

/** Weights of linear layers are `[outputs, inputs]` here. */
function placeOf(
  { kind, shape: [inputs, outputs] }: Parameter,
  at: number,
): number {
  return kind === "linear" ? at % outputs * inputs + Math.floor(at / outputs) : at;
}

function rearranged(parameter: Parameter): Float32Array<ArrayBuffer> {
  const data = new Float32Array(parameter.data.length);
  parameter.data.forEach((value, at) => data[placeOf(parameter, at)] = value);
  return data;
}
