// kernels/sum.wgsl: adds up the middle one of three axes, in parts.
//   output[o, p, i] = Σ_k input[o, p + k·parts, i]
// input [outer, length, inner]; output [outer, parts, inner]. A long sum is a tree: it is repeated until one part is
// left. One invocation per element of the output; neighbours read neighbouring elements, whatever `inner` is.
// Shared: invocation

struct Params { outer: u32, length: u32, inner: u32, parts: u32 }

const workgroup_size = 256u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(workgroup_size)
fn add_up(here: Invocation) {
  let at = invocation_index(here);
  let row = params.parts * params.inner;
  if (at >= params.outer * row) { return; }
  let outer = at / row;
  let first = at - outer * row; // of [length, inner], where each step goes `row` further
  let start = outer * params.length * params.inner;
  var sum = 0.0;
  for (var k = first; k < params.length * params.inner; k += row) { sum += input[start + k]; }
  output[at] = sum;
}
