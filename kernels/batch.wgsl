// kernels/batch.wgsl: makes one batch of one client from its byte images: gathers by index, mirrors, normalizes.
//   x = (byte - 127.5) / 127.5, in channel planes
// images: RGB bytes [n, size, size, 3], packed in words; order, labels [n]; x [S, N, 3, size, size];
// batch_labels [S, N]; counts [S]. The client's models are client·roles … client·roles + roles - 1.
// Row r of step t is image order[t·N + r]; rows behind the last image are padding: zeros with label 0.
// A client's images may lie in several buffers; each is dispatched for its own part of the rows.
// One invocation per pixel (x), row (y) and role (z).

struct Params {
  rows: u32, size: u32, samples: u32, client: u32, roles: u32,
  first_image: u32, image_count: u32,
  seed: u32, stream: u32,
}

override flips: bool = false;        // mirror at random, each way in half of the cases
override by_role: bool = false;      // each role sees different mirror images

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> images: array<u32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read> position: array<u32>;  // step, epoch
@group(0) @binding(5) var<storage, read_write> x: array<f32>;
@group(0) @binding(6) var<storage, read_write> batch_labels: array<i32>;
@group(0) @binding(7) var<storage, read_write> counts: array<u32>;

// The same function as in src/random.ts (Jarzynski and Olano 2020).
fn pcg4d(key: vec4u) -> vec4u {
  var v = key * 1664525u + 1013904223u;
  v.x += v.y * v.w; v.y += v.z * v.x; v.z += v.x * v.y; v.w += v.y * v.z;
  v ^= v >> vec4u(16u);
  v.x += v.y * v.w; v.y += v.z * v.x; v.z += v.x * v.y; v.w += v.y * v.z;
  return v;
}

fn byte(address: u32) -> f32 {
  return f32((images[address / 4u] >> (address % 4u * 8u)) & 255u);
}

@compute @workgroup_size(64)
fn gather(@builtin(global_invocation_id) id: vec3u) {
  let pixels = params.size * params.size;
  if (id.x >= pixels) { return; }
  let model = params.client * params.roles + id.z;
  let first_slot = position[0] * params.rows;
  let slot = first_slot + id.y;
  let real = slot < params.samples;
  let image = order[min(slot, params.samples - 1u)];
  let inside = image >= params.first_image && image - params.first_image < params.image_count;

  if (id.x == 0u && id.y == 0u) {
    counts[model] = min(params.rows, params.samples - min(first_slot, params.samples));
  }
  if (!select(params.first_image == 0u, inside, real)) { return; } // padding is left to the first buffer
  if (id.x == 0u) {
    batch_labels[model * params.rows + id.y] = select(0, labels[image], real);
  }

  var row = id.x / params.size;
  var column = id.x % params.size;
  if (flips) {
    let role = select(0u, id.z, by_role);
    let drawn = pcg4d(vec4u(params.seed, params.stream * params.roles + role, position[1], image));
    if (drawn.x >= 0x80000000u) { row = params.size - 1u - row; }
    if (drawn.y >= 0x80000000u) { column = params.size - 1u - column; }
  }
  let source = ((image - params.first_image) * pixels + row * params.size + column) * 3u;
  let place = (model * params.rows + id.y) * 3u * pixels + id.x;
  for (var channel = 0u; channel < 3u; channel++) {
    var value = 0.0;
    if (real) { value = (byte(source + channel) - 127.5) * (1.0 / 127.5); }
    x[place + channel * pixels] = value;
  }
}
