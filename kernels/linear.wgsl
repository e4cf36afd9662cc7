// kernels/linear.wgsl: output = x · weightᵀ + bias for each model, and its gradients.
//   output[s, n, o] = Σ_i x[s, n, i] · weight[s, o, i] + bias[s, o]
// x, input_gradient [S, N, I]; weight, weight_gradient [S, O, I]; bias, bias_gradient [S, O]; output, upstream [S, N, O].
// One invocation per element of what an entry point writes.
// Shared: invocation

struct Params { models: u32, rows: u32, inputs: u32, outputs: u32 }

override workgroup_size: u32 = 64;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> upstream: array<f32>;
@group(0) @binding(5) var<storage, read_write> output: array<f32>;

fn product(model: u32, row: u32, column: u32) -> f32 {
  let base = (model * params.rows + row) * params.inputs;
  let along = (model * params.outputs + column) * params.inputs;
  var sum = 0.0;
  for (var i = 0u; i < params.inputs; i++) { sum += x[base + i] * weight[along + i]; }
  return sum;
}

@compute @workgroup_size(workgroup_size)
fn forward(here: Invocation) {
  let at = invocation_index(here);
  if (at >= params.models * params.rows * params.outputs) { return; }
  let row = at / params.outputs;
  output[at] = product(row / params.rows, row % params.rows, at % params.outputs);
}

@compute @workgroup_size(workgroup_size)
fn forward_with_bias(here: Invocation) {
  let at = invocation_index(here);
  if (at >= params.models * params.rows * params.outputs) { return; }
  let row = at / params.outputs;
  let model = row / params.rows;
  let column = at % params.outputs;
  output[at] = product(model, row % params.rows, column) + bias[model * params.outputs + column];
}

// output[s, n, i] = Σ_o upstream[s, n, o] · weight[s, o, i]
@compute @workgroup_size(workgroup_size)
fn input_gradient(here: Invocation) {
  let at = invocation_index(here);
  if (at >= params.models * params.rows * params.inputs) { return; }
  let row = at / params.inputs;
  let base = row * params.outputs;
  let along = (row / params.rows) * params.outputs * params.inputs + at % params.inputs;
  var sum = 0.0;
  for (var o = 0u; o < params.outputs; o++) {
    sum += upstream[base + o] * weight[along + o * params.inputs];
  }
  output[at] = sum;
}

// output[s, o, i] = Σ_n upstream[s, n, o] · x[s, n, i]
@compute @workgroup_size(workgroup_size)
fn weight_gradient(here: Invocation) {
  let at = invocation_index(here);
  if (at >= params.models * params.outputs * params.inputs) { return; }
  let row = at / params.inputs;
  let first = row / params.outputs * params.rows;
  var sum = 0.0;
  for (var n = first; n < first + params.rows; n++) {
    sum += upstream[n * params.outputs + row % params.outputs] *
      x[n * params.inputs + at % params.inputs];
  }
  output[at] = sum;
}

// output[s, o] = Σ_n upstream[s, n, o]
@compute @workgroup_size(workgroup_size)
fn bias_gradient(here: Invocation) {
  let at = invocation_index(here);
  if (at >= params.models * params.outputs) { return; }
  let first = at / params.outputs * params.rows;
  var sum = 0.0;
  for (var n = first; n < first + params.rows; n++) {
    sum += upstream[n * params.outputs + at % params.outputs];
  }
  output[at] = sum;
}
