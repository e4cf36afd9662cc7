// kernels/stack.wgsl: picks every step-th model of a stack, and puts models back among zeros.
// whole [S, block]; part [M, block] holds the models first, first + step, … of it.
// Elements are copied as 32-bit words, whatever they mean.
// Shared: invocation

struct Params { models: u32, block: u32, first: u32, step: u32 }

override workgroup_size: u32 = 64;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<u32>;
@group(0) @binding(2) var<storage, read_write> output: array<u32>;

// params.models = M: one invocation per element of the part.
@compute @workgroup_size(workgroup_size)
fn pick(here: Invocation) {
  let at = invocation_index(here);
  if (at >= params.models * params.block) { return; }
  let model = params.first + at / params.block * params.step;
  output[at] = input[model * params.block + at % params.block];
}

// params.models = S: one invocation per element of the whole.
@compute @workgroup_size(workgroup_size)
fn put(here: Invocation) {
  let at = invocation_index(here);
  if (at >= params.models * params.block) { return; }
  let model = at / params.block;
  var value = 0u;
  if (model >= params.first && (model - params.first) % params.step == 0u) {
    value = input[(model - params.first) / params.step * params.block + at % params.block];
  }
  output[at] = value;
}
