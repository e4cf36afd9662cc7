// Amplitude spectra against double precision, and against what the aggregation does to them.

import {
  fourierWindow,
  progressiveFourierAggregation,
} from "../../src/federated/aggregate/fourier.ts";
import { amplitudeSpectra } from "../../src/federated/aggregate/spectrum.ts";
import { assert, assertEquals } from "../assert.ts";
import { randomInput } from "../check_op.ts";
import { assertAllClose } from "../close.ts";
import { gpu } from "../gpu.ts";
import { dft2 } from "../reference/fft.ts";

const shape = [2, 5, 3, 3, 2]; // clients, O, C, kh, kw
const [, outputs, inputs, height, width] = shape;
const [rows, columns] = [inputs * height, width * outputs];
const input = randomInput(1, shape);

Deno.test("amplitudeSpectra() are those of the folded matrices, frequency 0 in the middle", async () => {
  const live = gpu.live;
  using weights = gpu.tensor(input.data, shape);
  const spectra = await amplitudeSpectra(weights);
  assertEquals(gpu.live, live + 1);
  spectra.forEach((spectrum, client) => {
    assertEquals([spectrum.rows, spectrum.columns], [rows, columns]);
    const { re, im } = dft2(foldedMatrix(client), rows, columns);
    spectrum.amplitudes.forEach((amplitude, at) => {
      const frequency = [
        Math.floor(at / columns) - Math.floor(rows / 2),
        at % columns - Math.floor(columns / 2),
      ];
      const place = (frequency[0] + rows) % rows * columns + (frequency[1] + columns) % columns;
      const expected = Math.hypot(re[place], im[place]);
      assertAllClose(`client ${client} at ${frequency}`, [amplitude], [expected], 2e-5); // of values up to 20
    });
  });
});

Deno.test("progressiveFourierAggregation() makes clients' spectra alike inside the window alone", async () => {
  using _scope = gpu.scope();
  const rate = 0.5;
  const received = progressiveFourierAggregation(gpu.tensor(input.data, shape), { rate });
  const before = await amplitudeSpectra(gpu.tensor(input.data, shape));
  const after = await amplitudeSpectra(received);
  const [row, column] = [fourierWindow(rows, rate), fourierWindow(columns, rate)];
  // The real part mirrors the window, so frequencies on its negative edge are averaged by half.
  const inside = (i: number, j: number) =>
    i > row.begin && i < row.end && j > column.begin && j < column.end;
  const outside = (i: number, j: number) =>
    i < row.begin || i > row.end || j < column.begin || j > column.end;
  let checked = 0;
  after.forEach((spectrum, client) => {
    spectrum.amplitudes.forEach((amplitude, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      const mean = (before[0].amplitudes[at] + before[1].amplitudes[at]) / 2;
      if (inside(i, j)) assertAllClose(`${i}, ${j}`, [amplitude], [mean], 3e-5);
      else if (outside(i, j)) {
        assertAllClose(`${i}, ${j}`, [amplitude], [before[client].amplitudes[at]], 3e-5);
      } else return;
      checked++;
    });
  });
  assert(checked > rows * columns);
});

/** The matrix `[C·kh, kw·O]` of a client's weight. */
function foldedMatrix(client: number) {
  const re = new Float64Array(rows * columns);
  const size = input.data.length / shape[0];
  for (let place = 0; place < size; place++) {
    const v = place % width;
    const u = Math.floor(place / width) % height;
    const c = Math.floor(place / (width * height)) % inputs;
    const o = Math.floor(place / (width * height * inputs));
    re[(c * height + u) * columns + v * outputs + o] = input.data[client * size + place];
  }
  return { re, im: new Float64Array(rows * columns) };
}
