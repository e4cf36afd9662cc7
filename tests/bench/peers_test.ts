// The comparison with other engines: its tables, and what it takes for an error.

import { rowsOf, tableText } from "../../bench/peers/comparison.ts";
import { convolutionError, fftError, trainingError } from "../../bench/peers/errors.ts";
import type { Measurement } from "../../bench/peers/measurement.ts";
import { expectedGradients, parameters, probes } from "../../bench/peers/network.ts";
import { convolutionData, fftData } from "../../bench/peers/workloads.ts";
import { assert, assertEquals } from "../assert.ts";
import { conv2dReference } from "../reference/conv2d.ts";
import { dft2 } from "../reference/fft.ts";

function measured(peer: Measurement["peer"], ms: number, name = "a"): Measurement {
  return { workload: "conv", case: name, peer, version: "1", ms, error: 0 };
}

const rows = rowsOf([
  ...[10, 30, 14].map((ms) => measured("ours", ms)),
  ...[90, 70].map((ms) => measured("jax-webgpu", ms)),
  measured("tfjs-webgpu", 21),
  measured("ort-wasm", 7),
  measured("tfjs-webgpu", 123.4, "b"),
]);

Deno.test("rowsOf() takes medians over rounds, and the best peer of each kind", () => {
  assertEquals(rows.map(({ case: name, ours, webgpu, wasm }) => [name, ours, webgpu, wasm]), [
    [
      ...["a", 14],
      { peer: "tfjs-webgpu", ms: 21, ratio: 1.5 },
      { peer: "ort-wasm", ms: 7, ratio: 0.5 },
    ],
    ["b", null, { peer: "tfjs-webgpu", ms: 123.4, ratio: null }, null],
  ]);
  assertEquals(rows[0].medians["jax-webgpu"], 80);
});

Deno.test("tableText() leaves out peers that measured nothing, and aligns columns", () => {
  assertEquals(tableText(rows).split("\n"), [
    "   ours  tfjs-webgpu  jax-webgpu  ort-wasm  best WebGPU  ratio  best WASM  ratio",
    "a  14.0         21.0        80.0      7.00         21.0  1.50×       7.00  0.50×",
    "b     –          123           –         –          123      –          –      –",
  ]);
});

Deno.test("convolutionError() is 0 for the reference loop, and not for zeros", () => {
  const shape = { inputs: 3, outputs: 4, size: 6 };
  const { x, weight } = convolutionData(shape);
  const values = (shape: number[], data: Float32Array) => ({
    shape,
    data: Float64Array.from(data),
  });
  const { data: y } = conv2dReference(
    values([1, 16, 3, 6, 6], x),
    values([1, 4, 3, 3, 3], weight),
    { stride: 1, padding: 1 },
  );
  const error = convolutionError(shape, {
    output: (n, o, i, j) => y[((n * 4 + o) * 6 + i) * 6 + j],
  });
  assert(error < 1e-12, `${error}`);
  assert(convolutionError(shape, { output: () => 0 }) > 0.1);
  assert(convolutionError(shape, { inputGradient: () => 0 }) > 0.1);
  assertEquals(convolutionError(shape, { weightGradient: () => NaN }), Infinity);
});

Deno.test("fftError() is 0 for the reference transform, and not for its conjugate", () => {
  const { re, im } = fftData(1, 12);
  const y = dft2({ re: Float64Array.from(re), im: Float64Array.from(im) }, 12, 12);
  assert(fftError(12, (k, l) => [y.re[k * 12 + l], y.im[k * 12 + l]]) < 1e-12);
  assert(fftError(12, (k, l) => [y.re[k * 12 + l], -y.im[k * 12 + l]]) > 0.1);
});

Deno.test("trainingError() compares the loss and a gradient of each probe", () => {
  const sizes = new Map(parameters().map(({ name, data }) => [name, data.length]));
  for (const pixels of [32, 64]) {
    const expected = expectedGradients(pixels);
    assertEquals(Object.keys(expected), ["loss", ...Object.keys(probes)]);
    assertEquals(trainingError(pixels, expected), 0);
    assert(trainingError(pixels, { ...expected, loss: expected.loss * 1.1 }) > 0.09);
    assertEquals(trainingError(pixels, { loss: expected.loss }), Infinity);
  }
  for (const [name, at] of Object.entries(probes)) assert(at < sizes.get(name)!, name);
});
