// What the adapter can do at best: the measure for the speed of every kernel.

import source from "../../kernels/ceiling.wgsl" with { type: "text" };
import type { BufferView } from "./buffers.ts";
import { kernelFile } from "./kernel.ts";
import type { DispatchSpec } from "./dispatcher.ts";
import { GpuRuntime } from "./runtime.ts";
import { Owned } from "../owned.ts";

const file = kernelFile("ceiling.wgsl", source);

/** What no kernel can surpass. */
export interface Ceilings {
  /** arithmetic operations per second, of multiply-adds in registers; each is two */
  readonly arithmetic: number;
  /** bytes per second, read and written alike, of a copy too large for a cache */
  readonly memory: number;
}

/** Enough to occupy any adapter. */
const invocations = 1 << 20;
const turns = 64;
/** Bytes that are copied. Every adapter can bind 128 MiB. */
const copiedBytes = 64 << 20;

/** Operations of one invocation of `multiply_add` in one turn: eight times eight multiply-adds. */
const operationsPerTurn = 8 * 8 * 2;

/** A measurement lasts at least so many milliseconds: long against a wait (about 12 ms). */
const leastTime = 100;
/** The best of so many counts, for other programs can only slow the adapter down. */
const attempts = 3;

/** Measures both ceilings, by the host's clock. Takes about a second, and 128 MiB of the GPU's memory meanwhile. */
export async function measureCeilings(gpu: GpuRuntime): Promise<Ceilings> {
  if (!(gpu instanceof GpuRuntime)) {
    throw new TypeError(`Cannot measure ceilings: gpu is ${gpu} but a Gpu is expected`);
  }
  return {
    arithmetic: await measure(gpu, multiplyAdd),
    memory: await measure(gpu, copy),
  };
}

/** A dispatch, with how much of what is measured it does. */
interface Load {
  readonly spec: DispatchSpec;
  readonly amount: number;
}

/** Makes a buffer that is given back when the measurement is over. */
type Allocate = (bytes: number) => BufferView;

function multiplyAdd(allocate: Allocate): Load {
  const amount = invocations * turns * operationsPerTurn;
  const spec = {
    file,
    entryPoint: "multiply_add",
    params: { count: invocations, turns },
    buffers: { factors: allocate(8 * invocations), results: allocate(4 * invocations) },
    workgroups: [invocations / 64],
    work: amount,
  } as const;
  return { spec, amount };
}

function copy(allocate: Allocate): Load {
  const spec = {
    file,
    entryPoint: "copy",
    params: { count: copiedBytes / 16, turns: 0 },
    buffers: { input: allocate(copiedBytes), output: allocate(copiedBytes) },
    workgroups: [copiedBytes / 16 / 256],
  } as const;
  return { spec, amount: 2 * copiedBytes };
}

/** How much is done per second. */
async function measure(gpu: GpuRuntime, loadOf: (allocate: Allocate) => Load): Promise<number> {
  using arena = gpu.arena(); // such large buffers are not worth keeping
  using owned = new Owned();
  const { spec, amount } = loadOf((byteLength) => {
    const buffer = arena.pool.acquire(byteLength);
    owned.defer(() => arena.pool.release(buffer));
    gpu.clear({ buffer, offset: 0, byteLength });
    return { buffer, offset: 0, byteLength };
  });
  const time = async (repetitions: number) => {
    await gpu.finish();
    const start = gpu.clock.now();
    for (let i = 0; i < repetitions; i++) gpu.dispatch(spec);
    await gpu.finish();
    return gpu.clock.now() - start;
  };
  await time(1); // compiles
  let repetitions = 1;
  let best = await time(repetitions);
  while (best < leastTime) best = await time(repetitions *= 2);
  for (let attempt = 1; attempt < attempts; attempt++) {
    best = Math.min(best, await time(repetitions));
  }
  return amount * repetitions / best * 1000;
}
