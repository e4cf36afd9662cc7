// kernels/sgd.wgsl: one step of stochastic gradient descent over all parameters of the first models of a stack.
//   parameter -= learning_rate · (gradient + weight_decay · parameter)
// parameters, gradients: flat, in blocks [S, size]; block_of[i / 64] = (start, size) of the block that element i
// lies in, for blocks begin at multiples of 64. One invocation per element; a workgroup lies within one block.

struct Params { count: u32, models: u32, weight_decay: f32 }

const workgroup_size = 64u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> block_of: array<vec2u>;
@group(0) @binding(2) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(3) var<storage, read> gradients: array<f32>;
@group(0) @binding(4) var<storage, read_write> parameters: array<f32>;

@compute @workgroup_size(workgroup_size)
fn step(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let chunk = group.y * groups.x + group.x;
  let i = chunk * workgroup_size + local;
  if (i >= params.count) { return; }
  let block = block_of[chunk];
  if (i - block.x >= params.models * block.y) { return; } // a model behind the first ones, or padding
  let value = parameters[i];
  parameters[i] = value - learning_rate[0] * (gradients[i] + params.weight_decay * value);
}
