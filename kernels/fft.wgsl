// kernels/fft.wgsl: discrete Fourier transforms of many lines of complex numbers, in workgroup memory.
//   forward  y[k] = scale · Σ_j x[j] exp(−2πi jk / n)      inverse: the conjugate of that of conj(x)
// Mixed-radix Stockham: with s the product of the radices done, a stage of radix r takes the r numbers
// i, i + n/r, i + 2n/r, … (i < n/r), transforms them, turns result k by exp(−2πi kq/n) with q = s⌊i/s⌋,
// and puts it at i + (r − 1)q + ks. After the last stage the line is in order: no bit reversal.
// input, output: [lines / stride, length, stride] complex, row-major; element j of line (a, b) is at (a, j, b).
// A workgroup owns 2^line_bits whole lines; each of them has workgroup_size >> line_bits invocations.

struct Params {
  length: u32,
  lines: u32,
  stride: u32,
  line_bits: u32,
  stages: u32,
  radices: u32, // four bits for each stage, the first one lowest
  sign: f32,    // 1: forward, −1: inverse
  scale: f32,
}

override workgroup_size: u32 = 64;
override capacity: u32 = 1024; // complex numbers in the lines of a workgroup; twice 8 bytes each

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> twiddles: array<vec2f>; // exp(−2πi j/n), j < n
@group(0) @binding(2) var<storage, read> input: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> output: array<vec2f>;

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
  let threads = workgroup_size >> params.line_bits;
  let along = params.stride == 1;
  let line_here = select(local & ((1u << params.line_bits) - 1), local / threads, along);
  let thread = select(local >> params.line_bits, local % threads, along);
  pitch = select(1u << params.line_bits, 1u, along);
  source = line_here * select(1u, params.length, along);
  sink = source + capacity;

  let line = ((group.y * groups.x + group.x) << params.line_bits) + line_here;
  let owned = line < params.lines;
  let origin = line / params.stride * params.stride * params.length + line % params.stride;
  if (owned) {
    for (var i = thread; i < params.length; i += threads) {
      lines[source + i * pitch] = input[origin + i * params.stride] * vec2f(1.0, params.sign);
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
    let factor = params.scale * vec2f(1.0, params.sign);
    for (var i = thread; i < params.length; i += threads) {
      output[origin + i * params.stride] = take(i) * factor;
    }
  }
}
