// kernels/finite.wgsl: which models of a stack hold a number that is not finite.
//   found[model] = 1 where any of its values is NaN or infinite; otherwise it stays as it is
// values: flat, in blocks [S, size]; as bits, because WGSL may take it that floats are never NaN nor infinite.
// block_of[i / 64] = (start, size) of the block that element i lies in, for blocks begin at multiples of 64.
// One invocation per element; a workgroup lies within one block. found [S] is atomic: many may write, all the same.
// Shared: invocation

struct Params { count: u32, models: u32 }

const workgroup_size = 64u;
const exponent = 0x7f800000u; // all ones in NaN and infinity alone

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> block_of: array<vec2u>;
@group(0) @binding(2) var<storage, read> values: array<u32>;
@group(0) @binding(3) var<storage, read_write> found: array<atomic<u32>>;

@compute @workgroup_size(workgroup_size)
fn search(here: Invocation) {
  let chunk = workgroup_index(here);
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  let block = block_of[chunk];
  if (i - block.x >= params.models * block.y) { return; } // padding
  if ((values[i] & exponent) == exponent) { atomicStore(&found[(i - block.x) / block.y], 1u); }
}
