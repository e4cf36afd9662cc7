// kernels/elementwise.wgsl: operations on each element by itself. All arrays have params.count elements.

struct Params { count: u32, value: f32 }

const workgroup_size = 256u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read> right: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;
@group(0) @binding(4) var<storage, read_write> integers: array<u32>;

// Workgroups beyond the first 65,535 lie in y.
fn element(group: vec3u, groups: vec3u, local: u32) -> u32 {
  return (group.y * groups.x + group.x) * workgroup_size + local;
}

// output = value
@compute @workgroup_size(workgroup_size)
fn fill(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  output[i] = params.value;
}

// integers = value
@compute @workgroup_size(workgroup_size)
fn fill_integers(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  integers[i] = u32(params.value);
}

// output = left + right
@compute @workgroup_size(workgroup_size)
fn add(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  output[i] = left[i] + right[i];
}

// output = left - right
@compute @workgroup_size(workgroup_size)
fn subtract(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  output[i] = left[i] - right[i];
}

// output = left · right
@compute @workgroup_size(workgroup_size)
fn multiply(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  output[i] = left[i] * right[i];
}

// output = left / right
@compute @workgroup_size(workgroup_size)
fn divide(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  output[i] = left[i] / right[i];
}

// output = value · left
@compute @workgroup_size(workgroup_size)
fn scale(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  output[i] = params.value * left[i];
}

// output = exp(left)
@compute @workgroup_size(workgroup_size)
fn exponential(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  output[i] = exp(left[i]);
}

// output = log(left), natural
@compute @workgroup_size(workgroup_size)
fn logarithm(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  output[i] = log(left[i]);
}

// output += left
@compute @workgroup_size(workgroup_size)
fn accumulate(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  output[i] += left[i];
}

// output = max(left, 0), but NaN stays
@compute @workgroup_size(workgroup_size)
fn relu(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  output[i] = select(left[i], 0.0, left[i] <= 0.0);
}

// output = 0 where left <= 0, else right: left is relu's input, right the gradient of its output.
@compute @workgroup_size(workgroup_size)
fn relu_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = element(group, groups, local);
  if (i >= params.count) { return; }
  output[i] = select(right[i], 0.0, left[i] <= 0.0);
}
