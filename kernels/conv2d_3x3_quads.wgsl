// kernels/conv2d_3x3_quads.wgsl: convolution 3×3 four pixels at a time, forward, and the gradient for the input.
//   forward         y[s,n,o,i,j]  = bias[s,o] + Σ_c Σ_uv weight[s,o,c,u,v] · x[s,n,c,i+u−1,j+v−1]
//   input gradient  dx[s,n,c,i,j] = Σ_o Σ_uv weight[s,o,c,2−u,2−v] · dy[s,n,o,i+u−1,j+v−1]
// Both are one correlation of `source` with 3×3 taps; for the gradient the roles of C and O are exchanged (two strides)
// and the taps are turned by 180° (`flip`).
// source [S, N, in_channels, H, W/4] of four pixels each; weight [S, O, C, 3, 3]; bias [S, out_channels];
// output [S, N, out_channels, H, W/4]; f32, row-major.
//
// For software adapters (lavapipe), and images whose width is divisible by 4 or that have 2×2 pixels and are one quad
// themselves. There a load costs as much as twenty multiply-adds wherever it comes from: the instructions that it is
// made of limit the speed, some 90 for the values of 8 lanes, and a third less for each of the four values of a vector.
// So one invocation owns a block of 8 output channels and goes through columns of quads, in passes of 4 input channels:
// it copies the 4·8·9 taps into private memory and walks down every column with one sliding window per input channel:
// a quad costs 24 values of `source`, 32 of `output` (the sums of the passes before) and 32 stores, for 1,152
// multiply-adds. Passes of 8 input channels are a tenth faster, but take 3.5 s to compile instead of 1.6.
// The lanes of a workgroup are shared out between blocks and adjacent columns: of large images, neighbours in memory
// are neighbours in time. Every pixel adds its terms in the same order, however lanes and ranges are shared out.
// Shared: invocation
struct Params {
  stack: u32,
  batch: u32,
  in_channels: u32,
  out_channels: u32,
  height: u32,
  quads: u32, // W/4; 1 for images of 2×2
  weight_in_stride: u32, // from one input channel of `weight` to the next: 9 forward, 9·C for the gradient
  weight_out_stride: u32, // from one output channel to the next: 9·C forward, 9 for the gradient
  flip: u32, // 1 turns the taps by 180°, for the gradient
  column_lanes: u32, // lanes of a workgroup that share a block and take its columns in turn
  ranges: u32, // parts into which the N·W/4 columns are divided
  block: u32, // output channels of a block: 8, and 4 of squares, whose kernel compiles in two thirds of the time so
}
override workgroup_size: u32 = 8;
override has_bias: bool = false;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>;

// taps[9·(8·k + v) + t]: tap t of input channel k of the pass and output channel v of the block.
var<private> taps: array<f32, 288>;

// Four pixels of a row, and the four that begin one pixel to the left and to the right of them.
struct Quad { left: vec4f, own: vec4f, right: vec4f }

struct Window { top: Quad, middle: Quad, bottom: Quad }

// Where a column of quads lies: its first quad in the first of the pass's input channels, and at which edges.
struct Column { at: u32, plane: u32, is_first: bool, is_last: bool }

// What an invocation owns: a block of output channels of a model from o on, and every column_lanes-th column from begin
// to end.
struct Share { exists: bool, s: u32, o: u32, begin: u32, end: u32 }

fn share_of(here: Invocation) -> Share {
  let index = workgroup_index(here); // [stack, ranges, groups of blocks of output channels]
  let block_lanes = workgroup_size / params.column_lanes;
  let group_channels = params.block * block_lanes;
  let block_groups = (params.out_channels + group_channels - 1u) / group_channels;
  let s = index / (block_groups * params.ranges);
  let range = index / block_groups % params.ranges;
  let o = (index % block_groups * block_lanes + here.local / params.column_lanes) * params.block;
  let columns = params.batch * params.quads;
  let begin = range * columns / params.ranges + here.local % params.column_lanes;
  let end = (range + 1u) * columns / params.ranges;
  return Share(s < params.stack && o < params.out_channels, s, o, begin, end);
}

@compute @workgroup_size(workgroup_size)
fn correlate3x3_quads(here: Invocation) {
  let share = share_of(here);
  if (!share.exists) { return; }
  let s = share.s;
  let o = share.o;
  let plane = params.height * params.quads;

  for (var c = 0u; c < params.in_channels; c += 4u) {
    read_taps(s, o, c);
    // Channels beyond the last have zero taps: reading the last one again is harmless.
    let last = params.in_channels - 1u - c;
    for (var column = share.begin; column < share.end; column += params.column_lanes) {
      let image = s * params.batch + column / params.quads;
      let j = column % params.quads;
      let x = Column((image * params.in_channels + c) * plane + j, plane, j == 0u, j + 1u == params.quads);
      var y = (image * params.out_channels + o) * plane + j;
      var w0 = Window();
      var w1 = Window();
      var w2 = Window();
      var w3 = Window();
      // The first turn only fills the windows. Filled before the loop, the kernel takes a quarter longer to compile.
      for (var below = 0u; below <= params.height; below++) {
        w0 = Window(w0.middle, w0.bottom, read_quad(x, min(0u, last), below));
        w1 = Window(w1.middle, w1.bottom, read_quad(x, min(1u, last), below));
        w2 = Window(w2.middle, w2.bottom, read_quad(x, min(2u, last), below));
        w3 = Window(w3.middle, w3.bottom, read_quad(x, min(3u, last), below));
        if (below == 0u) { continue; }
        add_channel(0u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(1u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(2u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(3u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(4u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(5u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(6u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(7u, s, o, c, y, plane, w0, w1, w2, w3);
        y += params.quads;
      }
    }
  }
}

// The same for images of 2×2 pixels, each of which is one quad: of the nine taps every pixel meets four.
@compute @workgroup_size(workgroup_size)
fn correlate3x3_squares(here: Invocation) {
  let share = share_of(here);
  if (!share.exists) { return; }
  for (var c = 0u; c < params.in_channels; c += 4u) {
    read_taps(share.s, share.o, c);
    let last = params.in_channels - 1u - c;
    for (var column = share.begin; column < share.end; column += params.column_lanes) {
      let image = share.s * params.batch + column;
      let x = image * params.in_channels + c;
      let x0 = source[x + min(0u, last)];
      let x1 = source[x + min(1u, last)];
      let x2 = source[x + min(2u, last)];
      let x3 = source[x + min(3u, last)];
      let y = image * params.out_channels + share.o;
      add_square(0u, share, c, y, x0, x1, x2, x3);
      add_square(1u, share, c, y, x0, x1, x2, x3);
      add_square(2u, share, c, y, x0, x1, x2, x3);
      add_square(3u, share, c, y, x0, x1, x2, x3);
    }
  }
}

// Copies the taps of input channels c … c + 3 for a block's output channels; those that do not exist are zero.
// In loops, although the index is dynamic then, which is slow: unrolled, this takes a minute to compile.
fn read_taps(s: u32, o: u32, c: u32) {
  let model = s * params.in_channels * params.out_channels * 9u;
  for (var k = 0u; k < 4u; k++) {
    for (var v = 0u; v < params.block; v++) {
      let exists = c + k < params.in_channels && o + v < params.out_channels;
      let at = model + (c + k) * params.weight_in_stride + (o + v) * params.weight_out_stride;
      let first = 9u * (8u * k + v);
      for (var t = 0u; t < 9u; t++) {
        let turned = select(t, 8u - t, params.flip == 1u);
        taps[first + t] = select(0.0, weight[select(0u, at + turned, exists)], exists);
      }
    }
  }
}

// Row i of a column in one input channel of the pass; zeros above, below and beside the image.
fn read_quad(column: Column, channel: u32, i: u32) -> Quad {
  let inside = i < params.height;
  let at = column.at + channel * column.plane + select(0u, i, inside) * params.quads;
  let own = select(vec4f(), source[at], inside);
  var before = 0.0;
  var after = 0.0;
  if (params.quads > 1u) {
    before = select(0.0, source[select(at - 1u, at, column.is_first)].w, inside && !column.is_first);
    after = select(0.0, source[select(at + 1u, at, column.is_last)].x, inside && !column.is_last);
  }
  return Quad(vec4f(before, own.xyz), own, vec4f(own.yzw, after));
}

// Adds what this pass contributes to output channel o + v of four pixels.
fn add_channel(
  v: u32, s: u32, o: u32, c: u32, y: u32, plane: u32,
  w0: Window, w1: Window, w2: Window, w3: Window,
) {
  if (o + v >= params.out_channels) { return; }
  let at = y + v * plane;
  let t = 9u * v;
  var sum = sum_before(at, s, o + v, c);
  sum += dot3x3(t, w0) + dot3x3(72u + t, w1) + dot3x3(144u + t, w2) + dot3x3(216u + t, w3);
  output[at] = sum;
}

fn dot3x3(t: u32, window: Window) -> vec4f {
  return dot3(t, window.top) + dot3(t + 3u, window.middle) + dot3(t + 6u, window.bottom);
}

fn dot3(t: u32, quad: Quad) -> vec4f {
  return taps[t] * quad.left + taps[t + 1u] * quad.own + taps[t + 2u] * quad.right;
}

// The same for four pixels that are an image.
fn add_square(v: u32, share: Share, c: u32, y: u32, x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f) {
  if (share.o + v >= params.out_channels) { return; }
  let at = y + v;
  let t = 9u * v;
  var sum = sum_before(at, share.s, share.o + v, c);
  sum += square(t, x0) + square(72u + t, x1) + square(144u + t, x2) + square(216u + t, x3);
  output[at] = sum;
}

// Pixels are [top left, top right, bottom left, bottom right]; tap 4 is the middle one.
fn square(t: u32, x: vec4f) -> vec4f {
  let top = vec4f(taps[t + 4u], taps[t + 3u], taps[t + 1u], taps[t]) * x.x +
    vec4f(taps[t + 5u], taps[t + 4u], taps[t + 2u], taps[t + 1u]) * x.y;
  let bottom = vec4f(taps[t + 7u], taps[t + 6u], taps[t + 4u], taps[t + 3u]) * x.z +
    vec4f(taps[t + 8u], taps[t + 7u], taps[t + 5u], taps[t + 4u]) * x.w;
  return top + bottom;
}

// What the passes before have made of a sum, or what it begins with.
fn sum_before(at: u32, s: u32, o: u32, c: u32) -> vec4f {
  if (c > 0u) { return output[at]; }
  if (has_bias) { return vec4f(bias[s * params.out_channels + o]); }
  return vec4f();
}
