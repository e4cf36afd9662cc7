// Writes gradients_32.json or gradients_64.json: loss and gradients of the network's start by central
// differences of plain loops in double precision. deno run -W gradients.ts 32

import { blocks, classes, eps, hidden, parameters, probes, trainingData } from "./network.ts";
import { batch } from "./workloads.ts";

const pixels = Number(Deno.args[0]);
const weights = new Map(
  parameters().map(({ name, data }) => [name, Float64Array.from(data)]),
);
const { images, labels } = trainingData(pixels);
const input = Float64Array.from(images);

const results: Record<string, number> = { loss: loss() };
for (const [name, at] of Object.entries(probes)) {
  const data = weights.get(name)!;
  const [value, step] = [data[at], 1e-6];
  data[at] = value + step;
  const above = loss();
  data[at] = value - step;
  results[name] = (above - loss()) / (2 * step);
  data[at] = value;
}
const file = new URL(`./gradients_${pixels}.json`, import.meta.url);
Deno.writeTextFileSync(file, `${JSON.stringify(results, null, 2)}\n`);

function loss(): number {
  let x = input;
  let [inputs, size, index] = [3, pixels, 0];
  for (const block of blocks) {
    for (const outputs of block) {
      x = convolve(x, weights.get(`convolution${index}`)!, [
        inputs,
        outputs,
        size,
      ]);
      normRelu(x, `norm${index}`, outputs, size ** 2);
      inputs = outputs;
      index++;
    }
    x = maxPool(x, inputs, size);
    size /= 2;
  }
  const area = size ** 2;
  const means = new Float64Array(batch * inputs);
  x.forEach((value, at) => means[Math.floor(at / area)] += value / area);
  const features = linear(means, weights.get("hidden")!, inputs, hidden);
  normRelu(features, "hiddenNorm", hidden, 1);
  return crossEntropy(
    linear(features, weights.get("classifier")!, hidden, classes),
  );
}

/** 3×3 with padding 1. */
function convolve(
  x: Float64Array,
  weight: Float64Array,
  [inputs, outputs, size]: readonly [number, number, number],
): Float64Array<ArrayBuffer> {
  const y = new Float64Array(batch * outputs * size ** 2);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outputs; o++) {
      for (let c = 0; c < inputs; c++) {
        for (let tap = 0; tap < 9; tap++) {
          const factor = weight[(o * inputs + c) * 9 + tap];
          const [down, right] = [Math.floor(tap / 3) - 1, tap % 3 - 1];
          for (
            let i = Math.max(0, -down);
            i < Math.min(size, size - down);
            i++
          ) {
            const from = ((n * inputs + c) * size + i + down) * size + right;
            const to = ((n * outputs + o) * size + i) * size;
            for (
              let j = Math.max(0, -right);
              j < Math.min(size, size - right);
              j++
            ) {
              y[to + j] += factor * x[from + j];
            }
          }
        }
      }
    }
  }
  return y;
}

/** In place. */
function normRelu(
  x: Float64Array,
  name: string,
  channels: number,
  area: number,
): void {
  const [scale, shift] = [
    weights.get(`${name}.scale`)!,
    weights.get(`${name}.shift`)!,
  ];
  const count = batch * area;
  for (let c = 0; c < channels; c++) {
    const places = Array.from(
      { length: count },
      (_, at) => (Math.floor(at / area) * channels + c) * area + at % area,
    );
    const mean = places.reduce((sum, at) => sum + x[at], 0) / count;
    const variance = places.reduce((sum, at) => sum + (x[at] - mean) ** 2, 0) /
      count;
    const factor = scale[c] / Math.sqrt(variance + eps);
    for (const at of places) {
      x[at] = Math.max(0, (x[at] - mean) * factor + shift[c]);
    }
  }
}

function maxPool(
  x: Float64Array,
  channels: number,
  size: number,
): Float64Array<ArrayBuffer> {
  const half = size / 2;
  return Float64Array.from(
    { length: batch * channels * half ** 2 },
    (_, at) => {
      const [plane, i, j] = [
        Math.floor(at / half ** 2),
        Math.floor(at / half) % half,
        at % half,
      ];
      const corner = (plane * size + 2 * i) * size + 2 * j;
      return Math.max(
        x[corner],
        x[corner + 1],
        x[corner + size],
        x[corner + size + 1],
      );
    },
  );
}

function linear(
  x: Float64Array,
  weight: Float64Array,
  inputs: number,
  outputs: number,
): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: batch * outputs }, (_, at) => {
    const [row, column] = [Math.floor(at / outputs), at % outputs];
    let sum = 0;
    for (let k = 0; k < inputs; k++) {
      sum += x[row * inputs + k] * weight[k * outputs + column];
    }
    return sum;
  });
}

function crossEntropy(logits: Float64Array): number {
  let sum = 0;
  labels.forEach((label, n) => {
    const row = logits.subarray(n * classes, (n + 1) * classes);
    const largest = Math.max(...row);
    const exponentials = row.reduce(
      (total, value) => total + Math.exp(value - largest),
      0,
    );
    sum += largest + Math.log(exponentials) - row[label];
  });
  return sum / batch;
}
