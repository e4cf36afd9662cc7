// How many workgroups a dispatch takes, and of what size.

import type { AdapterKind } from "./adapter.ts";

/**
 * Invocations per workgroup of kernels that reduce or keep much in registers. A software adapter runs
 * eight invocations as one vector and is slow to switch between vectors at barriers; hardware wants more.
 */
export function workgroupSizeFor(kind: AdapterKind): number {
  return kind === "cpu" ? 8 : 64;
}

/** Of kernels that do little with each element: on a software adapter a workgroup costs as much as some fifty elements. */
export const elementwiseWorkgroupSize = 256;

/**
 * Workgroups for `count` invocations of a kernel that continues in y what does not fit in x, as one does that asks
 * `invocation_index()` who it is.
 *
 * @param size invocations of a workgroup, by default 64
 * @throws {RangeError} unless both are whole numbers, the size of at least 1
 */
export function linearWorkgroups(count: number, size = 64): [number, number] {
  expectWhole("count", count, 0);
  expectWhole("size", size, 1);
  const groups = Math.ceil(count / size);
  const rows = Math.max(1, Math.ceil(groups / 65535));
  return [Math.ceil(groups / rows), rows];
}

function expectWhole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(
    `Cannot apply linearWorkgroups: ${name} is ${value} but a whole number of at least ${least} is expected`,
  );
}
