// Fourier transforms against NumPy's.

import { fft, fft2, ifft, ifft2 } from "../../src/ops/fft.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import type { Comparison } from "../accuracy.ts";
import { assertAllClose } from "../close.ts";
import { goldenTest, readDescription, readVectors, vectorFolder, type Vectors } from "../golden.ts";
import { gpu } from "../gpu.ts";

/** Reads a result and gives all memory back. */
async function valuesOf(compute: () => Tensor): Promise<Float32Array> {
  using _scope = gpu.scope();
  return await compute().read() as Float32Array;
}

Deno.test("fft() and ifft() match NumPy", () => checkLines(vectorFolder, "fft_1d"));

goldenTest(
  "fft() and ifft() match NumPy for all its lengths",
  (folder) => checkLines(`${folder}/fft`, "fft1d"),
);

goldenTest("fft2() and ifft2() match NumPy", async (folder) => {
  const vectors = await readVectors(`${folder}/fft`, "fft2d");
  const { cases } = await readDescription<{ cases: MatrixCase[] }>(`${folder}/fft`, "fft2d");
  for (const { shape: [height, width], rows, ...figures } of cases) {
    const name = `${height}x${width}`;
    const x = pairs(vectors, `${name}.x`);
    for (const op of [fft2, ifft2]) {
      const actual = await valuesOf(() => op(gpu.tensor(x, [height, width, 2])));
      const expected = pairs(vectors, rows ? `${name}.${op.name}_rows` : `${name}.${op.name}`);
      const stored = rows?.flatMap((
        row,
      ) => [...actual.subarray(row * 2 * width).slice(0, 2 * width)]);
      const scale = op === fft2 ? 1 : 1 / (height * width);
      const tolerance = 10 * figures.max_abs_diff_of_float32_fft * scale;
      const label = `${op.name} ${name}`;
      assertAllClose(label, stored ?? actual, expected, tolerance, comparison(op.name));
    }
  }
});

function comparison(op: string): Comparison {
  const reason = "ten times what SciPy's transform in single precision loses";
  return { op, result: "output", oracle: "NumPy", reason };
}

interface LineCase {
  readonly n: number;
  /** what SciPy's transform in single precision loses on the same data */
  readonly max_abs_diff_of_float32_fft: number;
}

interface MatrixCase {
  readonly shape: readonly [number, number];
  /** where only these rows of the result are stored */
  readonly rows?: readonly number[];
  readonly max_abs_diff_of_float32_fft: number;
}

async function checkLines(folder: string, name: string): Promise<void> {
  const vectors = await readVectors(folder, name);
  const { cases } = await readDescription<{ cases: LineCase[] }>(folder, name);
  for (const { n, max_abs_diff_of_float32_fft: float32Error } of cases) {
    const x = pairs(vectors, `n${n}.x`);
    for (const op of [fft, ifft]) {
      const actual = await valuesOf(() => op(gpu.tensor(x, [3, n, 2])));
      const tolerance = 10 * float32Error / (op === fft ? 1 : n);
      const expected = pairs(vectors, `n${n}.${op.name}`);
      assertAllClose(`${op.name} n = ${n}`, actual, expected, tolerance, comparison(op.name));
    }
  }
}

function pairs(vectors: Vectors, name: string): Float32Array<ArrayBuffer> {
  const [re, im] = [`${name}_re`, `${name}_im`].map((part) => vectors.get(part).data);
  return Float32Array.from({ length: 2 * re.length }, (_, i) => (i % 2 ? im : re)[i >> 1]);
}
