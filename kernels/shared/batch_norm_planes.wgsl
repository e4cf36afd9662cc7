// kernels/shared/batch_norm_planes.wgsl: what both files of batch normalization do with a channel and with its planes.
// A plane is x[model, row, channel]; a unit of it is what an invocation takes at a time: a pixel, four, or eight.
// Uses the params and buffers of the file that it is appended to, and invocation.wgsl and quotient.wgsl.

// What is done to a channel: (x - mean) · scale + shift, with scale = weight / deviation and shift = bias.
struct Channel { mean: f32, inverse_deviation: f32, scale: f32, shift: f32 }

fn channel_of(at: u32, center: f32, variance: f32) -> Channel {
  let inverse = 1.0 / sqrt(variance + params.eps);
  return Channel(center, inverse, inverse * weight[at], bias[at]);
}

// Mean, and squared distances from it added up, from a center near it and what is off it: squared distances and
// distances. For the division that gave the center is not exact on every adapter (Chan, Golub and LeVeque 1983).
fn centered(elements: f32, center: f32, off: vec2f) -> vec2f {
  let correction = off.y / max(elements, 1.0);
  let squares = off.x - correction * off.y;
  return vec2f(center + correction, select(squares, 0.0, squares < 0.0)); // of equal numbers it may be rounded below zero
}

// Keeps a batch's mean and deviation, from its squared distances added up, and moves the running statistics.
fn keep_statistics(model: u32, channel: u32, elements: f32, center: f32, squares: f32) {
  let at = model * params.channel_count + channel;
  new_channels[at] = channel_of(at, center, squares / max(elements, 1.0));
  if (elements == 0.0) { return; } // a model without data learns nothing
  let unbiased = squares / max(elements - 1.0, 1.0);
  running_mean[at] = (1.0 - params.momentum) * running_mean[at] + params.momentum * center;
  running_var[at] = (1.0 - params.momentum) * running_var[at] + params.momentum * unbiased;
  if (has_batches_tracked && channel == 0u) { batches_tracked[model] += 1.0; }
}

// Mean and deviation from the running statistics. One invocation per (model, channel).
@compute @workgroup_size(workgroup_size)
fn running_statistics(here: Invocation) {
  let at = invocation_index(here);
  if (at >= params.models * params.channel_count) { return; }
  new_channels[at] = channel_of(at, running_mean[at], running_var[at]);
}

// How many rows are no padding: all, without counts.
fn rows_of(model: u32) -> u32 {
  if (!has_counts) { return params.rows; }
  return counts[model];
}

// How a workgroup walks over rows x units: small planes side by side, large ones in strides.
struct Walk { row: u32, row_step: u32, unit: u32, unit_step: u32 }

fn walk(units: u32, local: u32) -> Walk {
  let columns = min(units, workgroup_size);
  let rows = quotient(workgroup_size, columns);
  let row = quotient(local, columns);
  // Invocations that are left over start behind the last row.
  return Walk(select(row, 0xffffff00u, row >= rows), rows, local - row * columns, columns);
}

// The number of the plane x[model, row, channel].
fn plane_index(model: u32, row: u32, channel: u32) -> u32 {
  return (model * params.rows + row) * params.channel_count + channel;
}

// Which plane an invocation works on: several small ones per workgroup, or a large one in strides.
struct Plane { inside: bool, padding: bool, index: u32, unit: u32, step: u32, channel: u32 }

fn own_plane(units: u32, here: Invocation) -> Plane {
  let steps = walk(units, here.local);
  let index = workgroup_index(here) * steps.row_step + steps.row;
  let image = index / params.channel_count;
  let channel = index - image * params.channel_count;
  let model = image / params.rows;
  let inside = steps.row < workgroup_size && model < params.models;
  let row = image - model * params.rows;
  return Plane(
    inside,
    row >= rows_of(min(model, params.models - 1u)),
    index,
    steps.unit,
    steps.unit_step,
    model * params.channel_count + channel,
  );
}

// In training, mean and deviation depend on x too, so that its gradient is
//   scale · (upstream - mean(upstream) - normalized · mean(upstream · normalized))
// This gives mean(upstream), and what the distance from the mean is multiplied by; else zeros.
fn gradient_of_statistics(at: u32, pixels: u32, inverse_deviation: f32) -> vec2f {
  if (!training) { return vec2f(); }
  let elements = max(f32(rows_of(at / params.channel_count) * pixels), 1.0);
  return vec2f(bias_sums[at] / elements, weight_sums[at] / elements * inverse_deviation);
}
