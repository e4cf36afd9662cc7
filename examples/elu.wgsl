// elu.wgsl: the exponential linear unit of each element, and its gradient.
//   forward   output = x where x > 0, else alpha · (exp(x) − 1)       Clevert et al. 2016, arXiv:1511.07289
//   backward  output = upstream · (1 where x > 0, else alpha · exp(x))
// Shared: invocation

struct Params { count: u32, alpha: f32 }

const workgroup_size = 64u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> upstream: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(workgroup_size)
fn forward(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  let below = params.alpha * (exp(min(x[i], 0.0)) - 1.0);
  output[i] = select(below, x[i], x[i] > 0.0);
}

@compute @workgroup_size(workgroup_size)
fn backward(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  let slope = params.alpha * exp(min(x[i], 0.0));
  output[i] = upstream[i] * select(slope, 1.0, x[i] > 0.0);
}
