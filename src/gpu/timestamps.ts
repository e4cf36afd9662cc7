// How long a tick of an adapter's clock is: WebGPU says a nanosecond, but not every runtime converts.

import { systemClock } from "../clock.ts";
import { GpuError } from "./errors.ts";
import { stagingBuffer, takeBytes } from "./transfers.ts";

/** A moment by both clocks. */
export interface Moment {
  /** of the adapter */
  readonly ticks: bigint;
  /** of the host, milliseconds: it lies between these */
  readonly earliest: number;
  readonly latest: number;
}

/** Milliseconds between two moments: long against the wait for the GPU, by which each is uncertain. */
const interval = 250;
/** Clocks drift, and some are told in steps. */
const drift = 0.02;

/**
 * Nanoseconds of a tick, from two moments: exactly 1 where ticks may be nanoseconds as far as the host can tell, however
 * busy it was.
 */
export function periodBetween(first: Moment, second: Moment): number {
  const ticks = Number(second.ticks - first.ticks);
  const shortest = 1e6 * (second.earliest - first.latest);
  const longest = 1e6 * (second.latest - first.earliest);
  if (ticks >= shortest * (1 - drift) && ticks <= longest * (1 + drift)) return 1;
  return (shortest + longest) / 2 / ticks;
}

/**
 * Measures it; takes a third of a second. The device has the feature "timestamp-query".
 *
 * @throws {GpuError} of kind "feature" if the adapter's clock stands still
 */
export async function measurePeriod(device: GPUDevice): Promise<number> {
  const first = await momentOf(device);
  let last = first;
  while (last.earliest - first.latest < interval) last = await momentOf(device);
  if (last.ticks > first.ticks) return periodBetween(first, last);
  throw new GpuError(
    "feature",
    `Cannot profile: the adapter's clock went from ${first.ticks} to ${last.ticks} while time passed`,
  );
}

async function momentOf(device: GPUDevice): Promise<Moment> {
  const querySet = device.createQuerySet({ type: "timestamp", count: 1 });
  const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
  const resolved = device.createBuffer({ size: 8, usage });
  const staging = stagingBuffer(device, 8);
  await device.queue.onSubmittedWorkDone(); // so that it runs at once
  const encoder = device.createCommandEncoder();
  encoder.beginComputePass({ timestampWrites: { querySet, beginningOfPassWriteIndex: 0 } }).end();
  encoder.resolveQuerySet(querySet, 0, 1, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8);
  const earliest = systemClock.now();
  device.queue.submit([encoder.finish()]);
  const bytes = await takeBytes(staging);
  const latest = systemClock.now();
  querySet.destroy();
  resolved.destroy();
  return { ticks: new BigUint64Array(bytes)[0], earliest, latest };
}
