// Runs an operation with the kernel that is best for its shape: by what was measured on the adapter, or by the rules.

import { workPerSubmit } from "../gpu/command_stream.ts";
import type { GpuRuntime } from "../gpu/runtime.ts";
import { Hash } from "../hash.ts";
import { linearWorkgroups } from "../gpu/workgroups.ts";
import type { Shape } from "../tensor/shape.ts";
import { sumOfParts } from "../tensor/sum.ts";
import { emptyTensor, type Tensor } from "../tensor/tensor.ts";
import type { EntryRow } from "./kernel_row.ts";
import { kernelFor, type Operation } from "./kernel_table.ts";

/** A kernel, and how it is run. */
export interface KernelChoice<Case, Operands> {
  readonly row: EntryRow<Case, Operands>;
  /** as `row.plan` knows it; undefined: by its rule */
  readonly variant?: string;
}

/** Names a shape of an operation, whatever the number of models. */
export function shapeKey<Case>(operation: Operation<Case, never>, one: Case): string {
  return `${operation.name} ${JSON.stringify(operation.shape(one))}`;
}

/** Such as "tiles.wgsl multiply 64x64/2". */
export function choiceName<Case>({ row, variant }: KernelChoice<Case, never>): string {
  const kernel = `${row.file.name} ${row.entryPoint}`;
  return variant === undefined ? kernel : `${kernel} ${variant}`;
}

/** The table of kernels in a few words: another one gives other last bits. */
export function kernelsText(kernels: ReadonlyMap<string, string>): string {
  if (kernels.size === 0) return "by the rules";
  const hash = new Hash();
  hash.add(new TextEncoder().encode(JSON.stringify([...kernels].sort())));
  return `tuned ${hash.digits}`;
}

/** All kernels that can do it on this adapter; the one that is taken by rule first. */
export function choicesFor<Case, Operands>(
  { rows }: Operation<Case, Operands>,
  one: Case,
  { adapter }: GpuRuntime,
): KernelChoice<Case, Operands>[] {
  const byRule = kernelFor(rows, adapter.kind, one)!;
  const others = rows.filter((row) => row !== byRule && (row.fits?.(one) ?? true));
  return [byRule, ...others].flatMap((row) =>
    row.variants?.(one, adapter).map((variant) => ({ row, variant })) ?? [{ row }]
  );
}

/** What was measured to be the fastest, else the rules decide. */
export function choiceFor<Case, Operands>(
  operation: Operation<Case, Operands>,
  one: Case,
  gpu: GpuRuntime,
): KernelChoice<Case, Operands> {
  const measured = gpu.kernels.get(shapeKey(operation, one));
  const choice = measured === undefined
    ? undefined
    : choicesFor(operation, one, gpu).find((choice) => choiceName(choice) === measured);
  return choice ?? { row: kernelFor(operation.rows, gpu.adapter.kind, one)! };
}

/**
 * Runs the kernel, in as many dispatches as keep a small card's watchdog quiet, and adds up what it leaves of parts.
 *
 * @param shape of the result
 * @param work arithmetic operations, for profiles
 */
export function runChoice<Case, Operands>(
  { row, variant }: KernelChoice<Case, Operands>,
  one: Case,
  operands: Operands,
  { gpu, shape, work }: { readonly gpu: GpuRuntime; readonly shape: Shape; readonly work: number },
): Tensor {
  const { file, entryPoint, buffers, plan } = row;
  const { parts, divisible, ...planned } = plan(one, gpu.adapter, variant);
  const output = emptyTensor(gpu, [parts, ...shape]);
  const spec = { file, entryPoint, buffers: { ...buffers(operands), output } };
  if (divisible === undefined || work <= workPerSubmit) {
    gpu.dispatch({ ...spec, ...planned, work });
    return sumOfParts(output);
  }
  const most = Math.max(1, Math.floor(divisible * workPerSubmit / work));
  const bytes = [...new Set(Object.values(spec.buffers))]
    .reduce((sum, tensor) => sum + (tensor?.byteLength ?? 0), 0);
  for (let first = 0; first < divisible; first += most) {
    const count = Math.min(most, divisible - first);
    const share = count / divisible;
    gpu.dispatch({
      ...spec,
      ...planned,
      params: { ...planned.params, first_workgroup: first },
      workgroups: linearWorkgroups(count, 1),
      ...{ work: work * share, bytes: bytes * share },
    });
  }
  return sumOfParts(output);
}
