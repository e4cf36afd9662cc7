// kernels/augment.wgsl: the official training augmentation, in the order and arithmetic of albumentations 0.5.2.
//   draw      the random parameters of every image
//   recolour  flips, then brightness
//   smooth    median blur, Gaussian blur, Gaussian noise or nothing
//   warp      shift, scale and rotation, then normalization: x = (byte - 127.5) / 127.5
// Between the steps all values are bytes. A pixel is one word, red | green << 10 | blue << 20: the two
// spare bits of each channel make it possible to add four pixels, or compare two, channel by channel.
// gathered [images, height, width] is seen in `views` ways: draws [views, images], augmented [views, images,
// height, width]. The images are clients · rows; x [clients, roles, rows, 3, height, width], counts [clients, roles].
// With one view all roles of a client see the same, else each role its own.
// One invocation per column (x) and line (y) of an augmented image (z); for `draw`, per image.

struct Params { width: u32, height: u32, images: u32, rows: u32, roles: u32, views: u32, seed: u32 }

// A step that is left out has the parameters with which it changes nothing.
struct Draw {
  flips: u32,                         // bit 0: upside down; bit 1: left-right
  brightness: f32,                    // grey levels added
  smoothing: u32,                     // one of those below
  kernel_size: u32,                   // of a blur: 3 or 5
  variance: f32,                      // of the noise, squared grey levels
  angle: f32,                         // degrees, counter-clockwise
  scale: f32,
  shift_x: f32, shift_y: f32,         // as parts of width and height
  key_x: u32, key_y: u32, key_z: u32, // of all random numbers of this image
}

const unsmoothed = 0u;
const median_blur = 1u;
const gaussian_blur = 2u;
const gaussian_noise = 3u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sources: array<vec2u>;  // stream, image
@group(0) @binding(2) var<storage, read> position: array<u32>;   // step, epoch
@group(0) @binding(3) var<storage, read_write> drawn: array<Draw>;
@group(0) @binding(4) var<storage, read> draws: array<Draw>;
@group(0) @binding(5) var<storage, read> input: array<u32>;
@group(0) @binding(6) var<storage, read_write> output: array<u32>;
@group(0) @binding(7) var<storage, read> counts: array<u32>;
@group(0) @binding(8) var<storage, read_write> x: array<f32>;

// The same function as in src/random.ts (Jarzynski and Olano 2020).
fn pcg4d(key: vec4u) -> vec4u {
  var v = key * 1664525u + 1013904223u;
  v.x += v.y * v.w; v.y += v.z * v.x; v.z += v.x * v.y; v.w += v.y * v.z;
  v ^= v >> vec4u(16u);
  v.x += v.y * v.w; v.y += v.z * v.x; v.z += v.x * v.y; v.w += v.y * v.z;
  return v;
}

// A multiple of 2⁻²⁴ in [0, 1).
fn unit(word: u32) -> f32 { return f32(word >> 8u) * 0x1p-24; }

fn between(word: u32, low: f32, high: f32) -> f32 { return low + unit(word) * (high - low); }

@compute @workgroup_size(64)
fn draw(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.views * params.images) { return; }
  let source = sources[id.x % params.images];
  let view = id.x / params.images;
  let key = pcg4d(vec4u(params.seed, source.x + view, position[1], source.y)).xyz;
  let a = pcg4d(vec4u(key, 0u));
  let b = pcg4d(vec4u(key, 1u));
  let c = pcg4d(vec4u(key, 2u));
  let d = pcg4d(vec4u(key, 3u));

  var result = Draw(0u, 0.0, unsmoothed, 3u, 0.0, 0.0, 1.0, 0.0, 0.0, key.x, key.y, key.z);
  result.flips = u32(unit(a.x) < 0.5) | (u32(unit(a.y) < 0.5) << 1u);
  if (unit(a.z) < 0.75) { result.brightness = between(a.w, -0.2, 0.2) * 255.0; }
  if (unit(b.x) < 0.7) { result.smoothing = 1u + u32(unit(b.y) * 3.0); }
  // The Gaussian's size is drawn from 3, 4 and 5, of which 4 becomes 5.
  let small = select(1.0 / 3.0, 0.5, result.smoothing == median_blur);
  result.kernel_size = select(5u, 3u, unit(b.z) < small);
  result.variance = between(b.w, 5.0, 30.0);
  if (unit(c.x) < 0.85) {
    result.angle = between(c.y, -15.0, 15.0);
    result.scale = between(c.z, 0.9, 1.1);
    result.shift_x = between(c.w, -0.1, 0.1);
    result.shift_y = between(d.x, -0.1, 0.1);
  }
  drawn[id.x] = result;
}

// Red, green and blue of a pixel, or of the sum of up to four.
fn unpack(pixel: u32) -> vec3u { return vec3u(pixel, pixel >> 10u, pixel >> 20u) & vec3u(1023u); }

fn pack(bytes: vec3u) -> u32 { return bytes.x | (bytes.y << 10u) | (bytes.z << 20u); }

// In f32, cut off at the ends and truncated, as albumentations adds brightness and noise.
fn add_grey_levels(pixel: u32, levels: vec3f) -> u32 {
  return pack(vec3u(clamp(vec3f(unpack(pixel)) + levels, vec3f(0.0), vec3f(255.0))));
}

@compute @workgroup_size(32, 8)
fn recolour(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) { return; }
  let flips = draws[id.z].flips;
  let line = select(id.y, params.height - 1u - id.y, (flips & 1u) != 0u);
  let column = select(id.x, params.width - 1u - id.x, (flips & 2u) != 0u);
  let pixel = input[(id.z % params.images * params.height + line) * params.width + column];
  output[(id.z * params.height + id.y) * params.width + id.x] =
    add_grey_levels(pixel, vec3f(draws[id.z].brightness));
}

// Five pixels side by side, or their columns, or five lines.
struct Five { a: u32, b: u32, c: u32, d: u32, e: u32 }

// Where to read i - 2 … i + 2 of n: beyond the border, its last place again.
fn replicated(i: i32, n: i32) -> Five {
  let place = clamp(vec4i(i) + vec4i(-2, -1, 1, 2), vec4i(0), vec4i(n - 1));
  return Five(u32(place.x), u32(place.y), u32(i), u32(place.z), u32(place.w));
}

// The same, mirrored in the border's last place (which is not repeated: OpenCV's reflect-101); n is at least 3.
fn reflected(i: i32, n: i32) -> Five {
  let inner = abs(vec4i(i) + vec4i(-2, -1, 1, 2));
  let place = min(inner, vec4i(2 * (n - 1)) - inner);
  return Five(u32(place.x), u32(place.y), u32(i), u32(place.z), u32(place.w));
}

fn read_line(image: u32, line: u32, columns: Five) -> Five {
  let first = (image * params.height + line) * params.width;
  return Five(
    input[first + columns.a], input[first + columns.b], input[first + columns.c],
    input[first + columns.d], input[first + columns.e],
  );
}

const ones = 1u | (1u << 10u) | (1u << 20u); // 1 in each channel
const white = 255u * ones;

// How many of five pixels are at least `bound`, for each channel: bit 8, lent to the pixel, is left if so.
fn count_from(line: Five, bound: u32) -> u32 {
  let lent = 256u * ones;
  return ((((line.a | lent) - bound) >> 8u) & ones) + ((((line.b | lent) - bound) >> 8u) & ones) +
    ((((line.c | lent) - bound) >> 8u) & ones) + ((((line.d | lent) - bound) >> 8u) & ones) +
    ((((line.e | lent) - bound) >> 8u) & ones);
}

// The largest value that at least 13 of the 25 neighbours reach, found bit by bit, all channels at once.
// For a 3×3 median, half of the outer 16 are black and half white, which leaves the inner nine to decide.
fn median(image: u32, lines: Five, columns: Five, kernel_size: u32) -> u32 {
  var p = read_line(image, lines.a, columns);
  var q = read_line(image, lines.b, columns);
  var r = read_line(image, lines.c, columns);
  var s = read_line(image, lines.d, columns);
  var t = read_line(image, lines.e, columns);
  if (kernel_size == 3u) {
    p = Five(0u, 0u, 0u, 0u, 0u);
    q.a = 0u; r.a = 0u; s.a = 0u;
    q.e = white; r.e = white; s.e = white;
    t = Five(white, white, white, white, white);
  }
  var result = 0u;
  for (var bit = 128u; bit > 0u; bit >>= 1u) {
    let bound = result + bit * ones;
    let count = count_from(p, bound) + count_from(q, bound) + count_from(r, bound) +
      count_from(s, bound) + count_from(t, bound);
    result += (((count + (256u - 13u) * ones) >> 8u) & ones) * bit;
  }
  return result;
}

// Σ weight · value of five pixels, or of five sums of two: weights.x at both ends, weights.z in the middle.
fn weighted(line: Five, weights: vec3u) -> vec3u {
  return weights.x * unpack(line.a + line.e) + weights.y * unpack(line.b + line.d) +
    weights.z * unpack(line.c);
}

fn sum(first: Five, second: Five) -> Five {
  return Five(
    first.a + second.a, first.b + second.b, first.c + second.c, first.d + second.d, first.e + second.e,
  );
}

// [1, 4, 6, 4, 1] / 16 each way, or [1, 2, 1] / 4 = [0, 4, 8, 4, 0] / 16. OpenCV's fixed-point passes
// lose nothing with these, so rounding once, half up, gives its bytes.
fn gaussian(image: u32, lines: Five, columns: Five, kernel_size: u32) -> u32 {
  let weights = select(vec3u(1u, 4u, 6u), vec3u(0u, 4u, 8u), kernel_size == 3u);
  let far = sum(read_line(image, lines.a, columns), read_line(image, lines.e, columns));
  let near = sum(read_line(image, lines.b, columns), read_line(image, lines.d, columns));
  let own = read_line(image, lines.c, columns);
  let total = weights.x * weighted(far, weights) + weights.y * weighted(near, weights) +
    weights.z * weighted(own, weights);
  return pack((total + 128u) >> vec3u(8u));
}

// Three independent standard normal numbers (Box and Muller), at most 5.9. What goes into log() lies in
// (0, 1], into cos() and sin() in [-π, π): there WGSL promises enough for noise.
fn normals(draw: Draw, pixel: u32) -> vec3f {
  let words = pcg4d(vec4u(draw.key_x, draw.key_y, draw.key_z, 0x80000000u | pixel));
  let radius = sqrt(-2.0 * log((vec2f(words.xz >> vec2u(8u)) + 0.5) * 0x1p-24));
  let angle = (vec2f(words.yw >> vec2u(8u)) * 0x1p-24 - 0.5) * 6.283185307;
  return vec3f(radius.x * cos(angle.x), radius.x * sin(angle.x), radius.y * cos(angle.y));
}

@compute @workgroup_size(32, 8)
fn smooth_or_noise(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) { return; }
  let draw = draws[id.z];
  let pixel = id.y * params.width + id.x;
  let place = id.z * params.height * params.width + pixel;
  let column = i32(id.x);
  let line = i32(id.y);
  let width = i32(params.width);
  let height = i32(params.height);
  var value = 0u;
  if (draw.smoothing == median_blur) {
    value = median(id.z, replicated(line, height), replicated(column, width), draw.kernel_size);
  } else if (draw.smoothing == gaussian_blur) {
    value = gaussian(id.z, reflected(line, height), reflected(column, width), draw.kernel_size);
  } else if (draw.smoothing == gaussian_noise) {
    value = add_grey_levels(input[place], sqrt(draw.variance) * normals(draw, pixel));
  } else {
    value = input[place];
  }
  output[place] = value;
}

// Where in the image the warped pixel comes from: the inverse of a rotation and scaling about
// (width / 2, height / 2), followed by a shift. WGSL promises sin() and cos() to 2⁻¹¹ only, which is half a
// pixel at 1024; Taylor's polynomials are off by less than 6e-10 within 15 degrees.
fn origin(draw: Draw, place: vec2f) -> vec2f {
  let size = vec2f(f32(params.width), f32(params.height));
  let moved = place - 0.5 * size - vec2f(draw.shift_x, draw.shift_y) * size;
  let a = draw.angle * (3.14159265 / 180.0);
  let q = a * a;
  let sine = a * (1.0 - q / 6.0 * (1.0 - q / 20.0 * (1.0 - q / 42.0)));
  let cosine = 1.0 - q / 2.0 * (1.0 - q / 12.0 * (1.0 - q / 30.0));
  let turned = vec2f(cosine * moved.x - sine * moved.y, sine * moved.x + cosine * moved.y);
  return turned / draw.scale + 0.5 * size;
}

// Black outside the image.
fn tap(image: u32, column: i32, line: i32) -> vec3f {
  let width = i32(params.width);
  let height = i32(params.height);
  let inside = column >= 0 && column < width && line >= 0 && line < height;
  let place = clamp(line, 0, height - 1) * width + clamp(column, 0, width - 1);
  let pixel = input[image * params.height * params.width + u32(place)];
  return select(vec3f(0.0), vec3f(unpack(pixel)), inside);
}

// A byte: bilinear interpolation, rounded. (OpenCV rounds positions to 1/32 pixel before that.)
fn sample(image: u32, at: vec2f) -> vec3f {
  let corner = floor(at);
  let part = at - corner;
  let column = i32(corner.x);
  let line = i32(corner.y);
  let above = tap(image, column, line) * (1.0 - part.x) + tap(image, column + 1, line) * part.x;
  let below =
    tap(image, column, line + 1) * (1.0 - part.x) + tap(image, column + 1, line + 1) * part.x;
  return floor(above * (1.0 - part.y) + below * part.y + 0.5);
}

@compute @workgroup_size(32, 8)
fn warp(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) { return; }
  let place = vec2f(f32(id.x), f32(id.y));
  let bytes = sample(id.z, origin(draws[id.z], place));
  let image = id.z % params.images;
  let client = image / params.rows;
  let row = image % params.rows;
  let area = params.width * params.height;
  let first_role = id.z / params.images;
  let last_role = select(first_role + 1u, params.roles, params.views == 1u);
  for (var role = first_role; role < last_role; role++) {
    let model = client * params.roles + role;
    let real = row < counts[model];
    let normalized = select(vec3f(0.0), (bytes - 127.5) * (1.0 / 127.5), real);
    let at = (model * params.rows + row) * 3u * area + id.y * params.width + id.x;
    x[at] = normalized.x;
    x[at + area] = normalized.y;
    x[at + 2u * area] = normalized.z;
  }
}
