// TensorFlow.js, with WebGPU or WASM. Its images are channels last, its WASM knows no gradients of convolutions.

import { casesOf } from "./cases.ts";
import { convolutionError, fftError, trainingError } from "./errors.ts";
import {
  blocks,
  classes,
  eps,
  learningRate,
  type Parameter,
  parameters,
  probes,
  trainingData,
} from "./network.ts";
import { load, type Peer, type Prepared, type Untyped, versionOf } from "./peer.ts";
import { batch, type Convolution, convolutionData, fftData } from "./workloads.ts";

const packageName = "@tensorflow/tfjs";
const tf = await load(packageName);

export async function open(backend: "webgpu" | "wasm"): Promise<Peer> {
  const plugin = await load(`@tensorflow/tfjs-backend-${backend}`);
  if (backend === "wasm") {
    const folder = new URL(
      "./node_modules/@tensorflow/tfjs-backend-wasm/dist/",
      import.meta.url,
    );
    plugin.setWasmPaths(folder.pathname);
  }
  if (!await tf.setBackend(backend)) {
    throw new TypeError(`TensorFlow.js has no ${backend} here`);
  }
  await tf.ready();
  const version = await versionOf(packageName);
  return {
    version,
    cases: (workload) =>
      backend === "webgpu" || workload === "conv"
        ? casesOf(workload, { convolution, transform, training })
        : [],
  };
}

/** Waits for a result without downloading it where that is possible. */
async function finish(result: Untyped): Promise<void> {
  if (tf.getBackend() !== "webgpu") return void await result.data();
  const backend = tf.backend();
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  await backend.queue.onSubmittedWorkDone();
}

async function repeat(times: number, body: () => Untyped[]): Promise<void> {
  let last: Untyped[] = [];
  for (let i = 0; i < times; i++) {
    const results = body();
    tf.dispose(last);
    last = results;
  }
  await finish(last.at(-1));
  tf.dispose(last);
}

/** `[N, C, H, W]` to `[N, H, W, C]`. */
function channelsLast(
  data: Float32Array,
  channels: number,
  size: number,
): Untyped {
  return tf.tidy(() =>
    tf.transpose(tf.tensor4d(data, [batch, channels, size, size]), [0, 2, 3, 1])
  );
}

function convolution(shape: Convolution, gradients: boolean): Prepared {
  const { inputs, outputs, size } = shape;
  const data = convolutionData(shape);
  const x = channelsLast(data.x, inputs, size);
  const weight = tf.tidy(() =>
    tf.transpose(tf.tensor4d(data.weight, [outputs, inputs, 3, 3]), [
      2,
      3,
      1,
      0,
    ])
  );
  const upstream = channelsLast(data.upstream, outputs, size);
  const forward = (x: Untyped, weight: Untyped) => tf.conv2d(x, weight, 1, "same");
  if (!gradients) {
    return {
      run: (times) => repeat(times, () => [forward(x, weight)]),
      error: async () => {
        const y = await forward(x, weight).data();
        const output = (n: number, o: number, i: number, j: number) =>
          y[((n * size + i) * size + j) * outputs + o];
        return convolutionError(shape, { output });
      },
    };
  }
  const differentiate = tf.grads(forward);
  const both = () => tf.tidy(() => differentiate([x, weight], upstream));
  return {
    run: (times) => repeat(times, both),
    error: async () => {
      const [inputGradient, weightGradient] = both();
      const [dx, dw] = [
        await inputGradient.data(),
        await weightGradient.data(),
      ];
      return convolutionError(shape, {
        inputGradient: (n, c, i, j) => dx[((n * size + i) * size + j) * inputs + c],
        weightGradient: (o, c, u, v) => dw[((u * 3 + v) * inputs + c) * outputs + o],
      });
    },
  };
}

function transform(count: number, size: number): Prepared {
  const { re, im } = fftData(count, size);
  const shape = [count, size, size];
  const z = tf.complex(tf.tensor3d(re, shape), tf.tensor3d(im, shape));
  // Its transpose() takes no complex numbers, and parts of a transformed tensor have lost their shape.
  const turnedPart = (part: Untyped) => tf.transpose(tf.reshape(part, shape), [0, 2, 1]);
  const turned = (t: Untyped) => tf.complex(turnedPart(tf.real(t)), turnedPart(tf.imag(t)));
  const forward = () =>
    tf.tidy(() => {
      const result = turned(tf.spectral.fft(turned(tf.spectral.fft(z))));
      return [tf.real(result), tf.imag(result)];
    });
  return {
    run: (times) => repeat(times, forward),
    error: async () => {
      const [first, second] = forward();
      const [a, b] = [await first.data(), await second.data()];
      const place = (k: number, l: number) => ((count - 1) * size + k) * size + l;
      return fftError(size, (k, l) => [a[place(k, l)], b[place(k, l)]]);
    },
  };
}

/** Weights of convolutions are `[3, 3, inputs, outputs]` here. */
function variable({ name, kind, shape, data }: Parameter): Untyped {
  const value = tf.tensor(data, shape);
  return tf.variable(
    kind === "convolution" ? tf.transpose(value, [2, 3, 1, 0]) : value,
    true,
    name,
  );
}

function placeOf(
  { kind, shape: [outputs, inputs] }: Parameter,
  at: number,
): number {
  if (kind !== "convolution") return at;
  const [o, c, tap] = [
    Math.floor(at / 9 / inputs),
    Math.floor(at / 9) % inputs,
    at % 9,
  ];
  return (tap * inputs + c) * outputs + o;
}

async function training(pixels: number): Promise<Prepared> {
  const data = trainingData(pixels);
  const images = channelsLast(data.images, 3, pixels);
  const labels = tf.tensor2d(data.oneHot, [batch, classes]);
  const start = parameters();
  const weights: Record<string, Untyped> = {};
  for (const parameter of start) weights[parameter.name] = variable(parameter);
  const normRelu = (x: Untyped, name: string, axes: number[]) => {
    const { mean, variance } = tf.moments(x, axes);
    const [scale, shift] = [weights[`${name}.scale`], weights[`${name}.shift`]];
    return tf.relu(tf.batchNorm(x, mean, variance, shift, scale, eps));
  };
  const lossOf = () => {
    let x = images;
    let index = 0;
    for (const block of blocks) {
      for (const _ of block) {
        const convolved = tf.conv2d(
          x,
          weights[`convolution${index}`],
          1,
          "same",
        );
        x = normRelu(convolved, `norm${index}`, [0, 1, 2]);
        index++;
      }
      x = tf.maxPool(x, 2, 2, "valid");
    }
    x = normRelu(tf.matMul(tf.mean(x, [1, 2]), weights.hidden), "hiddenNorm", [
      0,
    ]);
    return tf.losses.softmaxCrossEntropy(
      labels,
      tf.matMul(x, weights.classifier),
    );
  };
  const { value, grads } = tf.variableGrads(lossOf);
  const actual: Record<string, number> = { loss: (await value.data())[0] };
  for (const [name, at] of Object.entries(probes)) {
    const parameter = start.find((parameter) => parameter.name === name)!;
    actual[name] = (await grads[name].data())[placeOf(parameter, at)];
  }
  tf.dispose(grads);
  const optimizer = tf.train.sgd(learningRate);
  const step = () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(lossOf);
      optimizer.applyGradients(grads);
      return [value];
    });
  return {
    run: (times) => repeat(times, step),
    error: () => trainingError(pixels, actual),
  };
}
