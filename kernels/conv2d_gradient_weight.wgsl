// kernels/conv2d_gradient_weight.wgsl: gradient for the weight of a convolution of any kernel size, stride and padding.
//   dweight[s,o,c,u,v] = Σ_nij dy[s,n,o,i,j] · x[s,n,c, i·stride+u−padding, j·stride+v−padding]
// x [S, N, C, H, W]; upstream = dy [S, N, O, OH, OW]; output [ranges, S, O, C, kh, kw]: partial sums, for the rows of
// pixels are divided into `ranges`; f32, row-major.
// One invocation owns 4 taps (c, u, v) of 4 output channels and a range of rows (n, i): 4 values of x and 4 of upstream
// for 16 multiply-adds.
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
}
override workgroup_size: u32 = 8;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> upstream: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

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
  let slice = range * params.stack + s;
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
  write_taps(slice, o.x, tap, all_taps, sum0);
  write_taps(slice, o.y, tap, all_taps, sum1);
  write_taps(slice, o.z, tap, all_taps, sum2);
  write_taps(slice, o.w, tap, all_taps, sum3);
}

fn write_taps(slice: u32, o: u32, tap: vec4u, all_taps: u32, sum: vec4f) {
  if (o >= params.out_channels) { return; }
  let y = (slice * params.out_channels + o) * all_taps;
  if (tap.x < all_taps) { output[y + tap.x] = sum.x; }
  if (tap.y < all_taps) { output[y + tap.y] = sum.y; }
  if (tap.z < all_taps) { output[y + tap.z] = sum.z; }
  if (tap.w < all_taps) { output[y + tap.w] = sum.w; }
}
