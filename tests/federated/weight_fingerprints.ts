// A few numbers that stand for each tensor of a model in stored runs.

import type { HostTensor } from "../../src/tensor/host_tensor.ts";

/** Sum, sum of squares and the values at ⌊j·n/8⌋ of each tensor; counters as they are. */
export type Fingerprints = Readonly<
  Record<string, readonly [sum: number, squares: number, samples: readonly number[]] | number>
>;

/**
 * What is not as expected of the tensors that are.
 *
 * @param tolerance of a value, as a share of the root mean square of its tensor
 */
export function fingerprintDifferences(
  expected: Fingerprints,
  find: (name: string) => HostTensor | undefined,
  tolerance: number,
): string[] {
  return Object.entries(expected).flatMap(([name, fingerprint]) => {
    const tensor = find(name);
    if (!tensor) return [`${name} is missing`];
    const values = Array.from(tensor.data, Number);
    if (typeof fingerprint === "number") {
      return values[0] === fingerprint ? [] : [`${name}: ${values[0]} but not ${fingerprint}`];
    }
    const [sum, squares, samples] = fingerprint;
    const { length } = values;
    const rms = Math.sqrt(squares / length);
    const checks: readonly (readonly [string, number, number, number])[] = [
      ["sum", values.reduce((total, value) => total + value, 0), sum, length * rms],
      ["squares", values.reduce((total, value) => total + value ** 2, 0), squares, 2 * squares],
      ...samplePlaces(length).map((at, j) => [`value ${at}`, values[at], samples[j], rms] as const),
    ];
    return checks.filter(([, actual, wanted, size]) =>
      !(Math.abs(actual - wanted) <= tolerance * size)
    ).map(([what, actual, wanted, size]) =>
      `${name} ${what}: ${actual} but ${wanted} ± ${tolerance * size} is expected`
    );
  });
}

/** ⌊j·n/8⌋ for j from 0 to 7, without repetitions. */
function samplePlaces(length: number): number[] {
  return [...new Set(Array.from({ length: 8 }, (_, j) => Math.floor(j * length / 8)))];
}
