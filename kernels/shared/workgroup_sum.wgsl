// kernels/shared/workgroup_sum.wgsl: a sum over all invocations of a workgroup, always in the same order.
// Each invocation adds up by itself: the barriers of a tree double the time to compile on software adapters, and
// hardware hands one value to all lanes at once.
// Appended to files that declare `workgroup_size`, the invocations of a workgroup.

var<workgroup> sums: array<vec2f, workgroup_size>;

fn workgroup_sum(value: vec2f, local: u32) -> vec2f {
  sums[local] = value;
  workgroupBarrier();
  var total = vec2f();
  for (var i = 0u; i < workgroup_size; i++) { total += sums[i]; }
  workgroupBarrier(); // before the next sum overwrites these
  return total;
}
