// What a row of the table of kernels says.

import type { AdapterKind } from "../gpu/adapter.ts";
import type { KernelFile } from "../gpu/kernel.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { PartsPlan, PlannedAdapter } from "./tiles.ts";

/** One row: it is taken if none before it fits. */
export interface KernelRow<Case, Plan> {
  readonly adapter: AdapterKind | "any";
  /** what it does; by default everything */
  readonly fits?: (one: Case) => boolean;
  readonly file: KernelFile;
  /** what it is told, and the workgroups */
  readonly plan: (one: Case, adapter: PlannedAdapter, variant?: string) => Plan;
  /** other ways to run it, for `plan`; the one that it takes by itself first */
  readonly variants?: (one: Case, adapter: PlannedAdapter) => readonly string[];
  readonly why: string;
}

/** A row of a file that has one entry point for a shape, and leaves sums of parts. */
export interface EntryRow<Case, Operands> extends KernelRow<Case, PartsPlan> {
  readonly entryPoint: string;
  /** by the names that the kernel has for them */
  readonly buffers: (operands: Operands) => Readonly<Record<string, Tensor | null>>;
  /** whether rows of pixels have to be filled up to a multiple of 4 */
  readonly wholeQuads?: boolean;
}

/** Of a convolution, or of its gradient for the input. */
export interface CorrelationOperands {
  readonly source: Tensor;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
}

/** Of the gradient for the weight. */
export interface GradientOperands {
  readonly x: Tensor;
  readonly upstream: Tensor;
}

/** Of a product. */
export interface ProductOperands {
  readonly left: Tensor;
  readonly right: Tensor;
}
