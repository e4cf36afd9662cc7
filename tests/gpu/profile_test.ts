// Timing commands on the GPU.

import { totalsByKernel } from "../../src/gpu/profile.ts";
import { add } from "../../src/ops/arithmetic.ts";
import { matmul } from "../../src/ops/matmul.ts";
import { relu } from "../../src/ops/relu.ts";
import { openGpu } from "../../src/tensor/gpu.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";

/** Not the shared one, which adds copies of its own. */
const gpu = await openGpu();
globalThis.addEventListener("unload", () => gpu.dispose());

Deno.test("a profile tells what ran, in which part of the work, in order", async () => {
  using _scope = gpu.scope();
  const [x, y] = [gpu.zeros([1000]), gpu.zeros([1000])];
  const { runs, wall } = await gpu.profile(() => {
    gpu.phase = "sums";
    add(x, add(x, y));
    gpu.phase = "";
    gpu.copy(x, y, 400);
    gpu.clear(y);
  });
  assertEquals(
    runs.map(({ kernel, phase, bytes, work }) => [kernel, phase, bytes, work]),
    [
      ["elementwise.wgsl add", "sums", 12_000, null],
      ["elementwise.wgsl add", "sums", 12_000, null],
      ["copy", "", 800, null],
      ["clear", "", 4000, null],
    ],
  );
  runs.reduce((before, run) => {
    assert(run.start >= before, "runs overlap");
    assert(run.duration >= 0 && run.duration < wall, `${run.duration} of ${wall} ms`);
    return run.start + BigInt(Math.floor(run.duration * 1e6));
  }, 0n);
});

Deno.test("kernels take the time that the host sees, but for the waits", async () => {
  using _scope = gpu.scope();
  const matrix = gpu.zeros([512, 512]);
  matmul(matrix, matrix); // compiles
  // A card has done with eight before the host has waited once: then more of them.
  for (let count = 8;; count *= 8) {
    const { runs, wall } = await gpu.profile(() => {
      for (let i = 0; i < count; i++) matmul(matrix, matrix);
    });
    const [{ calls, duration, work }, ...others] = totalsByKernel(runs);
    assertEquals([calls, work, others], [count, count * 2 * 512 ** 3, []]);
    const message = `${duration} ms of ${count} kernels in ${wall} ms`;
    assert(duration <= wall, message);
    if (duration > 0.2 * wall) break;
    assert(count < 4096, message);
  }
});

Deno.test("a profile does not change what is computed, by dispatches or replays", async () => {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  const one = gpu.tensor(Float32Array.of(1));
  const total = gpu.zeros([1]);
  const recording = gpu.record(arena, () => gpu.copy(add(total, one), total));
  const { runs } = await gpu.profile(async () => {
    recording.replay();
    gpu.write(one, Float32Array.of(10));
    recording.replay();
    assertEquals([...await total.read()], [11]);
    recording.replay();
  });
  recording.replay();
  assertEquals([...await total.read()], [31]);
  const replayed = ["elementwise.wgsl add", "copy"];
  assertEquals(
    runs.map(({ kernel }) => kernel),
    [...replayed, ...replayed, "copy", ...replayed], // in the middle what reading back takes
  );
});

Deno.test("a profile takes more commands than a query set", async () => {
  using _scope = gpu.scope();
  const x = gpu.zeros([1]);
  const { runs } = await gpu.profile(() => {
    for (let i = 0; i < 2100; i++) relu(x);
  });
  assertEquals(runs.length, 2100);
  assert(runs.every(({ start }, i) => i === 0 || start >= runs[i - 1].start));
});

Deno.test("a profile of nothing is empty", async () => {
  assertEquals((await gpu.profile(() => {})).runs, []);
});

Deno.test("a recording begins without a part of the work, and leaves what was set", () => {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  gpu.phase = "outside";
  const { commands } = gpu.record(arena, () => {
    relu(gpu.zeros([1]));
    gpu.phase = "inside";
    relu(gpu.zeros([1]));
  });
  assertEquals(commands.map(({ phase }) => phase), ["", "", "inside", "inside"]);
  assertEquals(gpu.phase, "outside");
  gpu.phase = "";
});

Deno.test("profiles are neither nested nor recorded, and an error ends one", async () => {
  using _scope = gpu.scope();
  using arena = gpu.arena();
  await assertRejects(
    () => gpu.profile(async () => void await gpu.profile(() => {})),
    TypeError,
    "Cannot profile within a profile",
  );
  let refused: Promise<unknown> = Promise.resolve();
  gpu.record(arena, () => refused = gpu.profile(() => {}));
  await assertRejects(() => refused, TypeError, "Cannot profile within a recording");
  const x = gpu.tensor(Float32Array.of(3));
  const doubled = gpu.zeros([1]);
  await assertRejects(
    () =>
      gpu.profile(() => {
        gpu.copy(add(x, x), doubled);
        throw new RangeError("made up");
      }),
    RangeError,
    "made up",
  );
  assertEquals([...await doubled.read()], [6]);
  assertEquals((await gpu.profile(() => void relu(x))).runs.length, 1);
});

Deno.test("an adapter that cannot take the time is told so", async () => {
  const { features } = gpu.device;
  Object.defineProperty(gpu.device, "features", { value: new Set(), configurable: true });
  try {
    const error = await assertRejects(
      () => gpu.profile(() => {}),
      Error,
      "Cannot profile: adapter",
    );
    assertEquals((error as { kind?: string }).kind, "feature");
  } finally {
    Object.defineProperty(gpu.device, "features", { value: features, configurable: true });
  }
});

Deno.test("totalsByKernel() adds up each kernel, the longest first", () => {
  const run = { phase: "", start: 0n };
  const totals = totalsByKernel([
    { ...run, kernel: "a", duration: 1, bytes: 10, work: 5 },
    { ...run, kernel: "b", duration: 4, bytes: 20, work: 6 },
    { ...run, kernel: "a", duration: 2, bytes: 30, work: 7 },
    { ...run, kernel: "b", duration: 4, bytes: 40, work: null },
  ]);
  assertEquals(totals, [
    { kernel: "b", calls: 2, duration: 8, bytes: 60, work: null },
    { kernel: "a", calls: 2, duration: 3, bytes: 40, work: 12 },
  ]);
});
