// kernels/strided.wgsl: reads an array in another order of its axes, or again and again along some: permute, broadcast.
//   output[i₀, i₁, …] = input[i₀·stride_0 + i₁·stride_1 + …]
// Axis 0 is the innermost of the output. A stride of 0 repeats; `axes` of the sizes and strides are used.
// Elements are copied as 32-bit words, whatever they mean. One invocation per element of the output.
// Shared: invocation

struct Params {
  count: u32, // elements of the output
  size_0: u32,
  size_1: u32,
  size_2: u32,
  size_3: u32,
  size_4: u32,
  stride_0: u32,
  stride_1: u32,
  stride_2: u32,
  stride_3: u32,
  stride_4: u32,
  stride_5: u32,
}

const workgroup_size = 256u;
override axes: u32 = 6; // a constant, because each axis but the outermost costs a division, slow on software adapters

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<u32>;
@group(0) @binding(2) var<storage, read_write> output: array<u32>;

// What is left of an index after its inner axes, and where in the input these lead.
struct Place { index: u32, at: u32 }

@compute @workgroup_size(workgroup_size)
fn gather(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  var place = Place(i, 0u);
  if (axes > 1u) { place = inward(place, params.size_0, params.stride_0); }
  if (axes > 2u) { place = inward(place, params.size_1, params.stride_1); }
  if (axes > 3u) { place = inward(place, params.size_2, params.stride_2); }
  if (axes > 4u) { place = inward(place, params.size_3, params.stride_3); }
  if (axes > 5u) { place = inward(place, params.size_4, params.stride_4); }
  output[i] = input[place.at + place.index * outermost_stride()];
}

fn inward(place: Place, size: u32, stride: u32) -> Place {
  let rest = place.index / size;
  return Place(rest, place.at + (place.index - rest * size) * stride);
}

fn outermost_stride() -> u32 {
  switch (axes) {
    case 1u: { return params.stride_0; }
    case 2u: { return params.stride_1; }
    case 3u: { return params.stride_2; }
    case 4u: { return params.stride_3; }
    case 5u: { return params.stride_4; }
    default: { return params.stride_5; }
  }
}
