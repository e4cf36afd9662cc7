// Convolution 3×3, stride 1, padding 1, four pixels at a time: forward, and the gradient for the input, of S models.
//   forward         y[s,n,o,i,j]  = bias[s,o] + Σ_c Σ_uv weight[s,o,c,u,v] · x[s,n,c,i+u−1,j+v−1]
//   input gradient  dx[s,n,c,i,j] = Σ_o Σ_uv weight[s,o,c,2−u,2−v] · dy[s,n,o,i+u−1,j+v−1]
// As in conv2d_3x3.wgsl both are one correlation of `source`; for the gradient (`transposed`) the roles of C and O
// are exchanged (two strides) and the taps are turned by 180°.
// source [S, N, in_channels, H, W/4] of four pixels each; weight [S, O, C, 3, 3]; bias [S, out_channels];
// output [S, N, out_channels, H, W/4]; f32, row-major. Without `has_bias` the bias is never read: bind anything.
//
// For software adapters (lavapipe), more than 4 input channels, and images whose width is divisible by 4 or that have
// 2×2 pixels. There the instructions that a load is made of limit the speed: some 90 for the values of 8 lanes, and a
// third less for each of the four values of a vector. So one invocation owns a block of 8 output channels and goes
// through columns of quads, in passes of 8 input channels: it copies the 8·8·9 taps into private memory and walks down
// every column with one sliding window per input channel: a quad costs 48 values of `source`, 32 of `output` (the sums
// of the passes before) and 32 stores, for 2,304 multiply-adds. With more channels the code outgrows the CPU's cache of
// instructions. Images of 2×2 pixels are columns of one quad, which is the whole image.
// The lanes of a workgroup are shared out between blocks and adjacent columns: of large images, neighbours in memory
// are neighbours in time. Every pixel adds its terms in the same order, however lanes and ranges are shared out.
struct Params {
  stack: u32,
  batch: u32,
  in_channels: u32,
  out_channels: u32,
  height: u32,
  quads: u32, // W/4; 1 for images of 2×2
  weight_in_stride: u32, // from one input channel of `weight` to the next: 9 forward, 9·C for the gradient
  weight_out_stride: u32, // from one output channel to the next: 9·C forward, 9 for the gradient
  column_lanes: u32, // lanes of a workgroup that share a block and take its columns in turn
  ranges: u32, // parts into which the N·W/4 columns are divided
}
override workgroup_size: u32 = 8;
override has_bias: bool = false;
override transposed: bool = false;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<vec4f>;

// taps[9·(8·k + v) + t]: tap t of input channel k of the pass and output channel v of the block.
var<private> taps: array<f32, 576>;

// Four pixels of a row, and the four that begin one pixel to the left and to the right of them.
struct Quad { left: vec4f, own: vec4f, right: vec4f }

struct Window { top: Quad, middle: Quad, bottom: Quad }

// Where a column of quads lies: its first quad in the first of the pass's input channels, and at which edges.
struct Column { at: u32, plane: u32, is_first: bool, is_last: bool }

// What an invocation owns: 8 output channels of a model from o on, and every column_lanes-th column from begin to end.
struct Share { exists: bool, s: u32, o: u32, begin: u32, end: u32 }

fn share_of(group: vec3u, groups: vec3u, local: u32) -> Share {
  let index = group.y * groups.x + group.x; // [stack, ranges, groups of blocks of 8 output channels]
  let block_lanes = workgroup_size / params.column_lanes;
  let block_groups = (params.out_channels + 8u * block_lanes - 1u) / (8u * block_lanes);
  let s = index / (block_groups * params.ranges);
  let range = index / block_groups % params.ranges;
  let o = (index % block_groups * block_lanes + local / params.column_lanes) * 8u;
  let columns = params.batch * params.quads;
  let begin = range * columns / params.ranges + local % params.column_lanes;
  let end = (range + 1u) * columns / params.ranges;
  return Share(s < params.stack && o < params.out_channels, s, o, begin, end);
}

@compute @workgroup_size(workgroup_size)
fn correlate3x3_quads(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let share = share_of(group, groups, local);
  if (!share.exists) { return; }
  let s = share.s;
  let o = share.o;
  let plane = params.height * params.quads;
  for (var c = 0u; c < params.in_channels; c += 8u) {
    read_taps(s, o, c);
    // Channels beyond the last have zero taps: reading the last one again is harmless.
    let last = params.in_channels - 1u - c;
    for (var column = share.begin; column < share.end; column += params.column_lanes) {
      let image = s * params.batch + column / params.quads;
      let j = column % params.quads;
      let x = Column((image * params.in_channels + c) * plane + j, plane, j == 0u, j + 1u == params.quads);
      var y = (image * params.out_channels + o) * plane + j;
      var w0 = Window(Quad(), Quad(), read_quad(x, min(0u, last), 0u));
      var w1 = Window(Quad(), Quad(), read_quad(x, min(1u, last), 0u));
      var w2 = Window(Quad(), Quad(), read_quad(x, min(2u, last), 0u));
      var w3 = Window(Quad(), Quad(), read_quad(x, min(3u, last), 0u));
      var w4 = Window(Quad(), Quad(), read_quad(x, min(4u, last), 0u));
      var w5 = Window(Quad(), Quad(), read_quad(x, min(5u, last), 0u));
      var w6 = Window(Quad(), Quad(), read_quad(x, min(6u, last), 0u));
      var w7 = Window(Quad(), Quad(), read_quad(x, min(7u, last), 0u));
      for (var i = 0u; i < params.height; i++) {
        w0 = Window(w0.middle, w0.bottom, read_quad(x, min(0u, last), i + 1u));
        w1 = Window(w1.middle, w1.bottom, read_quad(x, min(1u, last), i + 1u));
        w2 = Window(w2.middle, w2.bottom, read_quad(x, min(2u, last), i + 1u));
        w3 = Window(w3.middle, w3.bottom, read_quad(x, min(3u, last), i + 1u));
        w4 = Window(w4.middle, w4.bottom, read_quad(x, min(4u, last), i + 1u));
        w5 = Window(w5.middle, w5.bottom, read_quad(x, min(5u, last), i + 1u));
        w6 = Window(w6.middle, w6.bottom, read_quad(x, min(6u, last), i + 1u));
        w7 = Window(w7.middle, w7.bottom, read_quad(x, min(7u, last), i + 1u));
        add_channel(0u, s, o, c, y, plane, w0, w1, w2, w3, w4, w5, w6, w7);
        add_channel(1u, s, o, c, y, plane, w0, w1, w2, w3, w4, w5, w6, w7);
        add_channel(2u, s, o, c, y, plane, w0, w1, w2, w3, w4, w5, w6, w7);
        add_channel(3u, s, o, c, y, plane, w0, w1, w2, w3, w4, w5, w6, w7);
        add_channel(4u, s, o, c, y, plane, w0, w1, w2, w3, w4, w5, w6, w7);
        add_channel(5u, s, o, c, y, plane, w0, w1, w2, w3, w4, w5, w6, w7);
        add_channel(6u, s, o, c, y, plane, w0, w1, w2, w3, w4, w5, w6, w7);
        add_channel(7u, s, o, c, y, plane, w0, w1, w2, w3, w4, w5, w6, w7);
        y += params.quads;
      }
    }
  }
}

// The same for images of 2×2 pixels, each of which is one quad: of the nine taps every pixel meets four.
@compute @workgroup_size(workgroup_size)
fn correlate3x3_squares(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let share = share_of(group, groups, local);
  if (!share.exists) { return; }
  for (var c = 0u; c < params.in_channels; c += 8u) {
    read_taps(share.s, share.o, c);
    let last = params.in_channels - 1u - c;
    for (var column = share.begin; column < share.end; column += params.column_lanes) {
      let image = share.s * params.batch + column;
      let x = image * params.in_channels + c;
      let x0 = source[x + min(0u, last)];
      let x1 = source[x + min(1u, last)];
      let x2 = source[x + min(2u, last)];
      let x3 = source[x + min(3u, last)];
      let x4 = source[x + min(4u, last)];
      let x5 = source[x + min(5u, last)];
      let x6 = source[x + min(6u, last)];
      let x7 = source[x + min(7u, last)];
      let y = image * params.out_channels + share.o;
      add_square(0u, share, c, y, x0, x1, x2, x3, x4, x5, x6, x7);
      add_square(1u, share, c, y, x0, x1, x2, x3, x4, x5, x6, x7);
      add_square(2u, share, c, y, x0, x1, x2, x3, x4, x5, x6, x7);
      add_square(3u, share, c, y, x0, x1, x2, x3, x4, x5, x6, x7);
      add_square(4u, share, c, y, x0, x1, x2, x3, x4, x5, x6, x7);
      add_square(5u, share, c, y, x0, x1, x2, x3, x4, x5, x6, x7);
      add_square(6u, share, c, y, x0, x1, x2, x3, x4, x5, x6, x7);
      add_square(7u, share, c, y, x0, x1, x2, x3, x4, x5, x6, x7);
    }
  }
}

// Copies the taps of input channels c … c + 7 for output channels o … o + 7.
fn read_taps(s: u32, o: u32, c: u32) {
  let model = s * params.in_channels * params.out_channels * 9u;
  let first = model + c * params.weight_in_stride + o * params.weight_out_stride;
  read_taps_of(0u, first + 0u * params.weight_in_stride, o, c + 0u < params.in_channels);
  read_taps_of(1u, first + 1u * params.weight_in_stride, o, c + 1u < params.in_channels);
  read_taps_of(2u, first + 2u * params.weight_in_stride, o, c + 2u < params.in_channels);
  read_taps_of(3u, first + 3u * params.weight_in_stride, o, c + 3u < params.in_channels);
  read_taps_of(4u, first + 4u * params.weight_in_stride, o, c + 4u < params.in_channels);
  read_taps_of(5u, first + 5u * params.weight_in_stride, o, c + 5u < params.in_channels);
  read_taps_of(6u, first + 6u * params.weight_in_stride, o, c + 6u < params.in_channels);
  read_taps_of(7u, first + 7u * params.weight_in_stride, o, c + 7u < params.in_channels);
}

fn read_taps_of(k: u32, first: u32, o: u32, exists: bool) {
  read_nine(9u * (8u * k + 0u), first + 0u * params.weight_out_stride, exists && o + 0u < params.out_channels);
  read_nine(9u * (8u * k + 1u), first + 1u * params.weight_out_stride, exists && o + 1u < params.out_channels);
  read_nine(9u * (8u * k + 2u), first + 2u * params.weight_out_stride, exists && o + 2u < params.out_channels);
  read_nine(9u * (8u * k + 3u), first + 3u * params.weight_out_stride, exists && o + 3u < params.out_channels);
  read_nine(9u * (8u * k + 4u), first + 4u * params.weight_out_stride, exists && o + 4u < params.out_channels);
  read_nine(9u * (8u * k + 5u), first + 5u * params.weight_out_stride, exists && o + 5u < params.out_channels);
  read_nine(9u * (8u * k + 6u), first + 6u * params.weight_out_stride, exists && o + 6u < params.out_channels);
  read_nine(9u * (8u * k + 7u), first + 7u * params.weight_out_stride, exists && o + 7u < params.out_channels);
}

// Taps that do not exist are zero. The index into `taps` is constant once functions are inlined: it has to be.
fn read_nine(first: u32, at: u32, exists: bool) {
  let known = select(0u, at, exists);
  taps[first] = select(0.0, weight[known + select(0u, 8u, transposed)], exists);
  taps[first + 1u] = select(0.0, weight[known + select(1u, 7u, transposed)], exists);
  taps[first + 2u] = select(0.0, weight[known + select(2u, 6u, transposed)], exists);
  taps[first + 3u] = select(0.0, weight[known + select(3u, 5u, transposed)], exists);
  taps[first + 4u] = select(0.0, weight[known + select(4u, 4u, transposed)], exists);
  taps[first + 5u] = select(0.0, weight[known + select(5u, 3u, transposed)], exists);
  taps[first + 6u] = select(0.0, weight[known + select(6u, 2u, transposed)], exists);
  taps[first + 7u] = select(0.0, weight[known + select(7u, 1u, transposed)], exists);
  taps[first + 8u] = select(0.0, weight[known + select(8u, 0u, transposed)], exists);
}

// Row i of a column in one input channel of the pass; zeros above, below and beside the image.
fn read_quad(column: Column, channel: u32, i: u32) -> Quad {
  let inside = i < params.height;
  let at = column.at + channel * column.plane + select(0u, i, inside) * params.quads;
  let own = select(vec4f(), source[at], inside);
  let before = select(0.0, source[select(at - 1u, at, column.is_first)].w, inside && !column.is_first);
  let after = select(0.0, source[select(at + 1u, at, column.is_last)].x, inside && !column.is_last);
  return Quad(vec4f(before, own.xyz), own, vec4f(own.yzw, after));
}

// Adds what this pass contributes to output channel o + v of four pixels.
fn add_channel(
  v: u32, s: u32, o: u32, c: u32, y: u32, plane: u32,
  w0: Window, w1: Window, w2: Window, w3: Window, w4: Window, w5: Window, w6: Window, w7: Window,
) {
  if (o + v >= params.out_channels) { return; }
  let at = y + v * plane;
  var sum = sum_before(at, s, o + v, c);
  let t = 9u * v;
  sum += dot3x3(t, w0) + dot3x3(72u + t, w1) + dot3x3(144u + t, w2) + dot3x3(216u + t, w3);
  sum += dot3x3(288u + t, w4) + dot3x3(360u + t, w5) + dot3x3(432u + t, w6) + dot3x3(504u + t, w7);
  output[at] = sum;
}

fn dot3x3(t: u32, window: Window) -> vec4f {
  return dot3(t, window.top) + dot3(t + 3u, window.middle) + dot3(t + 6u, window.bottom);
}

fn dot3(t: u32, quad: Quad) -> vec4f {
  return taps[t] * quad.left + taps[t + 1u] * quad.own + taps[t + 2u] * quad.right;
}

// The same for four pixels that are an image.
fn add_square(
  v: u32, share: Share, c: u32, y: u32,
  x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f, x4: vec4f, x5: vec4f, x6: vec4f, x7: vec4f,
) {
  if (share.o + v >= params.out_channels) { return; }
  let at = y + v;
  var sum = sum_before(at, share.s, share.o + v, c);
  let t = 9u * v;
  sum += square(t, x0) + square(72u + t, x1) + square(144u + t, x2) + square(216u + t, x3);
  sum += square(288u + t, x4) + square(360u + t, x5) + square(432u + t, x6) + square(504u + t, x7);
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
