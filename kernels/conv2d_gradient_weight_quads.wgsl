// kernels/conv2d_gradient_weight_quads.wgsl: gradient for the weight of a convolution 3×3, four pixels at a time.
//   dweight[s,o,c,u,v] = Σ_nij dy[s,n,o,i,j] · x[s,n,c,i+u−1,j+v−1]
// x [S, N, C, H, W/4] and upstream = dy [S, N, O, H, W/4] of four pixels each; output [ranges, S, O, C, 3, 3]: partial
// sums; f32, row-major.
//
// For software adapters, and the images of conv2d_3x3_quads.wgsl, for the same reason: loads limit the speed, and the
// four values of a vector are cheaper than four loads. One invocation owns a block of 8 output × 4 input channels and
// walks down columns of quads with one sliding window per input channel: a row costs 24 values of x and 32 of
// upstream, for 1,152 multiply-adds into 288 sums that stay in private memory until the end.
// Shared: invocation
struct Params {
  stack: u32,
  batch: u32,
  in_channels: u32,
  out_channels: u32,
  height: u32,
  quads: u32, // W/4; 1 for images of 2×2
  column_lanes: u32, // neighbouring invocations that take the columns of a range in turn, each for sums of its own
  ranges: u32, // partial sums: parts into which the N·W/4 columns are divided, times column_lanes
  block: u32, // output channels of a block: 8, and 4 of squares, whose kernel compiles in two thirds of the time so
}
override workgroup_size: u32 = 8;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> upstream: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

// Nine sums of one pair (output channel, input channel): the gradient of a 3×3 kernel.
struct Taps { top: vec3f, middle: vec3f, bottom: vec3f }

// taps[4·v + k]: output channel v and input channel k of the block.
var<private> taps: array<Taps, 32>;

// Four pixels of a row, and the four that begin one pixel to the left and to the right of them.
struct Quad { left: vec4f, own: vec4f, right: vec4f }

struct Window { top: Quad, middle: Quad, bottom: Quad }

// What an invocation owns: channels from o and from c on, every column_lanes-th column from begin to end, and where
// its sums go.
struct Share { exists: bool, s: u32, o: u32, c: u32, begin: u32, end: u32, output: u32 }

fn share_of(here: Invocation) -> Share {
  let index = invocation_index(here); // [stack, parts, blocks of O, blocks of C, lanes]
  let lane = index % params.column_lanes;
  let block = index / params.column_lanes;
  let c_blocks = (params.in_channels + 3u) / 4u;
  let o_blocks = (params.out_channels + params.block - 1u) / params.block;
  let parts = params.ranges / params.column_lanes;
  let s_part = block / (c_blocks * o_blocks); // s·parts + part
  let s = s_part / parts;
  let part = s_part % parts;
  let columns = params.batch * params.quads;
  let elements = params.out_channels * params.in_channels * 9u;
  return Share(
    s < params.stack,
    s,
    block / c_blocks % o_blocks * params.block,
    block % c_blocks * 4u,
    part * columns / parts + lane,
    (part + 1u) * columns / parts,
    ((part * params.column_lanes + lane) * params.stack + s) * elements,
  );
}

// Channels beyond the last read the last one again; their sums are not written.
fn four_from(first: u32, channels: u32) -> vec4u {
  return min(first + vec4u(0u, 1u, 2u, 3u), vec4u(channels - 1u));
}

@compute @workgroup_size(workgroup_size)
fn gradient_quads(here: Invocation) {
  let share = share_of(here);
  if (!share.exists) { return; }
  let plane = params.height * params.quads;
  taps = array<Taps, 32>();
  for (var column = share.begin; column < share.end; column += params.column_lanes) {
    let image = share.s * params.batch + column / params.quads;
    let j = column % params.quads;
    let x_at = (image * params.in_channels + four_from(share.c, params.in_channels)) * plane + j;
    let dy = image * params.out_channels;
    var dy_low = (dy + four_from(share.o, params.out_channels)) * plane + j;
    var dy_high = (dy + four_from(share.o + 4u, params.out_channels)) * plane + j;
    var w0 = Window();
    var w1 = Window();
    var w2 = Window();
    var w3 = Window();
    // The first turn only fills the windows. Filled before the loop, the kernel takes half as long again to compile.
    for (var below = 0u; below <= params.height; below++) {
      w0 = Window(w0.middle, w0.bottom, read_quad(x_at.x, below, j));
      w1 = Window(w1.middle, w1.bottom, read_quad(x_at.y, below, j));
      w2 = Window(w2.middle, w2.bottom, read_quad(x_at.z, below, j));
      w3 = Window(w3.middle, w3.bottom, read_quad(x_at.w, below, j));
      if (below == 0u) { continue; }
      add_rows(0u, upstream[dy_low.x], w0, w1, w2, w3);
      add_rows(4u, upstream[dy_low.y], w0, w1, w2, w3);
      add_rows(8u, upstream[dy_low.z], w0, w1, w2, w3);
      add_rows(12u, upstream[dy_low.w], w0, w1, w2, w3);
      add_rows(16u, upstream[dy_high.x], w0, w1, w2, w3);
      add_rows(20u, upstream[dy_high.y], w0, w1, w2, w3);
      add_rows(24u, upstream[dy_high.z], w0, w1, w2, w3);
      add_rows(28u, upstream[dy_high.w], w0, w1, w2, w3);
      dy_low += vec4u(params.quads);
      dy_high += vec4u(params.quads);
    }
  }
  write_taps(share);
}

// The same for images of 2×2 pixels, each of which is one quad: of the nine taps every pixel meets four.
@compute @workgroup_size(workgroup_size)
fn gradient_squares(here: Invocation) {
  let share = share_of(here);
  if (!share.exists) { return; }
  taps = array<Taps, 32>();
  for (var column = share.begin; column < share.end; column += params.column_lanes) {
    let image = share.s * params.batch + column;
    let x_at = image * params.in_channels + four_from(share.c, params.in_channels);
    let x0 = x[x_at.x];
    let x1 = x[x_at.y];
    let x2 = x[x_at.z];
    let x3 = x[x_at.w];
    let dy = image * params.out_channels;
    let dy_at = dy + four_from(share.o, params.out_channels);
    add_squares(0u, upstream[dy_at.x], x0, x1, x2, x3);
    add_squares(4u, upstream[dy_at.y], x0, x1, x2, x3);
    add_squares(8u, upstream[dy_at.z], x0, x1, x2, x3);
    add_squares(12u, upstream[dy_at.w], x0, x1, x2, x3);
  }
  write_taps(share);
}

// Row i of a column; zeros above, below and beside the image.
fn read_quad(plane_at: u32, i: u32, j: u32) -> Quad {
  var own = vec4f();
  var before = 0.0;
  var after = 0.0;
  if (i < params.height) {
    let at = plane_at + i * params.quads;
    own = x[at];
    if (j > 0u) { before = x[at - 1u].w; }
    if (j + 1u < params.quads) { after = x[at + 1u].x; }
  }
  return Quad(vec4f(before, own.xyz), own, vec4f(own.yzw, after));
}

fn add_rows(first: u32, dy: vec4f, w0: Window, w1: Window, w2: Window, w3: Window) {
  taps[first] = add_window(taps[first], dy, w0);
  taps[first + 1u] = add_window(taps[first + 1u], dy, w1);
  taps[first + 2u] = add_window(taps[first + 2u], dy, w2);
  taps[first + 3u] = add_window(taps[first + 3u], dy, w3);
}

fn add_window(sums: Taps, dy: vec4f, window: Window) -> Taps {
  return Taps(
    sums.top + products(dy, window.top),
    sums.middle + products(dy, window.middle),
    sums.bottom + products(dy, window.bottom),
  );
}

fn products(dy: vec4f, quad: Quad) -> vec3f {
  return vec3f(dot(dy, quad.left), dot(dy, quad.own), dot(dy, quad.right));
}

fn add_squares(first: u32, dy: vec4f, x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f) {
  taps[first] = add_square(taps[first], dy, x0);
  taps[first + 1u] = add_square(taps[first + 1u], dy, x1);
  taps[first + 2u] = add_square(taps[first + 2u], dy, x2);
  taps[first + 3u] = add_square(taps[first + 3u], dy, x3);
}

// Pixels are [top left, top right, bottom left, bottom right].
fn add_square(sums: Taps, dy: vec4f, x: vec4f) -> Taps {
  return Taps(
    sums.top + vec3f(dy.w * x.x, dy.z * x.x + dy.w * x.y, dy.z * x.y),
    sums.middle + vec3f(dy.y * x.x + dy.w * x.z, dot(dy, x), dy.x * x.y + dy.z * x.w),
    sums.bottom + vec3f(dy.y * x.z, dy.x * x.z + dy.y * x.w, dy.x * x.w),
  );
}

// The bounds are not constant, so these loops stay loops: unrolled, they double the time to compile.
fn write_taps(share: Share) {
  for (var o = share.o; o < min(share.o + params.block, params.out_channels); o++) {
    for (var c = share.c; c < min(share.c + 4u, params.in_channels); c++) {
      let at = share.output + (o * params.in_channels + c) * 9u;
      let sums = taps[4u * (o - share.o) + c - share.c];
      output[at] = sums.top.x;
      output[at + 1u] = sums.top.y;
      output[at + 2u] = sums.top.z;
      output[at + 3u] = sums.middle.x;
      output[at + 4u] = sums.middle.y;
      output[at + 5u] = sums.middle.z;
      output[at + 6u] = sums.bottom.x;
      output[at + 7u] = sums.bottom.y;
      output[at + 8u] = sums.bottom.z;
    }
  }
}
