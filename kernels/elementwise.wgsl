// kernels/elementwise.wgsl: operations on each element by itself. All arrays have params.count elements.
// Shared: invocation, nan

struct Params { count: u32, value: f32 }

const workgroup_size = 256u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read> right: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;
@group(0) @binding(4) var<storage, read_write> integers: array<u32>;

// output = value
@compute @workgroup_size(workgroup_size)
fn fill(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  output[i] = params.value;
}

// integers = value
@compute @workgroup_size(workgroup_size)
fn fill_integers(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  integers[i] = u32(params.value);
}

// output = left + right
@compute @workgroup_size(workgroup_size)
fn add(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  output[i] = left[i] + right[i];
}

// output = left - right
@compute @workgroup_size(workgroup_size)
fn subtract(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  output[i] = left[i] - right[i];
}

// output = left · right
@compute @workgroup_size(workgroup_size)
fn multiply(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  output[i] = left[i] * right[i];
}

// output = left / right
@compute @workgroup_size(workgroup_size)
fn divide(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  output[i] = left[i] / right[i];
}

// output = value · left
@compute @workgroup_size(workgroup_size)
fn scale(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  output[i] = params.value * left[i];
}

// output = exp(left)
@compute @workgroup_size(workgroup_size)
fn exponential(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  output[i] = exp(left[i]);
}

// output = log(left), natural
@compute @workgroup_size(workgroup_size)
fn logarithm(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  output[i] = log(left[i]);
}

// output += left
@compute @workgroup_size(workgroup_size)
fn accumulate(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  output[i] += left[i];
}

// output = max(left, 0), but NaN stays
@compute @workgroup_size(workgroup_size)
fn relu(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  output[i] = select(left[i], 0.0, is_shut(left[i]));
}

// output = 0 where left <= 0, else right: left is relu's input, right the gradient of its output.
@compute @workgroup_size(workgroup_size)
fn relu_gradient(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  output[i] = select(right[i], 0.0, is_shut(left[i]));
}
