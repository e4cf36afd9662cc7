// kernels/batch_norm.wgsl: batch normalization of each channel of each model (Ioffe and Szegedy 2015), with ReLU on request.
//   mean, variance over the counted rows and all pixels; deviation = sqrt(variance + eps)
//   output = relu?((x - mean) / deviation * weight + bias)
// Of any number of pixels; where it is divisible by 4, batch_norm_quads.wgsl does the same but for running_statistics.
// x, output, upstream [S, N, C, pixels]; counts and batches_tracked [S]; the rest [S, C].
// Rows n >= counts[s] are padding: they enter no sum, and what is written for them is 0.

struct Params { models: u32, rows: u32, channel_count: u32, pixels: u32, eps: f32, momentum: f32 }

override workgroup_size: u32 = 64;
override rectify: bool = false;  // ReLU behind the normalization
override training: bool = true;  // whether mean and deviation depend on x

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

// What is done to a channel: (x - mean) · scale + shift, with scale = weight / deviation and shift = bias.
struct Channel { mean: f32, inverse_deviation: f32, scale: f32, shift: f32 }

var<workgroup> sums: array<vec2f, workgroup_size>;

// Integer division takes longer than a memory access here; this is exact for dividends below 2^20.
fn quotient(a: u32, b: u32) -> u32 { return u32((f32(a) + 0.5) / f32(b)); }

// Adds up the values of all invocations, always in the same order. Each does so by itself: the barriers of a tree double
// the time to compile on software adapters, and hardware hands one value to all lanes at once.
fn workgroup_sum(value: vec2f, local: u32) -> vec2f {
  sums[local] = value;
  workgroupBarrier();
  var total = vec2f();
  for (var i = 0u; i < workgroup_size; i++) { total += sums[i]; }
  workgroupBarrier();
  return total;
}

// How a workgroup walks over rows x pixels: small images side by side, large ones in strides.
struct Walk { row: u32, row_step: u32, pixel: u32, pixel_step: u32 }

fn walk(local: u32) -> Walk {
  let columns = min(params.pixels, workgroup_size);
  let rows = quotient(workgroup_size, columns);
  let row = quotient(local, columns);
  // Invocations that are left over start behind the last row.
  return Walk(select(row, 0xffffff00u, row >= rows), rows, local - row * columns, columns);
}

// Position of x[model, row, channel, 0].
fn plane(model: u32, row: u32, channel: u32) -> u32 {
  return ((model * params.rows + row) * params.channel_count + channel) * params.pixels;
}

fn channel_of(at: u32, center: f32, variance: f32) -> Channel {
  let inverse = 1.0 / sqrt(variance + params.eps);
  return Channel(center, inverse, inverse * weight[at], bias[at]);
}

// Mean and deviation of a batch, and the running statistics. One workgroup per (channel, model).
@compute @workgroup_size(workgroup_size)
fn batch_statistics(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let channel = group.x;
  let model = group.y;
  let rows = counts[model];
  let elements = f32(rows * params.pixels);
  let steps = walk(local);

  var sum = 0.0;
  for (var n = steps.row; n < rows; n += steps.row_step) {
    let start = plane(model, n, channel);
    var row_sum = 0.0; // of its own, because sums of very many terms lose digits
    for (var i = steps.pixel; i < params.pixels; i += steps.pixel_step) { row_sum += x[start + i]; }
    sum += row_sum;
  }
  let center = workgroup_sum(vec2f(sum, 0.0), local).x / max(elements, 1.0);

  var squares = 0.0;
  for (var n = steps.row; n < rows; n += steps.row_step) {
    let start = plane(model, n, channel);
    var row_squares = 0.0;
    for (var i = steps.pixel; i < params.pixels; i += steps.pixel_step) {
      let distance = x[start + i] - center;
      row_squares += distance * distance;
    }
    squares += row_squares;
  }
  let total = workgroup_sum(vec2f(squares, 0.0), local).x;

  if (local > 0u) { return; }
  let at = model * params.channel_count + channel;
  new_channels[at] = channel_of(at, center, total / max(elements, 1.0));
  if (rows == 0u) { return; } // a model without data learns nothing
  let unbiased = total / max(elements - 1.0, 1.0);
  running_mean[at] = (1.0 - params.momentum) * running_mean[at] + params.momentum * center;
  running_var[at] = (1.0 - params.momentum) * running_var[at] + params.momentum * unbiased;
  if (channel == 0u) { batches_tracked[model] += 1.0; }
}

// Mean and deviation from the running statistics. One invocation per (model, channel).
@compute @workgroup_size(workgroup_size)
fn running_statistics(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x;
  if (at >= params.models * params.channel_count) { return; }
  new_channels[at] = channel_of(at, running_mean[at], running_var[at]);
}

// Which image plane an invocation works on: several small ones per workgroup, or a large one in strides.
struct Plane { inside: bool, padding: bool, start: u32, pixel: u32, step: u32, channel: u32 }

fn own_plane(group: vec3u, groups: vec3u, local: u32) -> Plane {
  let steps = walk(local);
  let index = (group.y * groups.x + group.x) * steps.row_step + steps.row;
  let image = index / params.channel_count;
  let channel = index - image * params.channel_count;
  let model = image / params.rows;
  let inside = steps.row < workgroup_size && model < params.models;
  let row = image - model * params.rows;
  return Plane(
    inside,
    row >= counts[min(model, params.models - 1u)],
    index * params.pixels,
    steps.pixel,
    steps.pixel_step,
    model * params.channel_count + channel,
  );
}

// Workgroups cover the S·N·C planes of x.
@compute @workgroup_size(workgroup_size)
fn normalize(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let own = own_plane(group, groups, local);
  if (!own.inside) { return; }
  let channel = channels[own.channel];
  for (var i = own.pixel; i < params.pixels; i += own.step) {
    let value = (x[own.start + i] - channel.mean) * channel.scale + channel.shift;
    output[own.start + i] = select(value, 0.0, own.padding || (rectify && value <= 0.0));
  }
}

// Upstream behind the rectifier: what remains of it where the rectifier was open.
fn open_upstream(at: u32, distance: f32, channel: Channel) -> f32 {
  return select(upstream[at], 0.0, rectify && distance * channel.scale + channel.shift <= 0.0);
}

// Gradients of weight and bias: sums of upstream·normalized and of upstream. One workgroup per (channel, model).
@compute @workgroup_size(workgroup_size)
fn parameter_gradients(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let model = group.y;
  let rows = counts[model];
  let at = model * params.channel_count + group.x;
  let channel = channels[at];
  let steps = walk(local);
  var sum = vec2f();
  for (var n = steps.row; n < rows; n += steps.row_step) {
    let start = plane(model, n, group.x);
    var row_sum = vec2f();
    for (var i = steps.pixel; i < params.pixels; i += steps.pixel_step) {
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

// Gradient of x. In training the mean and the deviation depend on x too:
//   gradient = scale · (upstream - mean(upstream) - normalized · mean(upstream · normalized))
@compute @workgroup_size(workgroup_size)
fn input_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let own = own_plane(group, groups, local);
  if (!own.inside) { return; }
  let at = own.channel;
  let channel = channels[at];
  let elements = max(f32(counts[at / params.channel_count] * params.pixels), 1.0);
  var constant_part = 0.0;
  var linear_part = 0.0;
  if (training) {
    constant_part = bias_sums[at] / elements;
    linear_part = weight_sums[at] / elements * channel.inverse_deviation;
  }
  for (var i = own.pixel; i < params.pixels; i += own.step) {
    let distance = x[own.start + i] - channel.mean;
    let gradient = open_upstream(own.start + i, distance, channel);
    let value = channel.scale * (gradient - constant_part - distance * linear_part);
    output[own.start + i] = select(value, 0.0, own.padding);
  }
}
