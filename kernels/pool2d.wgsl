// kernels/pool2d.wgsl: max pooling without padding, global average pooling, and their gradients.
// Images x [planes, height, width] with planes = S·N·C; pooled images [planes, out_height, out_width].
// Integer division takes longer than a memory access, so positions come from the dispatch: x and y are the
// pixel, z the plane (and every num_workgroups.z-th after it, should there be more planes than workgroups).
// Shared: invocation, quotient, nan

struct Params {
  planes: u32, height: u32, width: u32, out_height: u32, out_width: u32, kernel_size: u32, stride: u32,
}

const workgroup_size = 64u; // of global_average
override tile: u32 = 8;     // of the others, in x and y
override overlapping: bool = true; // whether a pixel can lie in several windows

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> upstream: array<f32>;
@group(0) @binding(3) var<storage, read> winner: array<u32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read_write> chosen: array<u32>;

// One invocation per pooled pixel: the maximum of its window and where it lies in its plane (the first, if several).
// NaN counts as more than any number, and the last of several wins.
@compute @workgroup_size(tile, tile)
fn max_pool(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.x >= params.out_width || id.y >= params.out_height) { return; }
  let corner = id.y * params.stride * params.width + id.x * params.stride;
  for (var plane = id.z; plane < params.planes; plane += groups.z) {
    let start = plane * params.height * params.width;
    var best = corner;
    var maximum = x[start + corner];
    for (var i = 0u; i < params.kernel_size; i++) {
      for (var j = 0u; j < params.kernel_size; j++) {
        let at = corner + i * params.width + j;
        let value = x[start + at];
        if (value > maximum || is_nan(value)) {
          maximum = value;
          best = at;
        }
      }
    }
    let place = (plane * params.out_height + id.y) * params.out_width + id.x;
    output[place] = maximum;
    chosen[place] = best;
  }
}

// One invocation per pixel of x: the sum over the windows that chose it.
@compute @workgroup_size(tile, tile)
fn max_pool_gradient(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.x >= params.width || id.y >= params.height) { return; }
  let own = id.y * params.width + id.x;
  if (!overlapping) {
    scatter(id, own, groups.z);
    return;
  }
  // The windows whose first row is at most id.y and whose last row is at least id.y; columns likewise.
  let reach = params.kernel_size - 1u;
  let last = min(
    vec2u(quotient(id.x, params.stride), quotient(id.y, params.stride)) + 1u,
    vec2u(params.out_width, params.out_height),
  );
  let first = vec2u(
    quotient(id.x - min(id.x, reach) + params.stride - 1u, params.stride),
    quotient(id.y - min(id.y, reach) + params.stride - 1u, params.stride),
  );
  for (var plane = id.z; plane < params.planes; plane += groups.z) {
    var sum = 0.0;
    for (var i = first.y; i < last.y; i++) {
      for (var j = first.x; j < last.x; j++) {
        let at = (plane * params.out_height + i) * params.out_width + j;
        if (winner[at] == own) { sum += upstream[at]; }
      }
    }
    output[plane * params.height * params.width + own] = sum;
  }
}

// The same where windows do not overlap: the one window that may have chosen the pixel.
fn scatter(id: vec3u, own: u32, planes_apart: u32) {
  let window = vec2u(quotient(id.x, params.stride), quotient(id.y, params.stride));
  let exists = window.x < params.out_width && window.y < params.out_height;
  let at = select(0u, window.y * params.out_width + window.x, exists);
  for (var plane = id.z; plane < params.planes; plane += planes_apart) {
    let first = plane * params.out_height * params.out_width;
    let chosen_here = exists && winner[first + at] == own;
    output[plane * params.height * params.width + own] = select(0.0, upstream[first + at], chosen_here);
  }
}

// One invocation per plane: the mean of its pixels.
@compute @workgroup_size(workgroup_size)
fn global_average(here: Invocation) {
  let plane = invocation_index(here);
  if (plane >= params.planes) { return; }
  let pixels = params.height * params.width;
  var sum = 0.0;
  for (var i = 0u; i < pixels; i++) { sum += x[plane * pixels + i]; }
  output[plane] = sum / f32(pixels);
}

// One invocation per pixel of x: an equal share of its plane's upstream.
@compute @workgroup_size(tile, tile)
fn global_average_gradient(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  if (id.x >= params.width || id.y >= params.height) { return; }
  let pixels = params.height * params.width;
  for (var plane = id.z; plane < params.planes; plane += groups.z) {
    output[plane * pixels + id.y * params.width + id.x] = upstream[plane] / f32(pixels);
  }
}
