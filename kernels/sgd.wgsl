// kernels/sgd.wgsl: one step of stochastic gradient descent over all parameters of the first models of a stack.
//   parameter -= learning_rate · (gradient + weight_decay · parameter)
// parameters, gradients: flat, in blocks [S, size], four elements to a vector; block_of[i / 64] = (start, size) of the
// block that element i lies in, for blocks begin at multiples of 64. One invocation per vector.

struct Params { count: u32, models: u32, weight_decay: f32 } // count of vectors

const workgroup_size = 64u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> block_of: array<vec2u>;
@group(0) @binding(2) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(3) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> parameters: array<vec4f>;

@compute @workgroup_size(workgroup_size)
fn step(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let quad = id.y * groups.x * workgroup_size + id.x;
  if (quad >= params.count) { return; }
  let block = block_of[quad / 16u];
  // Elements of models behind the first ones, and padding, stay as they are.
  let place = 4u * quad - block.x + vec4u(0u, 1u, 2u, 3u);
  let trained = place < vec4u(params.models * block.y);
  if (!any(trained)) { return; }
  let value = parameters[quad];
  let stepped = value - learning_rate[0] * (gradients[quad] + params.weight_decay * value);
  parameters[quad] = select(value, stepped, trained);
}
