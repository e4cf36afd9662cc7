// kernels/batch_norm_quads.wgsl: batch normalization four pixels at a time, with ReLU and 2×2 max pooling on request.
//   mean, variance over the counted rows and all pixels; deviation = sqrt(variance + eps)
//   output = max_pool?(relu?((x - mean) / deviation * weight + bias))
// For images whose number of pixels is divisible by 4: a vector is loaded in less time than four numbers. And pooling
// costs no passes of its own: neither what it pools nor the places of the maxima are stored.
// x [S, N, C, pixels/4] of four pixels each; counts and batches_tracked [S]; the rest [S, C]. Without pooling, output
// and upstream are like x; with it pooled and pooled_upstream are [S, N, C, pixels/4] of single pixels. There is one of
// the two kinds of upstream.
// Rows n >= counts[s] are padding: they enter no sum, and what is written for them is 0.
// Shared: invocation, quotient, nan, workgroup_sum, batch_norm_planes, batch_norm_ranges

struct Params {
  models: u32,
  rows: u32,
  channel_count: u32,
  quads: u32, // pixels/4 of a plane
  units: u32, // of a plane: quads, or with pooling pairs of them, one above the other, which are two windows
  ranges: u32, // of rows, in which the sums over a channel are divided
  row_quads: u32, // of a row of pixels, with pooling; 0 for images of 2×2, one quad and one window
  eps: f32,
  momentum: f32,
}

override workgroup_size: u32 = 64;
override rectify: bool = false;  // ReLU behind the normalization
override has_pooled_upstream: bool = false;  // max pooling behind that
override has_counts: bool = true;
override has_batches_tracked: bool = true;
override training: bool = true;  // whether mean and deviation depend on x

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> counts: array<u32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> bias: array<f32>;
@group(0) @binding(5) var<storage, read> channels: array<Channel>;
@group(0) @binding(6) var<storage, read> upstream: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> output: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> new_channels: array<Channel>;
@group(0) @binding(9) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(10) var<storage, read_write> running_var: array<f32>;
@group(0) @binding(11) var<storage, read_write> batches_tracked: array<f32>;
@group(0) @binding(12) var<storage, read_write> weight_gradient: array<f32>;
@group(0) @binding(13) var<storage, read_write> bias_gradient: array<f32>;
@group(0) @binding(14) var<storage, read> weight_sums: array<f32>;  // weight_gradient of before
@group(0) @binding(15) var<storage, read> bias_sums: array<f32>;    // bias_gradient of before
@group(0) @binding(16) var<storage, read_write> pooled: array<f32>;
@group(0) @binding(17) var<storage, read> pooled_upstream: array<f32>;
@group(0) @binding(18) var<storage, read_write> new_parts: array<vec2f>;  // [ranges, S, C]
@group(0) @binding(19) var<storage, read> parts: array<vec2f>;

fn sum4(value: vec4f) -> f32 { return (value.x + value.y) + (value.z + value.w); }

// Mean of the rows from begin to end, and their squared distances from it added up.
fn statistics_of(model: u32, channel: u32, begin: u32, end: u32, local: u32) -> vec2f {
  let elements = f32((end - begin) * params.quads * 4u);
  let steps = walk(params.quads, local);

  var sum = 0.0;
  for (var n = begin + steps.row; n < end; n += steps.row_step) {
    let start = plane_index(model, n, channel) * params.quads;
    var row_sum = vec4f(); // of its own, because sums of very many terms lose digits
    for (var i = steps.unit; i < params.quads; i += steps.unit_step) { row_sum += x[start + i]; }
    sum += sum4(row_sum);
  }
  let center = workgroup_sum(vec2f(sum, 0.0), local).x / max(elements, 1.0);

  var off = vec2f(); // squared distances and distances from the center
  for (var n = begin + steps.row; n < end; n += steps.row_step) {
    let start = plane_index(model, n, channel) * params.quads;
    var row_squares = vec4f();
    var row_distances = vec4f();
    for (var i = steps.unit; i < params.quads; i += steps.unit_step) {
      let distance = x[start + i] - center;
      row_squares += distance * distance;
      row_distances += distance;
    }
    off += vec2f(sum4(row_squares), sum4(row_distances));
  }
  return centered(elements, center, workgroup_sum(off, local));
}

// Mean and deviation of a batch, and the running statistics. One workgroup per (channel, model).
@compute @workgroup_size(workgroup_size)
fn batch_statistics(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let rows = rows_of(group.y);
  let found = statistics_of(group.y, group.x, 0u, rows, local);
  if (local == 0u) { keep_statistics(group.y, group.x, f32(rows * params.quads * 4u), found.x, found.y); }
}

// The same by ranges of rows, so that there are workgroups enough for a card. One for each (channel, model, range).
@compute @workgroup_size(workgroup_size)
fn partial_statistics(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let range = range_of(group.z, rows_of(group.y));
  let found = statistics_of(group.y, group.x, range.x, range.y, local);
  if (local == 0u) { new_parts[part_at(group.z, group.y, group.x)] = found; }
}

// A unit's quads; the lower one is in `bottom` if the unit has two.
struct Pair { top: vec4f, bottom: vec4f }

// Its two windows: each the pixels top left, top right, bottom left, bottom right.
struct Windows { first: vec4f, second: vec4f }

// The position of a unit's first quad in its plane; its second one is row_quads further on.
fn first_quad(unit: u32) -> u32 {
  if (params.row_quads == 0u) { return unit; }
  return unit + quotient(unit, params.row_quads) * params.row_quads;
}

// A pair's windows; a square is its own first window, and the second does not exist.
fn windows_of(pair: Pair) -> Windows {
  if (params.row_quads == 0u) { return Windows(pair.top, vec4f()); }
  return Windows(vec4f(pair.top.xy, pair.bottom.xy), vec4f(pair.top.zw, pair.bottom.zw));
}

// The way back.
fn pair_of(windows: Windows) -> Pair {
  let first = windows.first;
  let second = windows.second;
  if (params.row_quads == 0u) { return Pair(first, vec4f()); }
  return Pair(vec4f(first.xy, second.xy), vec4f(first.zw, second.zw));
}

fn activated(value: vec4f, channel: Channel) -> vec4f {
  let normalized = (value - channel.mean) * channel.scale + channel.shift;
  return select(normalized, vec4f(), vec4<bool>(rectify) & are_shut(normalized));
}

// NaN if one of them is.
fn largest(window: vec4f) -> f32 {
  let maximum = max(max(window.x, window.y), max(window.z, window.w));
  let sum = (window.x + window.y) + (window.z + window.w);
  return select(maximum, sum, any(are_nan(window)));
}

// Workgroups cover the S·N·C planes of x.
@compute @workgroup_size(workgroup_size)
fn normalize(here: Invocation) {
  let own = own_plane(params.units, here);
  if (!own.inside) { return; }
  let channel = channels[own.channel];
  let start = own.index * params.quads;
  for (var i = own.unit; i < params.quads; i += own.step) {
    output[start + i] = select(activated(x[start + i], channel), vec4f(), own.padding);
  }
}

// The same with pooling.
@compute @workgroup_size(workgroup_size)
fn normalize_and_pool(here: Invocation) {
  let own = own_plane(params.units, here);
  if (!own.inside) { return; }
  let channel = channels[own.channel];
  let start = own.index * params.quads;
  for (var unit = own.unit; unit < params.units; unit += own.step) {
    let at = start + first_quad(unit);
    let pair = Pair(activated(x[at], channel), activated(x[at + params.row_quads], channel));
    let windows = windows_of(pair);
    let maxima = vec2f(largest(windows.first), largest(windows.second));
    write_pooled(start, unit, select(maxima, vec2f(), own.padding));
  }
}

fn write_pooled(start: u32, unit: u32, values: vec2f) {
  if (params.row_quads == 0u) {
    pooled[start] = values.x;
  } else {
    pooled[start + 2u * unit] = values.x;
    pooled[start + 2u * unit + 1u] = values.y;
  }
}

fn read_pooled(start: u32, unit: u32) -> vec2f {
  if (params.row_quads == 0u) { return vec2f(pooled_upstream[start], 0.0); }
  return vec2f(pooled_upstream[start + 2u * unit], pooled_upstream[start + 2u * unit + 1u]);
}

// What of a window's upstream each of its pixels receives: the first of the largest has it all, or the last NaN.
fn to_winner(value: f32, window: vec4f) -> vec4f {
  let nan = are_nan(window);
  if (any(nan)) {
    let behind = vec4<bool>(nan.y || nan.z || nan.w, nan.z || nan.w, nan.w, false);
    return select(vec4f(), vec4f(value), nan & !behind);
  }
  let wins = window == vec4f(largest(window));
  let before = vec4<bool>(false, wins.x, wins.x || wins.y, wins.x || wins.y || wins.z);
  return select(vec4f(), vec4f(value), wins & !before);
}

// Upstream of a unit's pixels, as far as the maximum was theirs and the rectifier open.
fn open_upstream(start: u32, unit: u32, distance: Pair, channel: Channel) -> Pair {
  let top = distance.top * channel.scale + channel.shift;
  if (!has_pooled_upstream) { return Pair(if_open(upstream[start + unit], top), vec4f()); }
  let bottom = distance.bottom * channel.scale + channel.shift;
  let windows = windows_of(Pair(top, bottom));
  let values = read_pooled(start, unit);
  let pair = pair_of(Windows(to_winner(values.x, windows.first), to_winner(values.y, windows.second)));
  return Pair(if_open(pair.top, top), if_open(pair.bottom, bottom));
}

fn if_open(gradient: vec4f, normalized: vec4f) -> vec4f {
  return select(gradient, vec4f(), vec4<bool>(rectify) & are_shut(normalized));
}

// How far a unit's pixels are from the mean.
fn distances(at: u32, channel: Channel) -> Pair {
  let top = x[at] - channel.mean;
  if (!has_pooled_upstream) { return Pair(top, vec4f()); }
  return Pair(top, x[at + params.row_quads] - channel.mean);
}

// Sums of upstream · distance from the mean and of upstream, over the rows from begin to end.
fn gradients_of(model: u32, c: u32, begin: u32, end: u32, local: u32) -> vec2f {
  let channel = channels[model * params.channel_count + c];
  let steps = walk(params.units, local);
  var sum = vec2f();
  for (var n = begin + steps.row; n < end; n += steps.row_step) {
    let start = plane_index(model, n, c) * params.quads;
    var products = vec4f();
    var gradients = vec4f();
    for (var unit = steps.unit; unit < params.units; unit += steps.unit_step) {
      let distance = distances(start + first_quad(unit), channel);
      let gradient = open_upstream(start, unit, distance, channel);
      products += gradient.top * distance.top + gradient.bottom * distance.bottom;
      gradients += gradient.top + gradient.bottom;
    }
    sum += vec2f(sum4(products), sum4(gradients));
  }
  return workgroup_sum(sum, local);
}

// Gradients of weight and bias: sums of upstream·normalized and of upstream. One workgroup per (channel, model).
@compute @workgroup_size(workgroup_size)
fn parameter_gradients(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let total = gradients_of(group.y, group.x, 0u, rows_of(group.y), local);
  if (local == 0u) { keep_gradients(group.y * params.channel_count + group.x, total); }
}

// The same by ranges, one workgroup for each (channel, model, range).
@compute @workgroup_size(workgroup_size)
fn partial_gradients(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let range = range_of(group.z, rows_of(group.y));
  let total = gradients_of(group.y, group.x, range.x, range.y, local);
  if (local == 0u) { new_parts[part_at(group.z, group.y, group.x)] = total; }
}

// Gradient of x. Workgroups cover its planes.
@compute @workgroup_size(workgroup_size)
fn input_gradient(here: Invocation) {
  let own = own_plane(params.units, here);
  if (!own.inside) { return; }
  let channel = channels[own.channel];
  let through = gradient_of_statistics(own.channel, params.quads * 4u, channel.inverse_deviation);
  let start = own.index * params.quads;
  for (var unit = own.unit; unit < params.units; unit += own.step) {
    let at = start + first_quad(unit);
    let distance = distances(at, channel);
    let gradient = open_upstream(start, unit, distance, channel);
    let top = channel.scale * (gradient.top - through.x - distance.top * through.y);
    output[at] = select(top, vec4f(), own.padding);
    if (params.row_quads == 0u) { continue; }
    let bottom = channel.scale * (gradient.bottom - through.x - distance.bottom * through.y);
    output[at + params.row_quads] = select(bottom, vec4f(), own.padding);
  }
}
