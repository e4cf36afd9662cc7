// kernels/softmax.wgsl: softmax and log-softmax along the last axis, and their gradients.
//   softmax_c = exp(x_c - m) / Σ exp(x - m)    log_softmax_c = x_c - m - log Σ exp(x - m)    m = max x
// All arrays [rows, classes]. One invocation per row: classes are few, so a row is walked serially.
// Shared: invocation

struct Params { rows: u32, classes: u32 }

override workgroup_size: u32 = 64;
override logarithm: bool = false;  // log-softmax instead of softmax

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> result: array<f32>;  // of the forward pass
@group(0) @binding(3) var<storage, read> upstream: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(workgroup_size)
fn forward(here: Invocation) {
  let start = invocation_index(here) * params.classes;
  if (start >= params.rows * params.classes) { return; }
  var maximum = x[start];
  for (var c = 1u; c < params.classes; c++) { maximum = max(maximum, x[start + c]); }
  var sum = 0.0;
  for (var c = 0u; c < params.classes; c++) { sum += exp(x[start + c] - maximum); }
  let log_sum = log(sum);
  for (var c = 0u; c < params.classes; c++) {
    let distance = x[start + c] - maximum;
    output[start + c] = select(exp(distance) / sum, distance - log_sum, logarithm);
  }
}

// softmax:      gradient = p · (upstream - Σ p · upstream)
// log-softmax:  gradient = upstream - p · Σ upstream
@compute @workgroup_size(workgroup_size)
fn backward(here: Invocation) {
  let start = invocation_index(here) * params.classes;
  if (start >= params.rows * params.classes) { return; }
  var sum = 0.0;
  for (var c = 0u; c < params.classes; c++) {
    sum += upstream[start + c] * select(result[start + c], 1.0, logarithm);
  }
  for (var c = 0u; c < params.classes; c++) {
    let value = result[start + c];
    let along = upstream[start + c];
    output[start + c] = select(value * (along - sum), along - exp(value) * sum, logarithm);
  }
}
