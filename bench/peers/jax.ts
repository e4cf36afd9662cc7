// jax-js, with WebGPU. It is lazy: what is disposed of before it is submitted is never computed.

import { casesOf } from "./cases.ts";
import { convolutionError, fftError, trainingError } from "./errors.ts";
import { blocks, classes, eps, learningRate, parameters, probes, trainingData } from "./network.ts";
import { load, type Peer, type Prepared, type Untyped, versionOf } from "./peer.ts";
import { batch, type Convolution, convolutionData, fftData } from "./workloads.ts";

const packageName = "@jax-js/jax";
const jax = await load(packageName);
const { numpy: np, lax, nn, jit, valueAndGrad } = jax;

export async function open(): Promise<Peer> {
  const devices = await jax.init("webgpu");
  if (!devices.includes("webgpu")) {
    throw new TypeError(`jax-js has only ${devices.join(", ")}`);
  }
  jax.defaultDevice("webgpu");
  return {
    version: await versionOf(packageName),
    cases: (workload) => casesOf(workload, { convolution, transform, training }),
  };
}

function array(data: Float32Array, shape: readonly number[]): Untyped {
  return np.array(data).reshape(shape);
}

/** Sees to it that a result is really computed, then lets go of it. */
async function repeat(times: number, body: () => Untyped[]): Promise<void> {
  let last: Untyped[] = [];
  for (let i = 0; i < times; i++) {
    const results = body();
    for (const result of results) result.ref.gpuBufferSync();
    for (const result of last) result.dispose();
    last = results;
  }
  await jax.blockUntilReady(last);
  for (const result of last) result.dispose();
}

const convolve = (x: Untyped, weight: Untyped) => lax.conv(x, weight, [1, 1], "SAME");

async function convolutionInputs(shape: Convolution) {
  const { inputs, outputs, size } = shape;
  const data = convolutionData(shape);
  const x = array(data.x, [batch, inputs, size, size]);
  const weight = array(data.weight, [outputs, inputs, 3, 3]);
  const upstream = array(data.upstream, [batch, outputs, size, size]);
  await jax.blockUntilReady([x, weight, upstream]);
  return { x, weight, upstream };
}

function convolution(shape: Convolution, gradients: boolean): Promise<Prepared> {
  return gradients ? convolutionGradients(shape) : convolutionForward(shape);
}

async function convolutionForward(shape: Convolution): Promise<Prepared> {
  const { outputs, size } = shape;
  const { x, weight } = await convolutionInputs(shape);
  const forward = jit(convolve);
  return {
    run: (times) => repeat(times, () => [forward(x.ref, weight.ref)]),
    error: async () => {
      const y = await forward(x.ref, weight.ref).data();
      const output = (n: number, o: number, i: number, j: number) =>
        y[((n * outputs + o) * size + i) * size + j];
      return convolutionError(shape, { output });
    },
  };
}

async function convolutionGradients(shape: Convolution): Promise<Prepared> {
  const { inputs, size } = shape;
  const { x, weight, upstream } = await convolutionInputs(shape);
  const product = (x: Untyped, weight: Untyped, upstream: Untyped) => {
    const y = convolve(x, weight);
    return [np.sum(y.ref.mul(upstream)), y]; // y too, or the compiler could leave the forward pass out
  };
  const compiled = jit((x: Untyped, weight: Untyped, upstream: Untyped) => {
    const differentiate = valueAndGrad(product, {
      argnums: [0, 1],
      hasAux: true,
    });
    const [[, y], [dx, dw]] = differentiate(x, weight, upstream);
    return [y, dx, dw];
  });
  const both = () => compiled(x.ref, weight.ref, upstream.ref);
  return {
    run: (times) => repeat(times, both),
    error: async () => {
      const [y, inputGradient, weightGradient] = both();
      y.dispose();
      const [dx, dw] = [
        await inputGradient.data(),
        await weightGradient.data(),
      ];
      return convolutionError(shape, {
        inputGradient: (n, c, i, j) => dx[((n * inputs + c) * size + i) * size + j],
        weightGradient: (o, c, u, v) => dw[((o * inputs + c) * 3 + u) * 3 + v],
      });
    },
  };
}

async function transform(count: number, size: number): Promise<Prepared> {
  const data = fftData(count, size);
  const shape = count === 1 ? [size, size] : [count, size, size];
  const [real, imag] = [array(data.re, shape), array(data.im, shape)];
  await jax.blockUntilReady([real, imag]);
  const compiled = jit((real: Untyped, imag: Untyped) => {
    const z = np.fft.fft2({ real, imag });
    return [z.real, z.imag];
  });
  const forward = () => compiled(real.ref, imag.ref);
  return {
    run: (times) => repeat(times, forward),
    error: async () => {
      const [first, second] = forward();
      const [re, im] = [await first.data(), await second.data()];
      const place = (k: number, l: number) => ((count - 1) * size + k) * size + l;
      return fftError(size, (k, l) => [re[place(k, l)], im[place(k, l)]]);
    },
  };
}

type Weights = Record<string, Untyped>;

function normalize(
  x: Untyped,
  scale: Untyped,
  shift: Untyped,
  axes: number[],
): Untyped {
  const shape = axes.length > 1 ? [1, scale.shape[0], 1, 1] : [1, scale.shape[0]];
  const centred = x.sub(np.mean(x.ref, axes, { keepdims: true }));
  const variance = np.mean(np.square(centred.ref), axes, { keepdims: true });
  const normalized = centred.mul(np.reciprocal(np.sqrt(variance.add(eps))));
  return normalized.mul(scale.reshape(shape)).add(shift.reshape(shape));
}

function maxPool(x: Untyped): Untyped {
  const [n, c, h, w] = x.shape;
  return np.max(x.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
}

function lossOf(weights: Weights, images: Untyped, oneHot: Untyped): Untyped {
  const normRelu = (x: Untyped, name: string, axes: number[]) =>
    nn.relu(
      normalize(x, weights[`${name}.scale`], weights[`${name}.shift`], axes),
    );
  let x = images;
  let index = 0;
  for (const block of blocks) {
    for (const _ of block) {
      x = normRelu(
        convolve(x, weights[`convolution${index}`]),
        `norm${index}`,
        [0, 2, 3],
      );
      index++;
    }
    x = maxPool(x);
  }
  x = normRelu(np.matmul(np.mean(x, [2, 3]), weights.hidden), "hiddenNorm", [
    0,
  ]);
  const logits = np.matmul(x, weights.classifier);
  return np.mean(np.sum(nn.logSoftmax(logits, 1).mul(oneHot), 1)).neg();
}

async function training(pixels: number): Promise<Prepared> {
  const data = trainingData(pixels);
  const x = array(data.images, [batch, 3, pixels, pixels]);
  const y = array(data.oneHot, [batch, classes]);
  let weights: Weights = {};
  for (const { name, data, shape } of parameters()) {
    weights[name] = array(data, shape);
  }
  await jax.blockUntilReady([x, y, weights]);
  const differentiate = jit((...inputs: Untyped[]) => valueAndGrad(lossOf)(...inputs));
  const [loss, gradients] = differentiate(jax.tree.ref(weights), x.ref, y.ref);
  const actual: Record<string, number> = { loss: (await loss.data())[0] };
  for (const [name, at] of Object.entries(probes)) {
    actual[name] = (await gradients[name].ref.data())[at];
  }
  jax.tree.dispose(gradients);
  const step = jit((weights: Weights, x: Untyped, y: Untyped) => {
    const [loss, gradients] = valueAndGrad(lossOf)(jax.tree.ref(weights), x, y);
    const updated = (p: Untyped, gradient: Untyped) => p.sub(gradient.mul(learningRate));
    return [loss, jax.tree.map(updated, weights, gradients)];
  });
  return {
    run: async (times) => {
      for (let i = 0; i < times; i++) {
        const [loss, updated] = step(weights, x.ref, y.ref);
        weights = updated;
        loss.ref.gpuBufferSync();
        loss.dispose();
      }
      await jax.blockUntilReady(weights);
    },
    error: () => trainingError(pixels, actual),
  };
}
