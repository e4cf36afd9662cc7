// kernels/fft.wgsl: discrete Fourier transforms of many lines of complex numbers, in workgroup memory.
//   y[k] = Σ_j x[j] exp(−2πi jk / n)      n = 2^a·3^b·5^c·7^d, as long as the copies fit
// Mixed-radix Stockham: with s the product of the radices done, a stage of radix r takes the r numbers
// i, i + n/r, i + 2n/r, … (i < n/r), transforms them, turns result k by exp(−2πi kq/n) with q = s⌊i/s⌋,
// and puts it at i + (r − 1)q + ks. After the last stage the line is in order: no bit reversal.
// The first stage takes its numbers from the input and the last one puts them into the output; those between go
// from one copy in workgroup memory to the other.
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
// Shared: invocation, quotient, complex, fft_stages

struct Params {
  length: u32,
  lines: u32,
  stride: u32,
  parts: u32,         // 1: a line is no part of a longer one
  interleaved: u32,   // 1: the elements of a part are `parts` apart in the input, else adjacent
  input_length: u32,  // numbers of a longer line in the input; below parts · length, zeros follow
  output_length: u32, // numbers of a longer line in the output; the rest is dropped
  line_bits: u32,
  stages: u32,        // between the first and the last
  radices: u32,       // four bits for each of these stages, the first one lowest
  input_sign: f32,    // −1: the conjugate is transformed
  output_sign: f32,   // −1: the conjugate of the result is stored
  scale: f32,
}

override workgroup_size: u32 = 64;
override capacity: u32 = 2048; // complex numbers in workgroup memory, 8 bytes each

override first_radix: u32 = 1; // 1, 8 or 12
override last_radix: u32 = 1;  // 1 or 8
override any_radix: bool = true; // whether the others can be other than 2, 4 and 8; less compiles and runs faster
override has_chirp: bool = false; // the input is multiplied by conj(chirp[position in the longer line])
override turned: bool = false;  // results are multiplied by factors[k · p]
override weighted: bool = false; // results are multiplied by factors[position in the longer line]

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> twiddles: array<vec2f>; // exp(−2πi j/n), j < n
@group(0) @binding(2) var<storage, read> chirp: array<vec2f>;
@group(0) @binding(3) var<storage, read> factors: array<vec2f>;
@group(0) @binding(4) var<storage, read> input: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> output: array<vec2f>;

// Two copies of the lines: a stage reads from one and writes to the other.
var<workgroup> lines: array<vec2f, capacity>;

// Where this invocation's line begins in the copy read from and in the one written to, and how far its
// elements are apart there.
var<private> source: u32;
var<private> sink: u32;
var<private> pitch: u32;
// Where it begins in the input and in the output, and how far its elements are apart there.
var<private> origin: u32;
var<private> input_step: u32;
var<private> goal: u32;
var<private> output_step: u32;
// Position of its first element in the longer line, and how far its elements are apart there.
var<private> start: u32;
var<private> gap: u32;
var<private> own_part: u32; // p
// Of the stage under way: s and n/r.
var<private> done: u32;
var<private> part: u32;

// Whether the stage under way is the first, the last. Set right before it to a constant, which the compiler knows in
// the stage, so that nothing is decided while it runs.
var<private> from_input: bool;
var<private> to_output: bool;

// Of the butterfly under way: i, and where its number k is taken from and its result k put: at take_at +
// k·take_step and put_at + k·put_step.
var<private> own: u32;
var<private> take_at: u32;
var<private> take_step: u32;
var<private> put_at: u32;
var<private> put_step: u32;

// Sets where butterfly i of a stage takes and puts its numbers. Returns q, which is 0 throughout the last stage.
fn place(i: u32, radix: u32) -> u32 {
  own = i;
  take_at = select(source + i * pitch, origin + i * input_step, from_input);
  take_step = part * select(pitch, input_step, from_input);
  let q = select(done * quotient(i, done), 0u, to_output);
  let first = i + (radix - 1) * q;
  put_at = select(sink + first * pitch, goal + first * output_step, to_output);
  put_step = done * select(pitch, output_step, to_output);
  return q;
}

fn take(k: u32) -> vec2f {
  let at = take_at + k * take_step;
  if (!from_input) { return lines[at]; }
  if (!has_chirp) { return input[at] * vec2f(1.0, params.input_sign); }
  let position = start + (own + k * part) * gap;
  if (position >= params.input_length) { return vec2f(); }
  return product(input[at] * vec2f(1.0, params.input_sign), conjugate(chirp[position]));
}

// Result k of the last stage is number own + k·done of the line: q is 0.
fn put(k: u32, result: vec2f) {
  let at = put_at + k * put_step;
  if (!to_output) {
    lines[at] = result;
    return;
  }
  var value = result;
  if (turned) { value = product(value, factors[(own + k * done) * own_part]); }
  if (weighted) {
    let position = (own + k * done) * params.parts + own_part;
    if (position >= params.output_length) { return; }
    value = product(value, factors[position]);
  }
  output[at] = value * params.scale * vec2f(1.0, params.output_sign);
}

// One butterfly of the first or the last stage. Where the radix is a constant, the other cases vanish.
fn butterfly(radix: u32, i: u32) {
  switch radix {
    case 1: { stage1(i); }
    case 12: { stage12(i); }
    default: { stage8(i); }
  }
}

// A stage between the first and the last.
fn run_other_stage(radix: u32, thread: u32, threads: u32) {
  switch radix {
    case 2: { for (var i = thread; i < part; i += threads) { stage2(i); } }
    case 3: { if (any_radix) { for (var i = thread; i < part; i += threads) { stage3(i); } } }
    case 4: { for (var i = thread; i < part; i += threads) { stage4(i); } }
    case 5: { if (any_radix) { for (var i = thread; i < part; i += threads) { stage5(i); } } }
    case 7: { if (any_radix) { for (var i = thread; i < part; i += threads) { stage7(i); } } }
    default: { for (var i = thread; i < part; i += threads) { stage8(i); } }
  }
}

@compute @workgroup_size(workgroup_size)
fn transform(here: Invocation) {
  // Neighbours share a line where its elements are adjacent; otherwise they have adjacent lines.
  let interleaved = params.interleaved == 1;
  gap = select(1u, params.parts, interleaved);
  let along = params.stride * gap == 1;
  let threads = workgroup_size >> params.line_bits;
  let line_here = select(here.local & ((1u << params.line_bits) - 1), here.local >> firstTrailingBit(threads), along);
  let thread = select(here.local >> params.line_bits, here.local & (threads - 1), along);
  pitch = select(1u << params.line_bits, 1u, along);
  sink = line_here * select(1u, params.length, along);
  source = sink + capacity / 2;

  let line = (workgroup_index(here) << params.line_bits) + line_here;
  let owned = line < params.lines;
  let b = line % params.stride;
  let a = line / params.stride / params.parts;
  own_part = line / params.stride - a * params.parts;
  start = own_part * select(params.length, 1u, interleaved);
  origin = (a * params.input_length + start) * params.stride + b;
  input_step = params.stride * gap;
  goal = (a * params.output_length + own_part) * params.stride + b;
  output_step = params.parts * params.stride;

  done = 1;
  part = params.length / first_radix;
  from_input = true;
  to_output = false;
  if (owned) {
    for (var i = thread; i < part; i += threads) { butterfly(first_radix, i); }
  }
  done = first_radix;
  from_input = false;
  for (var stage = 0u; stage < params.stages; stage++) {
    swap_copies();
    let radix = (params.radices >> (4 * stage)) & 15;
    part = params.length / radix;
    if (owned) { run_other_stage(radix, thread, threads); }
    done *= radix;
  }
  swap_copies();
  part = params.length / last_radix;
  to_output = true;
  if (owned) {
    for (var i = thread; i < part; i += threads) { butterfly(last_radix, i); }
  }
}

// What a stage has written is what the next one reads.
fn swap_copies() {
  workgroupBarrier();
  let written = sink;
  sink = source;
  source = written;
}
