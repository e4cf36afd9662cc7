// kernels/adam.wgsl: one step of Adam over all parameters of the first models of a stack.
//   Kingma and Ba 2015, arXiv:1412.6980, algorithm 1, with L2 weight decay as torch.optim.Adam:
//   g = gradient + weight_decay · parameter
//   m = β₁·m + (1 − β₁)·g        v = β₂·v + (1 − β₂)·g²
//   parameter -= learning_rate · (m / c₁) / (√v / √c₂ + ε)        c = 1 − βᵗ at step t
// Each model counts its own steps. c obeys the recurrence of m and v for g = 1: c = β·c + (1 − β). So no power has
// to be taken, nothing cancels, and a recorded step can be replayed.
// parameters, gradients, first (m), second (v): flat, in blocks [S, size]; corrections[s] = (c₁, c₂);
// block_of[i / 64] = (start, size) of the block that element i lies in, for blocks begin at multiples of 64.

struct Params {
  count: u32,
  models: u32,
  weight_decay: f32,
  epsilon: f32,
  beta1: f32,
  beta2: f32,
  one_minus_beta1: f32, // from the host, where the difference is exact
  one_minus_beta2: f32,
}

const workgroup_size = 64u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> block_of: array<vec2u>;
@group(0) @binding(2) var<storage, read> learning_rate: array<f32>;
@group(0) @binding(3) var<storage, read> gradients: array<f32>;
@group(0) @binding(4) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(5) var<storage, read_write> first: array<f32>;
@group(0) @binding(6) var<storage, read_write> second: array<f32>;
@group(0) @binding(7) var<storage, read_write> corrections: array<vec2f>;

// The corrections of the step to come: one invocation per model.
@compute @workgroup_size(workgroup_size)
fn advance(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.models) { return; }
  let beta = vec2f(params.beta1, params.beta2);
  let rest = vec2f(params.one_minus_beta1, params.one_minus_beta2);
  corrections[id.x] = beta * corrections[id.x] + rest;
}

// One invocation per element; a workgroup lies within one block.
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
  let correction = corrections[(i - block.x) / block.y];
  let value = parameters[i];
  let gradient = gradients[i] + params.weight_decay * value;
  let m = params.beta1 * first[i] + params.one_minus_beta1 * gradient;
  let v = params.beta2 * second[i] + params.one_minus_beta2 * gradient * gradient;
  first[i] = m;
  second[i] = v;
  let scale = sqrt(v) / sqrt(correction.y) + params.epsilon;
  parameters[i] = value - learning_rate[0] / correction.x * m / scale;
}
