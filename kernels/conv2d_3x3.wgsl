// Convolution 3×3, stride 1, padding 1: forward, and the gradient for the input, of S models side by side.
//   forward         y[s,n,o,i,j]  = bias[s,o] + Σ_c Σ_uv weight[s,o,c,u,v] · x[s,n,c,i+u−1,j+v−1]
//   input gradient  dx[s,n,c,i,j] = Σ_o Σ_uv weight[s,o,c,2−u,2−v] · dy[s,n,o,i+u−1,j+v−1]
// Both are one correlation of `source` with 3×3 taps; for the gradient the roles of C and O are exchanged
// (two strides) and the taps are turned by 180° (`flip`).
// source [S, N, in_channels, H, W]; weight [S, O, C, 3, 3]; bias [S, out_channels];
// output [S, N, out_channels, H, W]; f32, row-major. Without `has_bias` the bias is never read: bind anything.
//
// Written for adapters where a load costs about as much as twenty multiply-adds (lavapipe): the weights stay put.
// One invocation owns 8 output channels of a range of pixel columns. In passes of 4 input channels it copies its
// 4×8×9 taps into private memory, then walks down each column with a 3×3 window per input channel that slides:
// 3 new values per channel and row, 8 sums read and written, 288 multiply-adds. So about 30 loads and stores in
// the inner loop, which also is what fits the micro-op cache of a CPU; larger tiles ran slower.
// A pixel's sum is always taken in the same order, whatever the ranges: `ranges` only spreads the work.
struct Params {
  stack: u32,
  batch: u32,
  in_channels: u32,
  out_channels: u32,
  height: u32,
  width: u32,
  weight_in_stride: u32, // from one input channel of `weight` to the next: 9 forward, 9·C for the gradient
  weight_out_stride: u32, // from one output channel to the next: 9·C forward, 9 for the gradient
  ranges: u32, // parts into which the N·W pixel columns are divided
}
override workgroup_size: u32 = 8;
override has_bias: bool = false;
override flip: bool = false;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

// taps[9·(8·k + v) + t]: tap t of input channel k of the pass and output channel v of the block.
var<private> taps: array<f32, 288>;
var<private> sums: Sums;

struct Sums { s0: f32, s1: f32, s2: f32, s3: f32, s4: f32, s5: f32, s6: f32, s7: f32 }
// The 3×3 neighbourhood of a pixel in one input channel.
struct Window { top: vec3f, middle: vec3f, bottom: vec3f }

@compute @workgroup_size(workgroup_size)
fn correlate3x3(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * groups.x * workgroup_size + id.x; // [stack, ranges, blocks of 8 output channels]
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
        start_sums(s, o, c, y, plane);
        accumulate(0u, w0);
        accumulate(72u, w1);
        accumulate(144u, w2);
        accumulate(216u, w3);
        write_sums(o, y, plane);
        y += params.width;
      }
    }
  }
}

// Copies the taps of input channels c … c + 3 for output channels o … o + 7; those that do not exist are zero.
fn read_taps(s: u32, o: u32, c: u32) {
  let model = s * params.in_channels * params.out_channels * 9u;
  for (var pair = 0u; pair < 32u; pair++) {
    let in_channel = c + pair / 8u;
    let out_channel = o + pair % 8u;
    let exists = in_channel < params.in_channels && out_channel < params.out_channels;
    let first = model + in_channel * params.weight_in_stride + out_channel * params.weight_out_stride;
    for (var tap = 0u; tap < 9u; tap++) {
      let at = first + select(tap, 8u - tap, flip);
      taps[9u * pair + tap] = select(0.0, weight[select(0u, at, exists)], exists);
    }
  }
}

fn read_row(at: vec3u, inside: vec3<bool>) -> vec3f {
  return select(vec3f(), vec3f(source[at.x], source[at.y], source[at.z]), inside);
}

// The sums of 8 output channels of one pixel: the bias in the first pass, what the pass before left in later ones.
fn start_sums(s: u32, o: u32, c: u32, y: u32, plane: u32) {
  sums = Sums();
  if (c > 0u) {
    sums.s0 = output[y];
    if (o + 1u < params.out_channels) { sums.s1 = output[y + 1u * plane]; }
    if (o + 2u < params.out_channels) { sums.s2 = output[y + 2u * plane]; }
    if (o + 3u < params.out_channels) { sums.s3 = output[y + 3u * plane]; }
    if (o + 4u < params.out_channels) { sums.s4 = output[y + 4u * plane]; }
    if (o + 5u < params.out_channels) { sums.s5 = output[y + 5u * plane]; }
    if (o + 6u < params.out_channels) { sums.s6 = output[y + 6u * plane]; }
    if (o + 7u < params.out_channels) { sums.s7 = output[y + 7u * plane]; }
  } else if (has_bias) {
    let at = s * params.out_channels + o;
    sums.s0 = bias[at];
    if (o + 1u < params.out_channels) { sums.s1 = bias[at + 1u]; }
    if (o + 2u < params.out_channels) { sums.s2 = bias[at + 2u]; }
    if (o + 3u < params.out_channels) { sums.s3 = bias[at + 3u]; }
    if (o + 4u < params.out_channels) { sums.s4 = bias[at + 4u]; }
    if (o + 5u < params.out_channels) { sums.s5 = bias[at + 5u]; }
    if (o + 6u < params.out_channels) { sums.s6 = bias[at + 6u]; }
    if (o + 7u < params.out_channels) { sums.s7 = bias[at + 7u]; }
  }
}

fn accumulate(first: u32, window: Window) {
  sums.s0 = dot3x3(sums.s0, first, window);
  sums.s1 = dot3x3(sums.s1, first + 9u, window);
  sums.s2 = dot3x3(sums.s2, first + 18u, window);
  sums.s3 = dot3x3(sums.s3, first + 27u, window);
  sums.s4 = dot3x3(sums.s4, first + 36u, window);
  sums.s5 = dot3x3(sums.s5, first + 45u, window);
  sums.s6 = dot3x3(sums.s6, first + 54u, window);
  sums.s7 = dot3x3(sums.s7, first + 63u, window);
}

fn dot3x3(start: f32, t: u32, window: Window) -> f32 {
  var sum = start;
  sum = fma(taps[t], window.top.x, sum);
  sum = fma(taps[t + 1u], window.top.y, sum);
  sum = fma(taps[t + 2u], window.top.z, sum);
  sum = fma(taps[t + 3u], window.middle.x, sum);
  sum = fma(taps[t + 4u], window.middle.y, sum);
  sum = fma(taps[t + 5u], window.middle.z, sum);
  sum = fma(taps[t + 6u], window.bottom.x, sum);
  sum = fma(taps[t + 7u], window.bottom.y, sum);
  sum = fma(taps[t + 8u], window.bottom.z, sum);
  return sum;
}

fn write_sums(o: u32, y: u32, plane: u32) {
  output[y] = sums.s0;
  if (o + 1u < params.out_channels) { output[y + 1u * plane] = sums.s1; }
  if (o + 2u < params.out_channels) { output[y + 2u * plane] = sums.s2; }
  if (o + 3u < params.out_channels) { output[y + 3u * plane] = sums.s3; }
  if (o + 4u < params.out_channels) { output[y + 4u * plane] = sums.s4; }
  if (o + 5u < params.out_channels) { output[y + 5u * plane] = sums.s5; }
  if (o + 6u < params.out_channels) { output[y + 6u * plane] = sums.s6; }
  if (o + 7u < params.out_channels) { output[y + 7u * plane] = sums.s7; }
}
