// WGSL that kernels outside this project can use too: `kernelFile` appends it.

import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import workgroupSum from "../../kernels/shared/workgroup_sum.wgsl" with { type: "text" };

/**
 * Texts of `kernels/shared`; a file that they are appended to declares `workgroup_size`, the invocations of a workgroup.
 * `invocation`: the struct `Invocation` and `invocation_index()`. `workgroupSum`: `workgroup_sum(value, local)`.
 */
export const sharedWgsl: { readonly invocation: string; readonly workgroupSum: string } = {
  invocation,
  workgroupSum,
};
