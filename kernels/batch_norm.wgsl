// kernels/batch_norm.wgsl: batch normalization of each channel (Ioffe and Szegedy 2015), with ReLU on request.
//   mean, variance over the counted rows and all pixels; deviation = sqrt(variance + eps)
//   output = relu?((x - mean) / deviation * weight + bias)
// Of any number of pixels; where it is divisible by 4, batch_norm_quads.wgsl does the same.
// x, output, upstream [S, N, C, pixels]; counts and batches_tracked [S]; the rest [S, C].
// Rows n >= counts[s] are padding: they enter no sum, and what is written for them is 0.
// Shared: invocation, quotient, nan, workgroup_sum, batch_norm_planes

struct Params { models: u32, rows: u32, channel_count: u32, pixels: u32, eps: f32, momentum: f32 }

override workgroup_size: u32 = 64;
override rectify: bool = false;  // ReLU behind the normalization
override training: bool = true;  // whether mean and deviation depend on x
override has_counts: bool = true;
override has_batches_tracked: bool = true;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> counts: array<u32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> channels: array<Channel>;
@group(0) @binding(6) var<storage, read> upstream: array<f32>;
@group(0) @binding(7) var<storage, read_write> output: array<f32>;
@group(0) @binding(8) var<storage, read_write> new_channels: array<Channel>;
@group(0) @binding(9) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(10) var<storage, read_write> running_var: array<f32>;
@group(0) @binding(11) var<storage, read_write> batches_tracked: array<f32>;
@group(0) @binding(12) var<storage, read_write> weight_gradient: array<f32>;
@group(0) @binding(13) var<storage, read_write> bias_gradient: array<f32>;
@group(0) @binding(14) var<storage, read> weight_sums: array<f32>;  // weight_gradient of before
@group(0) @binding(15) var<storage, read> bias_sums: array<f32>;    // bias_gradient of before

// Mean and deviation of a batch, and the running statistics. One workgroup per (channel, model).
@compute @workgroup_size(workgroup_size)
fn batch_statistics(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let channel = group.x;
  let model = group.y;
  let rows = rows_of(model);
  let elements = f32(rows * params.pixels);
  let steps = walk(params.pixels, local);

  var sum = 0.0;
  for (var n = steps.row; n < rows; n += steps.row_step) {
    let start = plane_index(model, n, channel) * params.pixels;
    var row_sum = 0.0; // of its own, because sums of very many terms lose digits
    for (var i = steps.unit; i < params.pixels; i += steps.unit_step) { row_sum += x[start + i]; }
    sum += row_sum;
  }
  let center = workgroup_sum(vec2f(sum, 0.0), local).x / max(elements, 1.0);

  var off = vec2f(); // squared distances and distances from the center
  for (var n = steps.row; n < rows; n += steps.row_step) {
    let start = plane_index(model, n, channel) * params.pixels;
    var row_off = vec2f();
    for (var i = steps.unit; i < params.pixels; i += steps.unit_step) {
      let distance = x[start + i] - center;
      row_off += vec2f(distance * distance, distance);
    }
    off += row_off;
  }
  let found = centered(elements, center, workgroup_sum(off, local));
  if (local == 0u) { keep_statistics(model, channel, elements, found.x, found.y); }
}

// Workgroups cover the S·N·C planes of x.
@compute @workgroup_size(workgroup_size)
fn normalize(here: Invocation) {
  let own = own_plane(params.pixels, here);
  if (!own.inside) { return; }
  let channel = channels[own.channel];
  let start = own.index * params.pixels;
  for (var i = own.unit; i < params.pixels; i += own.step) {
    let value = (x[start + i] - channel.mean) * channel.scale + channel.shift;
    output[start + i] = select(value, 0.0, own.padding || (rectify && is_shut(value)));
  }
}

// Upstream behind the rectifier: what remains of it where the rectifier was open.
fn open_upstream(at: u32, distance: f32, channel: Channel) -> f32 {
  return select(upstream[at], 0.0, rectify && is_shut(distance * channel.scale + channel.shift));
}

// Gradients of weight and bias: sums of upstream·normalized and of upstream. One workgroup per (channel, model).
@compute @workgroup_size(workgroup_size)
fn parameter_gradients(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let model = group.y;
  let rows = rows_of(model);
  let at = model * params.channel_count + group.x;
  let channel = channels[at];
  let steps = walk(params.pixels, local);
  var sum = vec2f();
  for (var n = steps.row; n < rows; n += steps.row_step) {
    let start = plane_index(model, n, group.x) * params.pixels;
    var row_sum = vec2f();
    for (var i = steps.unit; i < params.pixels; i += steps.unit_step) {
      let distance = x[start + i] - channel.mean;
      let gradient = open_upstream(start + i, distance, channel);
      row_sum += vec2f(gradient * distance, gradient);
    }
    sum += row_sum;
  }
  let total = workgroup_sum(sum, local);
  if (local > 0u) { return; }
  weight_gradient[at] = total.x * channel.inverse_deviation;
  bias_gradient[at] = total.y;
}

// Gradient of x. Workgroups cover its planes.
@compute @workgroup_size(workgroup_size)
fn input_gradient(here: Invocation) {
  let own = own_plane(params.pixels, here);
  if (!own.inside) { return; }
  let channel = channels[own.channel];
  let through = gradient_of_statistics(own.channel, params.pixels, channel.inverse_deviation);
  let start = own.index * params.pixels;
  for (var i = own.unit; i < params.pixels; i += own.step) {
    let distance = x[start + i] - channel.mean;
    let gradient = open_upstream(start + i, distance, channel);
    let value = channel.scale * (gradient - through.x - distance * through.y);
    output[start + i] = select(value, 0.0, own.padding);
  }
}
