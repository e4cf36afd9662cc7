// kernels/conv2d_3x3.wgsl: convolution 3×3, stride 1, padding 1, forward, and the gradient for the input.
//   forward         y[s,n,o,i,j]  = bias[s,o] + Σ_c Σ_uv weight[s,o,c,u,v] · x[s,n,c,i+u−1,j+v−1]
//   input gradient  dx[s,n,c,i,j] = Σ_o Σ_uv weight[s,o,c,2−u,2−v] · dy[s,n,o,i+u−1,j+v−1]
// Both are one correlation of `source` with 3×3 taps; for the gradient the roles of C and O are exchanged
// (two strides) and the taps are turned by 180° (`flip`).
// source [S, N, in_channels, H, W]; weight [S, O, C, 3, 3]; bias [S, out_channels];
// output [S, N, out_channels, H, W]; f32, row-major. Without `has_bias` the bias is never read: bind anything.
//
// Made for software adapters (lavapipe), for images that conv2d_3x3_quads.wgsl does not do: those whose width is not
// divisible by 4, but for 2×2. There a load costs as much as twenty multiply-adds wherever it comes from: here the
// weights stay put and the image passes by. One invocation owns a block of 8 output channels and a range of pixel
// columns of all images. In passes of 4 input channels it copies the 4·8·9 taps into private memory and
// walks down every column with one sliding 3×3 window per input channel: each row costs 12 loads of `source`,
// 8 of `output` (the sums of the passes before) and 8 stores, for 288 multiply-adds. That is also about as many
// loads as leave the loop inside a CPU's micro-op cache: with larger tiles each load takes three times as long.
// On a real GPU the taps would spill: use conv2d.wgsl there.
// Every pixel adds its terms in the same order, whatever the ranges: these only spread the work.
// Shared: invocation
struct Params {
  stack: u32,
  batch: u32,
  in_channels: u32,
  out_channels: u32,
  height: u32,
  width: u32,
  weight_in_stride: u32, // from one input channel of `weight` to the next: 9 forward, 9·C for the gradient
  weight_out_stride: u32, // from one output channel to the next: 9·C forward, 9 for the gradient
  flip: u32, // 1 turns the taps by 180°, for the gradient
  ranges: u32, // parts into which the N·W pixel columns are divided
}
override workgroup_size: u32 = 8;
override has_bias: bool = false;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

// taps[9·(8·k + v) + t]: tap t of input channel k of the pass and output channel v of the block.
var<private> taps: array<f32, 288>;

// The 3×3 neighbourhood of a pixel in one input channel.
struct Window { top: vec3f, middle: vec3f, bottom: vec3f }

@compute @workgroup_size(workgroup_size)
fn correlate3x3(here: Invocation) {
  let index = invocation_index(here); // [stack, ranges, blocks of 8 output channels]
  let blocks = (params.out_channels + 7u) / 8u;
  let s = index / (blocks * params.ranges);
  if (s >= params.stack) { return; }
  let range = index / blocks % params.ranges;
  let o = index % blocks * 8u;
  let plane = params.height * params.width;
  let columns = params.batch * params.width;
  let end = (range + 1u) * columns / params.ranges;

  for (var c = 0u; c < params.in_channels; c += 4u) {
    read_taps(s, o, c);
    for (var column = range * columns / params.ranges; column < end; column++) {
      let image = s * params.batch + column / params.width;
      let j = column % params.width;
      let inside = vec3<bool>(j > 0u, true, j + 1u < params.width);
      let at = select(vec3u(j), vec3u(j - 1u, j, j + 1u), inside); // clamped, so nothing is read outside
      // Channels beyond the last have zero taps: reading the last one again is harmless.
      let last = params.in_channels - 1u;
      let x = (image * params.in_channels + min(vec4u(c, c + 1u, c + 2u, c + 3u), vec4u(last))) * plane;
      var w0 = Window(vec3f(), vec3f(), read_row(x.x + at, inside));
      var w1 = Window(vec3f(), vec3f(), read_row(x.y + at, inside));
      var w2 = Window(vec3f(), vec3f(), read_row(x.z + at, inside));
      var w3 = Window(vec3f(), vec3f(), read_row(x.w + at, inside));
      var y = (image * params.out_channels + o) * plane + j;
      for (var i = 0u; i < params.height; i++) {
        let below = min(i + 1u, params.height - 1u) * params.width + at;
        let inside_below = inside & vec3<bool>(i + 1u < params.height);
        w0 = Window(w0.middle, w0.bottom, read_row(x.x + below, inside_below));
        w1 = Window(w1.middle, w1.bottom, read_row(x.y + below, inside_below));
        w2 = Window(w2.middle, w2.bottom, read_row(x.z + below, inside_below));
        w3 = Window(w3.middle, w3.bottom, read_row(x.w + below, inside_below));
        add_channel(0u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(1u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(2u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(3u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(4u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(5u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(6u, s, o, c, y, plane, w0, w1, w2, w3);
        add_channel(7u, s, o, c, y, plane, w0, w1, w2, w3);
        y += params.width;
      }
    }
  }
}

// Copies the taps of input channels c … c + 3 for output channels o … o + 7; those that do not exist are zero.
fn read_taps(s: u32, o: u32, c: u32) {
  let model = s * params.in_channels * params.out_channels * 9u;
  let flip = params.flip == 1u;
  for (var k = c; k < c + 4u; k++) {
    for (var v = o; v < o + 8u; v++) {
      let exists = k < params.in_channels && v < params.out_channels;
      let at = select(0u, model + k * params.weight_in_stride + v * params.weight_out_stride, exists);
      let i = 9u * (8u * (k - c) + v - o);
      taps[i] = select(0.0, weight[at + select(0u, 8u, flip)], exists);
      taps[i + 1u] = select(0.0, weight[at + select(1u, 7u, flip)], exists);
      taps[i + 2u] = select(0.0, weight[at + select(2u, 6u, flip)], exists);
      taps[i + 3u] = select(0.0, weight[at + select(3u, 5u, flip)], exists);
      taps[i + 4u] = select(0.0, weight[at + 4u], exists);
      taps[i + 5u] = select(0.0, weight[at + select(5u, 3u, flip)], exists);
      taps[i + 6u] = select(0.0, weight[at + select(6u, 2u, flip)], exists);
      taps[i + 7u] = select(0.0, weight[at + select(7u, 1u, flip)], exists);
      taps[i + 8u] = select(0.0, weight[at + select(8u, 0u, flip)], exists);
    }
  }
}

fn read_row(at: vec3u, inside: vec3<bool>) -> vec3f {
  return select(vec3f(), vec3f(source[at.x], source[at.y], source[at.z]), inside);
}

// Adds what this pass contributes to output channel o + v of one pixel. Channel by channel, each sum directly before
// its store: summing all eight first made the compiler keep 288 products in memory.
fn add_channel(v: u32, s: u32, o: u32, c: u32, y: u32, plane: u32, w0: Window, w1: Window, w2: Window, w3: Window) {
  if (o + v >= params.out_channels) { return; }
  let at = y + v * plane;
  var sum = 0.0;
  if (c > 0u) {
    sum = output[at];
  } else if (has_bias) {
    sum = bias[s * params.out_channels + o + v];
  }
  sum += dot3x3(9u * v, w0) + dot3x3(72u + 9u * v, w1) + dot3x3(144u + 9u * v, w2) + dot3x3(216u + 9u * v, w3);
  output[at] = sum;
}

fn dot3x3(t: u32, window: Window) -> f32 {
  let top = taps[t] * window.top.x + taps[t + 1u] * window.top.y + taps[t + 2u] * window.top.z;
  let middle = taps[t + 3u] * window.middle.x + taps[t + 4u] * window.middle.y + taps[t + 5u] * window.middle.z;
  let bottom = taps[t + 6u] * window.bottom.x + taps[t + 7u] * window.bottom.y + taps[t + 8u] * window.bottom.z;
  return top + middle + bottom;
}

