// kernels/shared/workgroup_sum.wgsl: a sum over all invocations of a workgroup, always in the same order.
// Each invocation adds up by itself: the barriers of a tree double the time to compile on software adapters, and
// hardware hands one value to all lanes at once. Eight terms are written out: of a loop, drivers wait for each load.
// Appended to files that declare `workgroup_size`, the invocations of a workgroup.

override sums_size = (workgroup_size + 7u) / 8u * 8u; // memory begins as zeros, and a zero more changes no sum
var<workgroup> sums: array<vec2f, sums_size>;

fn workgroup_sum(value: vec2f, local: u32) -> vec2f {
  sums[local] = value;
  workgroupBarrier();
  var total = vec2f();
  for (var i = 0u; i < workgroup_size; i += 8u) {
    total += sums[i];
    total += sums[i + 1u];
    total += sums[i + 2u];
    total += sums[i + 3u];
    total += sums[i + 4u];
    total += sums[i + 5u];
    total += sums[i + 6u];
    total += sums[i + 7u];
  }
  workgroupBarrier(); // before the next sum overwrites these
  return total;
}
