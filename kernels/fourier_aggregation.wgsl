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
//
// blend does it at once. Where the mean is made elsewhere, amplitudes gives what a client sends, and take what it makes
// of the mean of that. |F(u, v)| = |F(−u, −v)|, so half of them will do: with a window of signed frequencies −b … b − 1
// on either axis, those of u = −b … 0 and v = −b … b hold each bin of the window or its mirror image.
// message [clients, b + 1, 2b + 1 or as many as the matrix has columns], 0 where S is: that bin is not to be shared.
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
@group(0) @binding(6) var<storage, read_write> message: array<f32>;
@group(0) @binding(7) var<storage, read> means: array<f32>;

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

// Where a bin lies after fftshift.
fn shifted(u: u32, v: u32) -> vec2u {
  return vec2u(
    wrapped(u + params.rows / 2, params.rows),
    wrapped(v + params.columns / 2, params.columns),
  );
}

// M
fn inside(u: u32, v: u32) -> f32 {
  let at = shifted(u, v);
  return select(0.0, 1.0, at.x >= params.row_begin && at.x < params.row_end &&
    at.y >= params.column_begin && at.y < params.column_end);
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

// Of one client, the new bins in place of those of bin (u, v) and its mirror image.
fn put(k: u32, here: u32, there: u32, low: vec2f, high: vec2f, turn: vec2f) {
  let start = k * params.pairs * params.columns;
  let even = 0.5 * (low + high);
  let odd = product(0.5 * (low - high), conjugate(turn));
  packed[start + here] = even + vec2f(-odd.y, odd.x);
  if (here != there) { packed[start + there] = conjugate(even) + odd.yx; }
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
    put(k, here, there, low, high, turn);
  }
}

// Rows and columns of a message: after fftshift it begins where the window does.
fn message_sides() -> vec2u {
  return vec2u(
    params.rows / 2 + 1 - params.row_begin,
    min(params.column_end + 1, params.columns) - params.column_begin,
  );
}

// |F(u, v)| of one client as blend has it: from that of a bin and its mirror image which blend owns.
fn amplitude(k: u32, u: u32, v: u32) -> f32 {
  let base = select(u, u - params.pairs, u >= params.pairs);
  let mirrored_base = wrapped(params.pairs - base, params.pairs);
  let here = base * params.columns + v;
  let there = mirrored_base * params.columns + wrapped(params.columns - v, params.columns);
  let own = select(u, wrapped(params.rows - u, params.rows), there < here);
  let start = k * params.pairs * params.columns;
  let turn = twiddles[select(base, mirrored_base, there < here)];
  let f = bins(start + min(here, there), start + max(here, there), turn);
  return polar(select(f.xy, f.zw, own >= params.pairs)).z;
}

// Owns element (id.y, id.x) of the message of client id.z.
@compute @workgroup_size(workgroup_size)
fn amplitudes(@builtin(global_invocation_id) id: vec3u) {
  let sides = message_sides();
  if (id.y >= sides.x || id.x >= sides.y) { return; }
  let u = wrapped(id.y + params.row_begin + params.rows - params.rows / 2, params.rows);
  let v = wrapped(id.x + params.column_begin + params.columns - params.columns / 2, params.columns);
  var sent = 0.0;
  if (share(u, v) > 0.0) { sent = amplitude(id.z, u, v); }
  message[(id.z * sides.x + id.y) * sides.y + id.x] = sent;
}

// The mean amplitude of a bin whose share is not 0: of it or, if that is not in the message, of its mirror image.
fn mean_of(u: u32, v: u32) -> f32 {
  let sides = message_sides();
  let mirrored = vec2u(wrapped(params.rows - u, params.rows), wrapped(params.columns - v, params.columns));
  let own = select(mirrored, vec2u(u, v), shifted(u, v).x <= params.rows / 2);
  let at = shifted(own.x, own.y);
  return means[(at.x - params.row_begin) * sides.y + at.y - params.column_begin];
}

// As blend, of one client id.z, with means that are made elsewhere.
@compute @workgroup_size(workgroup_size)
fn take(@builtin(global_invocation_id) id: vec3u) {
  let u = id.y;
  let v = id.x;
  if (u >= params.pairs || v >= params.columns) { return; }
  let here = u * params.columns + v;
  let there = wrapped(params.pairs - u, params.pairs) * params.columns +
    wrapped(params.columns - v, params.columns);
  if (here > there) { return; }

  let turn = twiddles[u];
  let start = id.z * params.pairs * params.columns;
  let f = bins(start + here, start + there, turn);
  let upper = wrapped(u + params.pairs, params.rows);
  var low = f.xy;
  var high = f.zw;
  if (share(u, v) > 0.0) { low = blended(low, share(u, v), mean_of(u, v)); }
  if (share(upper, v) > 0.0) { high = blended(high, share(upper, v), mean_of(upper, v)); }
  put(id.z, here, there, low, high, turn);
}
