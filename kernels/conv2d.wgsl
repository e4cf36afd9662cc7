// kernels/conv2d.wgsl: convolution of any kernel size, stride and padding, forward, and the gradient for the input.
//   forward         y[s,n,o,i,j]  = bias[s,o] + Σ_c Σ_uv weight[s,o,c,u,v] · x[s,n,c,a,b]
//                                   with a = i·stride + u − padding and b = j·stride + v − padding
//   input gradient  dx[s,n,c,i,j] = Σ_o Σ_uv weight[s,o,c,u,v] · dy[s,n,o,a,b]
//                                   with a = (i + padding − u) / stride and b = (j + padding − v) / stride,
//                                   over the taps for which neither division leaves a remainder
// Terms outside the source are zero. PyTorch's conv2d with dilation 1 and groups 1.
// source [S, N, in_channels, in_height, in_width]; weight [S, O, C, kernel_height, kernel_width];
// bias [S, out_channels]; output [S, N, out_channels, out_height, out_width]; f32, row-major.
// For the gradient (`transposed`) the source is dy, the output dx, and in_channels is O.
//
// One invocation owns 8 output channels of 4 neighbouring pixels of a row: 4 + 8 loads for 32 multiply-adds.
// The taps are the outer loops, so that what is inside the source is found once for all channels.
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
  weight_in_stride: u32, // from one input channel of `weight` to the next: kh·kw forward, C·kh·kw transposed
  weight_out_stride: u32, // from one output channel to the next: C·kh·kw forward, kh·kw transposed
}
override workgroup_size: u32 = 64;
override has_bias: bool = false;
override transposed: bool = false;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(workgroup_size)
fn correlate(here: Invocation) {
  let index = invocation_index(here); // [stack, batch, blocks of 8 channels, rows, quads of pixels]
  let quads = (params.out_width + 3u) / 4u;
  let blocks = (params.out_channels + 7u) / 8u;
  let i = index / quads % params.out_height;
  let o = index / (quads * params.out_height) % blocks * 8u;
  let image = index / (quads * params.out_height * blocks); // s·N + n
  let s = image / params.batch;
  if (s >= params.stack) { return; }
  let j = index % quads * 4u + vec4u(0u, 1u, 2u, 3u);

  var sum0 = start(s, o);
  var sum1 = start(s, o + 1u);
  var sum2 = start(s, o + 2u);
  var sum3 = start(s, o + 3u);
  var sum4 = start(s, o + 4u);
  var sum5 = start(s, o + 5u);
  var sum6 = start(s, o + 6u);
  var sum7 = start(s, o + 7u);

  // Channels beyond the last read the last one's weights; their sums are not written.
  let last = params.out_channels - 1u;
  let model = s * params.in_channels * params.out_channels * params.kernel_height * params.kernel_width;
  let block0 = model + min(vec4u(o, o + 1u, o + 2u, o + 3u), vec4u(last)) * params.weight_out_stride;
  let block1 = model + min(vec4u(o + 4u, o + 5u, o + 6u, o + 7u), vec4u(last)) * params.weight_out_stride;
  let plane = params.in_height * params.in_width;

  for (var u = 0u; u < params.kernel_height; u++) {
    let row = source_index(vec4u(i), u, params.in_height).x;
    for (var v = 0u; v < params.kernel_width; v++) {
      let column = source_index(j, v, params.in_width);
      let inside = (column < vec4u(params.in_width)) & vec4<bool>(row < params.in_height);
      var at = select(vec4u(), row * params.in_width + column, inside) + image * params.in_channels * plane;
      var tap = u * params.kernel_width + v;
      for (var c = 0u; c < params.in_channels; c++) {
        let value = select(vec4f(), vec4f(source[at.x], source[at.y], source[at.z], source[at.w]), inside);
        sum0 = fma(vec4f(weight[block0.x + tap]), value, sum0);
        sum1 = fma(vec4f(weight[block0.y + tap]), value, sum1);
        sum2 = fma(vec4f(weight[block0.z + tap]), value, sum2);
        sum3 = fma(vec4f(weight[block0.w + tap]), value, sum3);
        sum4 = fma(vec4f(weight[block1.x + tap]), value, sum4);
        sum5 = fma(vec4f(weight[block1.y + tap]), value, sum5);
        sum6 = fma(vec4f(weight[block1.z + tap]), value, sum6);
        sum7 = fma(vec4f(weight[block1.w + tap]), value, sum7);
        at += vec4u(plane);
        tap += params.weight_in_stride;
      }
    }
  }

  write(image, o, i, j, sum0);
  write(image, o + 1u, i, j, sum1);
  write(image, o + 2u, i, j, sum2);
  write(image, o + 3u, i, j, sum3);
  write(image, o + 4u, i, j, sum4);
  write(image, o + 5u, i, j, sum5);
  write(image, o + 6u, i, j, sum6);
  write(image, o + 7u, i, j, sum7);
}

// The row (or column) of the source that tap `tap` of output row `at` falls on; 0xffffffff if there is none.
// Left of zero the unsigned difference wraps round to a huge number, which no source reaches.
fn source_index(at: vec4u, tap: u32, extent: u32) -> vec4u {
  if (transposed) {
    let scaled = at + params.padding - tap;
    let exists = (scaled < vec4u(extent * params.stride)) & (scaled % params.stride == vec4u());
    return select(vec4u(0xffffffffu), scaled / params.stride, exists);
  }
  return at * params.stride + tap - params.padding;
}

fn start(s: u32, o: u32) -> vec4f {
  if (has_bias) {
    return vec4f(bias[s * params.out_channels + min(o, params.out_channels - 1u)]);
  }
  return vec4f();
}

fn write(image: u32, o: u32, i: u32, j: vec4u, sum: vec4f) {
  if (o >= params.out_channels) { return; }
  let row = ((image * params.out_channels + o) * params.out_height + i) * params.out_width;
  if (j.x < params.out_width) { output[row + j.x] = sum.x; }
  if (j.y < params.out_width) { output[row + j.y] = sum.y; }
  if (j.z < params.out_width) { output[row + j.z] = sum.z; }
  if (j.w < params.out_width) { output[row + j.w] = sum.w; }
}
