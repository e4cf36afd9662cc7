// PyTorch's results beside ours: each case runs as the second model of a stack whose first holds noise.

import { join } from "@std/path";
import { RandomStream } from "../src/random.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { assertEquals } from "./assert.ts";
import { assertAllClose } from "./close.ts";
import { goldenTest, readDescription, readVectors, vectorFolder, type Vectors } from "./golden.ts";
import { gpu } from "./gpu.ts";

/** What every case's description has. */
interface CaseDescription {
  readonly name: string;
  /** by result: largest difference of PyTorch's own float32 run, and largest magnitude */
  readonly float32_error: Readonly<Record<string, readonly [difference: number, size: number]>>;
}

/** One case of a file of vectors. `Settings` are the further fields of its description. */
export class PyTorchCase<Settings> {
  constructor(
    readonly settings: Settings & CaseDescription,
    private readonly vectors: Vectors,
    private readonly op: string,
  ) {}

  /** A stored float tensor behind one of noise: `[2, ...shape]`. */
  floats(name: string, options: { requiresGrad?: boolean } = {}): Tensor {
    const { shape, data } = this.#stored(name);
    const random = new RandomStream(data.length);
    const noise = data.map(() => 2 * random.uniform() - 1);
    return gpu.tensor(Float32Array.from([...noise, ...data]), [2, ...shape], options);
  }

  /** Stored class indices behind zeros, i32: `[2, n]`. */
  labels(name: string): Tensor {
    const { shape, data } = this.#stored(name);
    return gpu.tensor(Int32Array.from([...data.map(() => 0), ...data]), [2, ...shape]);
  }

  /** Whether there is such a result: inputs without a gradient have none. */
  has(result: string): boolean {
    return Object.hasOwn(this.settings.float32_error, result);
  }

  /** Asserts that the second model of `actual` is the stored tensor, as far as float32 goes. */
  async expect(name: string, actual: Tensor): Promise<void> {
    const { data } = this.#stored(name);
    const values = (await actual.read()).subarray(data.length);
    const [error, size] = this.settings.float32_error[name] ?? [0, 0];
    const tolerance = float32Tolerance(error, size);
    const label = `${this.settings.name}.${name}`;
    assertEquals(actual.size, 2 * data.length, `${label}: number of elements`);
    assertAllClose(label, values, data, tolerance, {
      op: this.op,
      result: name,
      oracle: "PyTorch",
      reason: float32Reason,
    });
  }

  #stored(name: string) {
    return this.vectors.get(`${this.settings.name}.${name}`);
  }
}

export const float32Reason = "ten times what PyTorch's float32 run is off, and 2⁻²³ of the largest";

/** Ten times what PyTorch's float32 run is off, and one unit in the last place of the largest value. */
export function float32Tolerance(error: number, size: number): number {
  return 10 * error + 2 ** -23 * size;
}

type CaseCheck<Settings> = (example: PyTorchCase<Settings>) => Promise<void>;

async function checkAll<Settings>(
  op: string,
  [folder, file]: readonly [folder: string, file: string],
  check: CaseCheck<Settings>,
): Promise<void> {
  type Description = { cases: (Settings & CaseDescription)[] };
  const { cases } = await readDescription<Description>(folder, file);
  const vectors = await readVectors(folder, file);
  for (const settings of cases) {
    using _scope = gpu.scope();
    await check(new PyTorchCase(settings, vectors, op.split("()")[0]));
  }
}

/**
 * A test that checks every case of a file that is part of the project, `ops_<file>`.
 *
 * @param op name, "()", and what else tells the tests apart
 */
export function storedPytorchTest<Settings = unknown>(
  op: string,
  file: string,
  check: CaseCheck<Settings>,
): void {
  const place = [vectorFolder, `ops_${file}`] as const;
  Deno.test(`${op} gives PyTorch's results`, () => checkAll(op, place, check));
}

/** The same, and one of the golden folder's `ops/<file>`, which has more and larger cases. */
export function pytorchTest<Settings = unknown>(
  op: string,
  file: string,
  check: CaseCheck<Settings>,
): void {
  storedPytorchTest(op, file, check);
  goldenTest(
    `${op} gives PyTorch's results in all golden cases`,
    (folder) => checkAll(op, [join(folder, "ops"), file], check),
  );
}
