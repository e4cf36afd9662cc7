// kernels/shared/batch_norm_ranges.wgsl: the sums over a channel, put together from those over ranges of rows.
// So there are workgroups enough for a graphics card. Uses the params and buffers of batch_norm_quads.wgsl.

// The rows of a range; the last ones may have no rows that are no padding.
fn range_of(range: u32, rows: u32) -> vec2u {
  return min(vec2u(range, range + 1u) * params.rows / params.ranges, vec2u(rows));
}

fn part_at(range: u32, model: u32, channel: u32) -> u32 {
  return (range * params.models + model) * params.channel_count + channel;
}

// Puts the ranges together, one after the other (Chan, Golub and LeVeque 1979). One invocation per (model, channel).
@compute @workgroup_size(workgroup_size)
fn merge_statistics(here: Invocation) {
  let at = invocation_index(here);
  if (at >= params.models * params.channel_count) { return; }
  let model = at / params.channel_count;
  let channel = at % params.channel_count;
  let rows = rows_of(model);
  var elements = 0.0;
  var found = vec2f();
  for (var r = 0u; r < params.ranges; r++) {
    let range = range_of(r, rows);
    if (range.x == range.y) { continue; }
    let own = f32((range.y - range.x) * params.quads * 4u);
    let part = parts[part_at(r, model, channel)];
    let distance = part.x - found.x;
    let share = own / (elements + own);
    found += vec2f(distance * share, part.y + distance * distance * elements * share);
    elements += own;
  }
  keep_statistics(model, channel, elements, found.x, found.y);
}

fn keep_gradients(at: u32, total: vec2f) {
  weight_gradient[at] = total.x * channels[at].inverse_deviation;
  bias_gradient[at] = total.y;
}

// Adds up the ranges, one after the other. One invocation per (model, channel).
@compute @workgroup_size(workgroup_size)
fn merge_gradients(here: Invocation) {
  let at = invocation_index(here);
  if (at >= params.models * params.channel_count) { return; }
  var total = vec2f();
  for (var r = 0u; r < params.ranges; r++) {
    total += parts[part_at(r, at / params.channel_count, at % params.channel_count)];
  }
  keep_gradients(at, total);
}
