// kernels/sgd.wgsl: one step of stochastic gradient descent over all parameters of the first models of a stack.
//   g = gradient + weight_decay · parameter                       as torch.optim.SGD with dampening 0
//   step           parameter -= learning_rate · g
//   step_momentum  m = momentum · m + g                           m is 0 before the first step
//                  parameter -= learning_rate · m                 with nesterov: · (g + momentum · m)
// parameters, gradients, momenta (m): flat, in blocks [S, size], four elements to a vector; block_of[i / 64] =
// (start, size) of the block that element i lies in, for blocks begin at multiples of 64. One invocation per vector.

struct Params { count: u32, models: u32, weight_decay: f32, momentum: f32 } // count of vectors

const workgroup_size = 64u;
override nesterov: u32 = 0u; // 1: the step looks ahead by one momentum (Sutskever et al. 2013)

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> block_of: array<vec2u>;
@group(0) @binding(2) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(3) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> momenta: array<vec4f>;

fn quad_of(id: vec3u, groups: vec3u) -> u32 {
  return id.y * groups.x * workgroup_size + id.x;
}

// Which elements of a vector belong to the first models; the others, and padding, stay as they are.
fn is_trained(quad: u32) -> vec4<bool> {
  let block = block_of[quad / 16u];
  let place = 4u * quad - block.x + vec4u(0u, 1u, 2u, 3u);
  return place < vec4u(params.models * block.y);
}

@compute @workgroup_size(workgroup_size)
fn step(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let quad = quad_of(id, groups);
  if (quad >= params.count) { return; }
  let trained = is_trained(quad);
  if (!any(trained)) { return; }
  let value = parameters[quad];
  let stepped = value - learning_rate[0] * (gradients[quad] + params.weight_decay * value);
  parameters[quad] = select(value, stepped, trained);
}

@compute @workgroup_size(workgroup_size)
fn step_momentum(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let quad = quad_of(id, groups);
  if (quad >= params.count) { return; }
  let trained = is_trained(quad);
  if (!any(trained)) { return; }
  let value = parameters[quad];
  let gradient = gradients[quad] + params.weight_decay * value;
  let before = momenta[quad];
  let after = params.momentum * before + gradient;
  var direction = after;
  if (nesterov == 1u) { direction = gradient + params.momentum * after; }
  momenta[quad] = select(before, after, trained);
  parameters[quad] = select(value, value - learning_rate[0] * direction, trained);
}
