// kernels/fft.wgsl: discrete Fourier transforms of many lines of complex numbers, in workgroup memory.
//   y[k] = Σ_j x[j] exp(−2πi jk / n)      n = 2^a·3^b·5^c·7^d, as long as two copies fit
// Mixed-radix Stockham: with s the product of the radices done, a stage of radix r takes the r numbers
// i, i + n/r, i + 2n/r, … (i < n/r), transforms them, turns result k by exp(−2πi kq/n) with q = s⌊i/s⌋,
// and puts it at i + (r − 1)q + ks. After the last stage the line is in order: no bit reversal.
//
// Other lengths take several passes (src/ops/fft_plan.ts), whose lines are parts of longer ones and are
// multiplied on their way in or out:
//   Bailey 1990, n = n1·n2: n2 interleaved parts of n1 numbers; result k of part p is turned by
//     exp(−2πi pk/n); then n1 adjacent parts of n2 numbers. Results move to where they are next needed.
//   Bluestein 1970, any n: y[k] = conj(c[k]) Σ_j conj(c[j]) x[j] c[k − j] with c[j] = exp(πi j²/n), a
//     circular convolution of any length from 2n − 1 on, by way of its spectrum.
//
// input [lines / (parts · stride), input_length, stride] complex, row-major; output with output_length.
// Line (a, p, b) is part p of a longer line: its element j is at (a, j · parts + p, b) if the parts are
// interleaved, else at (a, p · length + j, b); result k goes to (a, k · parts + p, b) in both cases.
// A workgroup owns 2^line_bits whole lines; each of them has workgroup_size >> line_bits invocations.

struct Params {
  length: u32,
  lines: u32,
  stride: u32,
  parts: u32,         // 1: a line is no part of a longer one
  interleaved: u32,   // 1: the elements of a part are `parts` apart in the input, else adjacent
  input_length: u32,  // numbers of a longer line in the input; below parts · length, zeros follow
  output_length: u32, // numbers of a longer line in the output; the rest is dropped
  line_bits: u32,
  stages: u32,
  radices: u32,       // four bits for each stage, the first one lowest
  input_sign: f32,    // −1: the conjugate is transformed
  output_sign: f32,   // −1: the conjugate of the result is stored
  scale: f32,
}

override workgroup_size: u32 = 64;
override capacity: u32 = 1024; // complex numbers in the lines of a workgroup; twice 8 bytes each

override fives_and_sevens: bool = true; // whether these radices occur; without them it compiles in half the time
override chirped: bool = false; // the input is multiplied by conj(chirp[position in the longer line])
override turned: bool = false;  // results are multiplied by factors[k · p]
override weighted: bool = false; // results are multiplied by factors[position in the longer line]

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> twiddles: array<vec2f>; // exp(−2πi j/n), j < n
@group(0) @binding(2) var<storage, read> chirp: array<vec2f>;
@group(0) @binding(3) var<storage, read> factors: array<vec2f>;
@group(0) @binding(4) var<storage, read> input: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> output: array<vec2f>;

// Two copies of the lines: a stage reads from one and writes to the other.
var<workgroup> lines: array<vec2f, 2 * capacity>;

// Where this invocation's line begins in the copy read from and in the one written to, and how far its
// elements are apart there.
var<private> source: u32;
var<private> sink: u32;
var<private> pitch: u32;
// Of the stage under way: s and n/r.
var<private> done: u32;
var<private> part: u32;

fn product(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

fn conjugate(a: vec2f) -> vec2f {
  return vec2f(a.x, -a.y);
}

// a · (−i)
fn quarter(a: vec2f) -> vec2f {
  return vec2f(a.y, -a.x);
}

fn take(i: u32) -> vec2f {
  return lines[source + i * pitch];
}

fn put(i: u32, value: vec2f) {
  lines[sink + i * pitch] = value;
}

// s⌊i/s⌋. The half keeps the rounded quotient on the right side; CPUs divide integers one lane at a time.
fn rounded_down(i: u32) -> u32 {
  return done * u32((f32(i) + 0.5) / f32(done));
}

fn dft4(a: vec2f, b: vec2f, c: vec2f, d: vec2f) -> array<vec2f, 4> {
  let even = a + c;
  let odd = b + d;
  let difference = a - c;
  let turned = quarter(b - d);
  return array<vec2f, 4>(even + odd, difference + turned, even - odd, difference - turned);
}

fn stage2(i: u32) {
  let a = take(i);
  let b = take(i + part);
  let q = rounded_down(i);
  put(i + q, a + b);
  put(i + q + done, product(a - b, twiddles[q]));
}

fn stage3(i: u32) {
  const sin60 = 0.8660254037844386;
  let a = take(i);
  let b = take(i + part);
  let c = take(i + 2 * part);
  let middle = a - 0.5 * (b + c);
  let side = sin60 * quarter(b - c);
  let q = rounded_down(i);
  let to = i + 2 * q;
  let w = twiddles[q];
  put(to, a + b + c);
  put(to + done, product(middle + side, w));
  put(to + 2 * done, product(middle - side, product(w, w)));
}

fn stage4(i: u32) {
  let y = dft4(take(i), take(i + part), take(i + 2 * part), take(i + 3 * part));
  let q = rounded_down(i);
  let to = i + 3 * q;
  let w = twiddles[q];
  let w2 = product(w, w);
  put(to, y[0]);
  put(to + done, product(y[1], w));
  put(to + 2 * done, product(y[2], w2));
  put(to + 3 * done, product(y[3], product(w, w2)));
}

fn stage5(i: u32) {
  const cos72 = 0.30901699437494745;
  const cos144 = -0.8090169943749475;
  const sin72 = 0.9510565162951535;
  const sin144 = 0.5877852522924731;
  let a = take(i);
  let b = take(i + part);
  let c = take(i + 2 * part);
  let d = take(i + 3 * part);
  let e = take(i + 4 * part);
  let middle1 = a + cos72 * (b + e) + cos144 * (c + d);
  let middle2 = a + cos144 * (b + e) + cos72 * (c + d);
  let side1 = quarter(sin72 * (b - e) + sin144 * (c - d));
  let side2 = quarter(sin144 * (b - e) - sin72 * (c - d));
  let q = rounded_down(i);
  let to = i + 4 * q;
  let w = twiddles[q];
  let w2 = product(w, w);
  put(to, a + (b + e) + (c + d));
  put(to + done, product(middle1 + side1, w));
  put(to + 2 * done, product(middle2 + side2, w2));
  put(to + 3 * done, product(middle2 - side2, product(w, w2)));
  put(to + 4 * done, product(middle1 - side1, product(w2, w2)));
}

fn stage7(i: u32) {
  const cos1 = 0.6234898018587336; // of multiples of 2π/7
  const cos2 = -0.2225209339563144;
  const cos3 = -0.9009688679024191;
  const sin1 = 0.7818314824680298;
  const sin2 = 0.9749279121818236;
  const sin3 = 0.4338837391175581;
  let a = take(i);
  let b = take(i + part);
  let c = take(i + 2 * part);
  let d = take(i + 3 * part);
  let e = take(i + 4 * part);
  let f = take(i + 5 * part);
  let g = take(i + 6 * part);
  let sum1 = b + g;
  let sum2 = c + f;
  let sum3 = d + e;
  let gap1 = b - g;
  let gap2 = c - f;
  let gap3 = d - e;
  let middle1 = a + cos1 * sum1 + cos2 * sum2 + cos3 * sum3;
  let middle2 = a + cos2 * sum1 + cos3 * sum2 + cos1 * sum3;
  let middle3 = a + cos3 * sum1 + cos1 * sum2 + cos2 * sum3;
  let side1 = quarter(sin1 * gap1 + sin2 * gap2 + sin3 * gap3);
  let side2 = quarter(sin2 * gap1 - sin3 * gap2 - sin1 * gap3);
  let side3 = quarter(sin3 * gap1 - sin1 * gap2 + sin2 * gap3);
  let q = rounded_down(i);
  let to = i + 6 * q;
  let w = twiddles[q];
  let w2 = product(w, w);
  let w3 = product(w, w2);
  put(to, a + sum1 + sum2 + sum3);
  put(to + done, product(middle1 + side1, w));
  put(to + 2 * done, product(middle2 + side2, w2));
  put(to + 3 * done, product(middle3 + side3, w3));
  put(to + 4 * done, product(middle3 - side3, product(w2, w2)));
  put(to + 5 * done, product(middle2 - side2, product(w2, w3)));
  put(to + 6 * done, product(middle1 - side1, product(w3, w3)));
}

fn stage8(i: u32) {
  const cos45 = 0.7071067811865476;
  let a = dft4(take(i), take(i + 2 * part), take(i + 4 * part), take(i + 6 * part));
  let b = dft4(take(i + part), take(i + 3 * part), take(i + 5 * part), take(i + 7 * part));
  let b1 = cos45 * (b[1] + quarter(b[1]));
  let b2 = quarter(b[2]);
  let b3 = cos45 * (quarter(b[3]) - b[3]);
  let q = rounded_down(i);
  let to = i + 7 * q;
  let w = twiddles[q];
  let w2 = product(w, w);
  let w3 = product(w, w2);
  let w4 = twiddles[4 * q];
  put(to, a[0] + b[0]);
  put(to + done, product(a[1] + b1, w));
  put(to + 2 * done, product(a[2] + b2, w2));
  put(to + 3 * done, product(a[3] + b3, w3));
  put(to + 4 * done, product(a[0] - b[0], w4));
  put(to + 5 * done, product(a[1] - b1, product(w, w4)));
  put(to + 6 * done, product(a[2] - b2, product(w2, w4)));
  put(to + 7 * done, product(a[3] - b3, product(w3, w4)));
}

@compute @workgroup_size(workgroup_size)
fn transform(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  // Neighbours share a line where its elements are adjacent; otherwise they have adjacent lines.
  let interleaved = params.interleaved == 1;
  let gap = select(1u, params.parts, interleaved);
  let along = params.stride * gap == 1;
  let threads = workgroup_size >> params.line_bits;
  let line_here = select(local & ((1u << params.line_bits) - 1), local >> firstTrailingBit(threads), along);
  let thread = select(local >> params.line_bits, local & (threads - 1), along);
  pitch = select(1u << params.line_bits, 1u, along);
  source = line_here * select(1u, params.length, along);
  sink = source + capacity;

  let line = ((group.y * groups.x + group.x) << params.line_bits) + line_here;
  let owned = line < params.lines;
  let b = line % params.stride;
  let a = line / params.stride / params.parts;
  let p = line / params.stride - a * params.parts;
  if (owned) {
    let start = p * select(params.length, 1u, interleaved);
    let origin = (a * params.input_length + start) * params.stride + b;
    let input_step = params.stride * gap;
    for (var i = thread; i < params.length; i += threads) {
      var value = vec2f(0.0);
      let position = start + i * gap;
      if (!chirped || position < params.input_length) {
        value = input[origin + i * input_step] * vec2f(1.0, params.input_sign);
      }
      if (chirped) { value = product(value, conjugate(chirp[position])); }
      lines[source + i * pitch] = value;
    }
  }
  workgroupBarrier();

  done = 1;
  for (var stage = 0u; stage < params.stages; stage++) {
    let radix = (params.radices >> (4 * stage)) & 15;
    part = params.length / radix;
    if (owned) {
      switch radix {
        case 2: { for (var i = thread; i < part; i += threads) { stage2(i); } }
        case 3: { for (var i = thread; i < part; i += threads) { stage3(i); } }
        case 4: { for (var i = thread; i < part; i += threads) { stage4(i); } }
        case 5: { if (fives_and_sevens) { for (var i = thread; i < part; i += threads) { stage5(i); } } }
        case 7: { if (fives_and_sevens) { for (var i = thread; i < part; i += threads) { stage7(i); } } }
        default: { for (var i = thread; i < part; i += threads) { stage8(i); } }
      }
    }
    done *= radix;
    let written = sink;
    sink = source;
    source = written;
    workgroupBarrier();
  }

  if (owned) {
    let factor = params.scale * vec2f(1.0, params.output_sign);
    let origin = (a * params.output_length + p) * params.stride + b;
    let output_step = params.parts * params.stride;
    for (var i = thread; i < params.length; i += threads) {
      var value = take(i);
      if (turned) { value = product(value, factors[i * p]); }
      if (weighted) {
        let position = i * params.parts + p;
        if (position >= params.output_length) { continue; }
        value = product(value, factors[position]);
      }
      output[origin + i * output_step] = value * factor;
    }
  }
}
