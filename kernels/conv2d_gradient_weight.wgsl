// kernels/conv2d_gradient_weight.wgsl: gradients of a convolution for the weight and for the bias.
//   dweight[s,o,c,u,v] = Σ_nij dy[s,n,o,i,j] · x[s,n,c, i·stride+u−padding, j·stride+v−padding]
//   dbias[s,o]         = Σ_nij dy[s,n,o,i,j]
// x [S, N, C, H, W]; upstream = dy [S, N, O, OH, OW]; dweight [S, O, C, kh, kw]; dbias [S, O]; f32, row-major.
//
// The pixels are divided into `ranges`. Each entry point but the last writes partial sums [S, ranges, elements],
// where elements is the size of one model's result, and `add_ranges` adds them, always in the same order, to
// [S, elements]. With one range the partial sums are the result.
// Shared: invocation
struct Params {
  stack: u32,
  batch: u32,
  in_channels: u32,
  in_height: u32,
  in_width: u32,
  out_channels: u32,
  out_height: u32,
  out_width: u32,
  kernel_height: u32,
  kernel_width: u32,
  stride: u32,
  padding: u32,
  ranges: u32,
  elements: u32, // of one model's result: O·C·kh·kw, or O for the bias
}
override workgroup_size: u32 = 8;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> upstream: array<f32>;
@group(0) @binding(3) var<storage, read> partial: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

// Nine sums of one pair (output channel, input channel): the gradient of a 3×3 kernel.
struct Taps { top: vec3f, middle: vec3f, bottom: vec3f }
// Three rows of a strip two pixels wide in one input channel, with a pixel more on either side.
struct Window { top: vec4f, middle: vec4f, bottom: vec4f }

// taps[4·v + k]: output channel v and input channel k of the block.
var<private> taps: array<Taps, 16>;

// The 3×3 kernel with stride 1 and padding 1, for software adapters and the images of conv2d_3x3.wgsl, which
// conv2d_gradient_weight_quads.wgsl does not do; on a real GPU the sums would spill. One invocation owns a block of 4 output × 4 input channels and a range of strips, each two pixels wide. It
// walks down each strip with one sliding window per input channel: each row costs 16 loads of x and 8 of upstream,
// for 288 multiply-adds into 144 sums that stay in private memory until the end.
@compute @workgroup_size(workgroup_size)
fn gradient_weight3x3(here: Invocation) {
  let index = invocation_index(here); // [stack, ranges, blocks of O, blocks of C]
  let c_blocks = (params.in_channels + 3u) / 4u;
  let o_blocks = (params.out_channels + 3u) / 4u;
  let s_range = index / (c_blocks * o_blocks); // s·ranges + range
  let s = s_range / params.ranges;
  if (s >= params.stack) { return; }
  let c = index % c_blocks * 4u;
  let o = index / c_blocks % o_blocks * 4u;
  let height = params.in_height;
  let width = params.in_width;
  let plane = height * width;
  let per_row = (width + 1u) / 2u;
  let strips = params.batch * per_row;
  let range = s_range % params.ranges;
  let end = (range + 1u) * strips / params.ranges;

  taps = array<Taps, 16>();
  for (var strip = range * strips / params.ranges; strip < end; strip++) {
    let image = s * params.batch + strip / per_row;
    let j = strip % per_row * 2u;
    let has_second = j + 1u < width;
    let inside = vec4<bool>(j > 0u, true, has_second, j + 2u < width);
    let at = select(vec4u(j), vec4u(j - 1u, j, j + 1u, j + 2u), inside); // clamped, so nothing is read outside
    // Channels beyond the last read the last one again; their sums are not written.
    let channel = min(vec4u(c, c + 1u, c + 2u, c + 3u), vec4u(params.in_channels - 1u));
    let x_at = (image * params.in_channels + channel) * plane;
    let out_channel = min(vec4u(o, o + 1u, o + 2u, o + 3u), vec4u(params.out_channels - 1u));
    var dy_at = (image * params.out_channels + out_channel) * plane + j;
    var w0 = Window(vec4f(), vec4f(), read_row(x_at.x + at, inside));
    var w1 = Window(vec4f(), vec4f(), read_row(x_at.y + at, inside));
    var w2 = Window(vec4f(), vec4f(), read_row(x_at.z + at, inside));
    var w3 = Window(vec4f(), vec4f(), read_row(x_at.w + at, inside));
    for (var i = 0u; i < height; i++) {
      let below = min(i + 1u, height - 1u) * width + at;
      let inside_below = inside & vec4<bool>(i + 1u < height);
      w0 = Window(w0.middle, w0.bottom, read_row(x_at.x + below, inside_below));
      w1 = Window(w1.middle, w1.bottom, read_row(x_at.y + below, inside_below));
      w2 = Window(w2.middle, w2.bottom, read_row(x_at.z + below, inside_below));
      w3 = Window(w3.middle, w3.bottom, read_row(x_at.w + below, inside_below));
      accumulate(0u, read_pair(dy_at.x, has_second), w0, w1, w2, w3);
      accumulate(4u, read_pair(dy_at.y, has_second), w0, w1, w2, w3);
      accumulate(8u, read_pair(dy_at.z, has_second), w0, w1, w2, w3);
      accumulate(12u, read_pair(dy_at.w, has_second), w0, w1, w2, w3);
      dy_at += vec4u(width);
    }
  }

  // The bounds are not constant, so these loops stay loops: unrolled, they double the time to compile.
  for (var v = o; v < min(o + 4u, params.out_channels); v++) {
    for (var k = c; k < min(c + 4u, params.in_channels); k++) {
      let y = s_range * params.elements + (v * params.in_channels + k) * 9u;
      let sums = taps[4u * (v - o) + k - c];
      output[y] = sums.top.x;
      output[y + 1u] = sums.top.y;
      output[y + 2u] = sums.top.z;
      output[y + 3u] = sums.middle.x;
      output[y + 4u] = sums.middle.y;
      output[y + 5u] = sums.middle.z;
      output[y + 6u] = sums.bottom.x;
      output[y + 7u] = sums.bottom.y;
      output[y + 8u] = sums.bottom.z;
    }
  }
}

fn read_row(at: vec4u, inside: vec4<bool>) -> vec4f {
  return select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), inside);
}

fn read_pair(at: u32, has_second: bool) -> vec2f {
  return vec2f(upstream[at], select(0.0, upstream[select(at, at + 1u, has_second)], has_second));
}

fn accumulate(first: u32, dy: vec2f, w0: Window, w1: Window, w2: Window, w3: Window) {
  taps[first] = outer(taps[first], dy, w0);
  taps[first + 1u] = outer(taps[first + 1u], dy, w1);
  taps[first + 2u] = outer(taps[first + 2u], dy, w2);
  taps[first + 3u] = outer(taps[first + 3u], dy, w3);
}

fn outer(sums: Taps, dy: vec2f, window: Window) -> Taps {
  return Taps(
    sums.top + (dy.x * window.top.xyz + dy.y * window.top.yzw),
    sums.middle + (dy.x * window.middle.xyz + dy.y * window.middle.yzw),
    sums.bottom + (dy.x * window.bottom.xyz + dy.y * window.bottom.yzw),
  );
}

// Any kernel. One invocation owns 4 taps (c, u, v) of 4 output channels and a range of rows (n, i):
// 4 values of x and 4 of upstream for 16 multiply-adds.
@compute @workgroup_size(workgroup_size)
fn gradient_weight(here: Invocation) {
  let index = invocation_index(here); // [stack, ranges, blocks of O, blocks of taps]
  let kernel = params.kernel_height * params.kernel_width;
  let all_taps = params.in_channels * kernel;
  let tap_blocks = (all_taps + 3u) / 4u;
  let o_blocks = (params.out_channels + 3u) / 4u;
  let s_range = index / (tap_blocks * o_blocks); // s·ranges + range
  let s = s_range / params.ranges;
  if (s >= params.stack) { return; }
  let tap = index % tap_blocks * 4u + vec4u(0u, 1u, 2u, 3u);
  let o = index / tap_blocks % o_blocks * 4u + vec4u(0u, 1u, 2u, 3u);
  let rows = params.batch * params.out_height;
  let range = s_range % params.ranges;
  let end = (range + 1u) * rows / params.ranges;

  // Taps and channels beyond the last read the last one again; their sums are not written.
  let known_tap = min(tap, vec4u(all_taps - 1u));
  let c = known_tap / kernel;
  let u = known_tap % kernel / params.kernel_width;
  let v = known_tap % params.kernel_width;
  let known_o = min(o, vec4u(params.out_channels - 1u));
  var sum0 = vec4f(); // of output channel o.x, four taps
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var row = range * rows / params.ranges; row < end; row++) {
    let image = s * params.batch + row / params.out_height;
    let i = row % params.out_height;
    // Above and left of zero the unsigned difference wraps round to a huge number, which no x reaches.
    let x_row = i * params.stride + u - params.padding;
    let row_inside = x_row < vec4u(params.in_height);
    let x_at = ((image * params.in_channels + c) * params.in_height + x_row) * params.in_width;
    let dy_at = ((image * params.out_channels + known_o) * params.out_height + i) * params.out_width;
    for (var j = 0u; j < params.out_width; j++) {
      let x_column = j * params.stride + v - params.padding;
      let inside = row_inside & (x_column < vec4u(params.in_width));
      let at = select(vec4u(), x_at + x_column, inside);
      let value = select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), inside);
      sum0 = fma(vec4f(upstream[dy_at.x + j]), value, sum0);
      sum1 = fma(vec4f(upstream[dy_at.y + j]), value, sum1);
      sum2 = fma(vec4f(upstream[dy_at.z + j]), value, sum2);
      sum3 = fma(vec4f(upstream[dy_at.w + j]), value, sum3);
    }
  }
  write_taps(s_range, o.x, tap, all_taps, sum0);
  write_taps(s_range, o.y, tap, all_taps, sum1);
  write_taps(s_range, o.z, tap, all_taps, sum2);
  write_taps(s_range, o.w, tap, all_taps, sum3);
}

fn write_taps(s_range: u32, o: u32, tap: vec4u, all_taps: u32, sum: vec4f) {
  if (o >= params.out_channels) { return; }
  let y = s_range * params.elements + o * all_taps;
  if (tap.x < all_taps) { output[y + tap.x] = sum.x; }
  if (tap.y < all_taps) { output[y + tap.y] = sum.y; }
  if (tap.z < all_taps) { output[y + tap.z] = sum.z; }
  if (tap.w < all_taps) { output[y + tap.w] = sum.w; }
}

// One invocation sums the plane of one output channel of one image: here the images are the ranges.
@compute @workgroup_size(workgroup_size)
fn gradient_bias(here: Invocation) {
  let index = invocation_index(here); // [stack, batch, out_channels]
  if (index >= params.stack * params.batch * params.out_channels) { return; }
  let plane = params.out_height * params.out_width;
  var sum = vec4f();
  for (var i = 0u; i < plane; i += 4u) {
    let last = plane - 1u;
    let at = index * plane + min(vec4u(i, i + 1u, i + 2u, i + 3u), vec4u(last));
    let value = vec4f(upstream[at.x], upstream[at.y], upstream[at.z], upstream[at.w]);
    sum += select(vec4f(), value, vec4u(i, i + 1u, i + 2u, i + 3u) <= vec4u(last));
  }
  output[index] = (sum.x + sum.y) + (sum.z + sum.w);
}

// One invocation adds the ranges of one element.
@compute @workgroup_size(workgroup_size)
fn add_ranges(here: Invocation) {
  let index = invocation_index(here); // [stack, elements]
  let s = index / params.elements;
  if (s >= params.stack) { return; }
  let first = s * params.ranges * params.elements + index % params.elements;
  var sum = 0.0;
  for (var range = 0u; range < params.ranges; range++) {
    sum += partial[first + range * params.elements];
  }
  output[index] = sum;
}
