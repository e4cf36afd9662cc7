// kernels/fourier_aggregation.wgsl: PRR-FL's server on one layer (Chen et al. 2021, arXiv:2110.00394).
// Each client k has a real matrix x_k [rows, columns] with spectrum F_k(u, v). Its new spectrum is
//   F_k · ((1 − S) + S · mean_j |F_j| / |F_k|)      S = (M(u, v) + M(−u, −v)) / 2
// where the mean is Σ_j w_j |F_j| / Σ_j w_j and M is 1 inside the low-frequency window and else 0. That is the real
// part of what averaging amplitudes inside M alone gives: a real gain for each bin, no angles.
//
// Real numbers need half a complex transform: with rows = 2 · pairs, z[p] = x[2p] + i·x[2p + 1] and
//   E(u, v), O(u, v) = spectra of the even and the odd rows = (Z ± conj Z(−u, −v)) / (2 or 2i)
//   F(u, v) = E + exp(−2πi u/rows) O      F(u + pairs, v) = E − exp(−2πi u/rows) O
// Where no axis is even, pairs = rows, the imaginary part is 0, so is O, and both bins are the same one.
//
// weights [clients, outputs, inputs]. Matrix element (r, c) of a convolution [O, C, kh, kw] has r = (C, kh)
// and c = (kw, O), the last one running fastest; that of a linear layer [O, I] has r = O and c = I.
// packed [clients, pairs, columns] complex; client_weights w [clients].
// Shared: complex, quotient

struct Params {
  clients: u32,
  rows: u32,
  columns: u32,
  pairs: u32,
  outputs: u32,      // O of a convolution, 1 for a linear layer
  inputs: u32,       // numbers for each output: rows · columns / outputs
  kernel_width: u32, // kw of a convolution, I of a linear layer
  transposed: u32,   // 1: rows and columns of this file are the matrix's columns and rows
  row_begin: u32,    // the window after fftshift, half open
  row_end: u32,
  column_begin: u32,
  column_end: u32,
}

override workgroup_size: u32 = 64;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> twiddles: array<vec2f>; // exp(−2πi u/rows)
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> packed: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read> client_weights: array<f32>;

// Where matrix element (row, column) lies in the weights.
fn weight_index(client: u32, row: u32, column: u32) -> u32 {
  let turned = params.transposed == 1;
  let r = select(row, column, turned);
  let c = select(column, row, turned);
  let x = quotient(c, params.outputs);
  let o = c - x * params.outputs;
  return client * params.rows * params.columns + o * params.inputs + r * params.kernel_width + x;
}

// packed = two rows of the matrix as one of complex numbers. Owns element (id.x, id.y) of client id.z.
@compute @workgroup_size(workgroup_size)
fn fold(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.columns) { return; }
  let paired = params.pairs < params.rows;
  let row = select(id.y, 2 * id.y, paired);
  var z = vec2f(weights[weight_index(id.z, row, id.x)], 0.0);
  if (paired) { z.y = weights[weight_index(id.z, row + 1, id.x)]; }
  packed[(id.z * params.pairs + id.y) * params.columns + id.x] = z;
}

// The reverse of fold.
@compute @workgroup_size(workgroup_size)
fn unfold(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.columns) { return; }
  let paired = params.pairs < params.rows;
  let row = select(id.y, 2 * id.y, paired);
  let z = packed[(id.z * params.pairs + id.y) * params.columns + id.x];
  output[weight_index(id.z, row, id.x)] = z.x;
  if (paired) { output[weight_index(id.z, row + 1, id.x)] = z.y; }
}

// F(u, v) in xy and F(u + pairs, v) in zw.
fn bins(here: u32, there: u32, turn: vec2f) -> vec4f {
  let z = packed[here];
  let mirrored = conjugate(packed[there]);
  let even = 0.5 * (z + mirrored);
  let odd = 0.5 * vec2f(z.y - mirrored.y, mirrored.x - z.x);
  let turned = product(odd, turn);
  return vec4f(even + turned, even - turned);
}

// Unit vector in xy and length in z; 0 has the direction of 1. Scaled first: a square may underflow.
fn polar(a: vec2f) -> vec3f {
  let largest = max(abs(a.x), abs(a.y));
  if (largest == 0) { return vec3f(1.0, 0.0, 0.0); }
  let scaled = a / largest;
  let size = length(scaled);
  return vec3f(scaled / size, largest * size);
}

// i modulo n, for i below 2n.
fn wrapped(i: u32, n: u32) -> u32 {
  return select(i, i - n, i >= n);
}

// M
fn inside(u: u32, v: u32) -> f32 {
  let row = wrapped(u + params.rows / 2, params.rows);
  let column = wrapped(v + params.columns / 2, params.columns);
  return select(0.0, 1.0, row >= params.row_begin && row < params.row_end &&
    column >= params.column_begin && column < params.column_end);
}

// S
fn share(u: u32, v: u32) -> f32 {
  let mirrored_u = wrapped(params.rows - u, params.rows);
  let mirrored_v = wrapped(params.columns - v, params.columns);
  return 0.5 * (inside(u, v) + inside(mirrored_u, mirrored_v));
}

fn blended(a: vec2f, share: f32, mean: f32) -> vec2f {
  return (1.0 - share) * a + share * mean * polar(a).xy;
}

// packed becomes the new spectrum. Owns bin (u, v) = (id.y, id.x) and its mirror image, of all clients.
@compute @workgroup_size(workgroup_size)
fn blend(@builtin(global_invocation_id) id: vec3u) {
  let u = id.y;
  let v = id.x;
  if (u >= params.pairs || v >= params.columns) { return; }
  let mirrored_u = wrapped(params.pairs - u, params.pairs);
  let mirrored_v = wrapped(params.columns - v, params.columns);
  let here = u * params.columns + v;
  let there = mirrored_u * params.columns + mirrored_v;
  if (here > there) { return; }

  let turn = twiddles[u];
  let size = params.pairs * params.columns;
  var sum = vec2f(0.0);
  var total = 0.0;
  for (var k = 0u; k < params.clients; k++) {
    let f = bins(k * size + here, k * size + there, turn);
    sum += client_weights[k] * vec2f(polar(f.xy).z, polar(f.zw).z);
    total += client_weights[k];
  }
  let mean = sum / total;
  let low_share = share(u, v);
  let high_share = share(wrapped(u + params.pairs, params.rows), v);
  for (var k = 0u; k < params.clients; k++) {
    let f = bins(k * size + here, k * size + there, turn);
    let low = blended(f.xy, low_share, mean.x);
    let high = blended(f.zw, high_share, mean.y);
    let even = 0.5 * (low + high);
    let odd = product(0.5 * (low - high), conjugate(turn));
    packed[k * size + here] = even + vec2f(-odd.y, odd.x);
    if (here != there) { packed[k * size + there] = conjugate(even) + odd.yx; }
  }
}
