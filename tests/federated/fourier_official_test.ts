// Progressive Fourier Aggregation against results of the official code.

import { fourierRate, fourierWindow } from "../../src/federated/aggregate/fourier.ts";
import { assertAlmostEquals, assertEquals } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { goldenTest, readDescription, readVectors, vectorFolder } from "../golden.ts";
import { gpu } from "../gpu.ts";
import { aggregateClients } from "./aggregate_clients.ts";

Deno.test("rates and windows equal the official ones exactly", () =>
  checkSchedule(vectorFolder, "pfa_schedule"));
Deno.test("small layers match the official code", async () => {
  await checkOfficial(vectorFolder, "pfa_linear_3x64");
  await checkOfficial(vectorFolder, "pfa_conv_32x3x3x3");
});
Deno.test("other numbers of clients divide by their own number", () =>
  checkOtherNumbers(vectorFolder, "pfa_generalised_clients"));

goldenTest(
  "all rates and windows equal the official ones exactly",
  (folder) => checkSchedule(`${folder}/pfa`, "schedule"),
);

goldenTest("all layers match the official code, whatever their sizes", async (folder) => {
  for (const name of ["linear_3x64", "linear_5x64", "linear_10x7", "linear_64x256"]) {
    await checkOfficial(`${folder}/pfa`, name);
  }
  for (const name of ["conv_32x3x3x3", "conv_7x5x3x3", "conv_16x8x5x5", "conv_32x32x3x3"]) {
    await checkOfficial(`${folder}/pfa`, name);
  }
  for (const name of ["conv_64x32x3x3", "conv_128x128x3x3", "conv_256x256x3x3"]) {
    await checkOfficial(`${folder}/pfa`, name);
  }
});

goldenTest(
  "all numbers of clients divide by their own number",
  (folder) => checkOtherNumbers(`${folder}/pfa`, "generalised_clients"),
);

interface OfficialCase {
  readonly variant: "plain" | "client0zero" | "identical";
  readonly L: number;
  readonly output_prefix: string;
  /** clients whose result is stored; of the others there are sums only */
  readonly stored_clients: readonly number[];
  readonly output_checksums: readonly { readonly sum: number; readonly sumsq: number }[];
  readonly max_abs_diff_of_all_float32_version: number;
}

interface OtherNumberCase {
  readonly tag: string;
  readonly kind: "conv" | "linear";
  readonly shape: readonly number[];
  readonly clients: number;
  readonly L: number;
  readonly input_prefix: string;
  readonly output_prefix: string;
  /** differs from `clients` in the one case that shows the official code's literal 4 */
  readonly divisor: number;
}

interface Schedule {
  readonly layers: readonly { readonly folded: readonly [number, number] }[];
  readonly schedules: readonly {
    readonly iters: number;
    readonly l_rate: number;
    readonly rounds: readonly {
      readonly a_iter: number;
      readonly rate: number;
      readonly b: readonly (readonly [number, number])[];
    }[];
  }[];
}

async function checkSchedule(folder: string, name: string): Promise<void> {
  const { layers, schedules } = await readDescription<Schedule>(folder, name);
  for (const { iters, l_rate, rounds } of schedules) {
    for (const { a_iter, rate, b } of rounds) {
      assertEquals(fourierRate(a_iter, iters, l_rate), rate);
      layers.forEach(({ folded }, layer) => {
        folded.forEach((n, axis) => {
          const center = Math.floor(n / 2);
          const half = b[layer][axis];
          assertEquals(fourierWindow(n, rate), { begin: center - half, end: center + half });
        });
      });
    }
  }
}

async function checkOfficial(folder: string, name: string): Promise<void> {
  const vectors = await readVectors(folder, name);
  const { shape, cases } = await readDescription<{ shape: number[]; cases: OfficialCase[] }>(
    folder,
    name,
  );
  for (const { variant, L, output_prefix, stored_clients, ...figures } of cases) {
    const weights = [0, 1, 2, 3].map((client) => {
      if (variant === "identical") return vectors.get("in.c0").data;
      const zero = variant === "client0zero" && client === 0;
      return vectors.get(zero ? "client0zero.in.c0" : `in.c${client}`).data;
    });
    const results = await aggregateClients(gpu, weights, shape, L);
    const tolerance = 10 * figures.max_abs_diff_of_all_float32_version;
    results.forEach((actual, client) => {
      const label = `${name} ${variant}, L ${L}, client ${client}`;
      if (stored_clients.includes(client)) {
        const expected = vectors.get(`${output_prefix}${client}`).data;
        assertAllClose(label, actual, expected, tolerance, {
          ...comparison,
          reason: "ten times what the official code loses in single precision",
        });
      }
      const { sum, sumsq } = figures.output_checksums[client];
      assertAlmostEquals(total(actual), sum, tolerance * actual.length, `${label}, sum`);
      assertAlmostEquals(total(actual.map((v) => v * v)), sumsq, 1e-5 * sumsq, `${label}, squares`);
    });
  }
}

async function checkOtherNumbers(folder: string, name: string): Promise<void> {
  const vectors = await readVectors(folder, name);
  const { cases } = await readDescription<{ cases: OtherNumberCase[] }>(folder, name);
  for (const { tag, shape, clients, L, divisor, ...names } of cases) {
    if (divisor !== clients) continue;
    const range = [...Array(clients).keys()];
    const weights = range.map((client) => vectors.get(`${names.input_prefix}${client}`).data);
    const results = await aggregateClients(gpu, weights, shape, L);
    results.forEach((actual, client) => {
      const expected = vectors.get(`${names.output_prefix}${client}`).data;
      assertAllClose(`${tag}, L ${L}, client ${client}`, actual, expected, 5e-7, {
        ...comparison,
        reason: "ten times what single precision loses on official layers of this size",
      });
    });
  }
}

const comparison = {
  op: "progressiveFourierAggregation",
  result: "output",
  oracle: "official code",
} as const;

function total(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}
