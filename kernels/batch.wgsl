// kernels/batch.wgsl: makes one batch of one client from its byte images, gathered by index.
//   gather        normalized: x = (byte - 127.5) / 127.5, in channel planes
//   gather_bytes  for augment.wgsl: a pixel is one word, red | green << 10 | blue << 20
// images: RGB bytes [n, size, size, 3], packed in words; order, labels [n]; x [S, N, 3, size, size];
// batch_labels [S, N]; counts [S]; pixels [clients, N, size, size]; sources [clients, N]: stream, image.
// The client's models are client·roles … client·roles + roles - 1.
// Row r of step t is image order[t·batch_size + r]; rows behind the last one taken are padding: zeros with label 0.
// Where N is more than batch_size, the last step takes what is left if there is room.
// A client's images may lie in several buffers; each is dispatched for its own part of the rows.
// One invocation per column (x) and line (y) of a row (z) of the batch.

struct Params {
  rows: u32, batch_size: u32, size: u32, samples: u32, client: u32, roles: u32,
  first_image: u32, image_count: u32, stream: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> images: array<u32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read> position: array<u32>;  // step, epoch
@group(0) @binding(5) var<storage, read_write> batch_labels: array<i32>;
@group(0) @binding(6) var<storage, read_write> counts: array<u32>;
@group(0) @binding(7) var<storage, read_write> x: array<f32>;
@group(0) @binding(8) var<storage, read_write> pixels: array<u32>;
@group(0) @binding(9) var<storage, read_write> sources: array<vec2u>;

// What a row of the batch holds.
struct Row { image: u32, real: bool, ours: bool }

// How many images the step takes.
fn taken() -> u32 {
  let left = params.samples - min(position[0] * params.batch_size, params.samples);
  return select(params.batch_size, left, left <= params.rows);
}

fn row_at(index: u32) -> Row {
  let slot = position[0] * params.batch_size + index;
  let real = index < taken();
  let image = order[min(slot, params.samples - 1u)];
  let inside = image >= params.first_image && image - params.first_image < params.image_count;
  return Row(image, real, select(params.first_image == 0u, inside, real)); // padding is the first buffer's
}

// By the first invocation of each row.
fn write_label(index: u32, row: Row) {
  for (var role = 0u; role < params.roles; role++) {
    let model = params.client * params.roles + role;
    if (index == 0u) { counts[model] = taken(); }
    if (row.ours) { batch_labels[model * params.rows + index] = select(0, labels[row.image], row.real); }
  }
}

// Byte address of the pixel's red.
fn address(row: Row, pixel: u32) -> u32 {
  return ((row.image - params.first_image) * params.size * params.size + pixel) * 3u;
}

fn byte(at: u32) -> u32 {
  return (images[at / 4u] >> (at % 4u * 8u)) & 255u;
}

@compute @workgroup_size(32, 8)
fn gather(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.size || id.y >= params.size) { return; }
  let row = row_at(id.z);
  if (id.x == 0u && id.y == 0u) { write_label(id.z, row); }
  if (!row.ours) { return; }
  let area = params.size * params.size;
  let pixel = id.y * params.size + id.x;
  for (var channel = 0u; channel < 3u; channel++) {
    var value = 0.0;
    if (row.real) { value = (f32(byte(address(row, pixel) + channel)) - 127.5) * (1.0 / 127.5); }
    for (var role = 0u; role < params.roles; role++) {
      let model = params.client * params.roles + role;
      x[((model * params.rows + id.z) * 3u + channel) * area + pixel] = value;
    }
  }
}

@compute @workgroup_size(32, 8)
fn gather_bytes(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.size || id.y >= params.size) { return; }
  let row = row_at(id.z);
  if (id.x == 0u && id.y == 0u) { write_label(id.z, row); }
  if (!row.ours) { return; }
  let place = params.client * params.rows + id.z;
  if (id.x == 0u && id.y == 0u) { sources[place] = vec2u(params.stream * params.roles, row.image); }
  let pixel = id.y * params.size + id.x;
  var value = 0u;
  if (row.real) {
    let red = address(row, pixel);
    value = byte(red) | (byte(red + 1u) << 10u) | (byte(red + 2u) << 20u);
  }
  pixels[place * params.size * params.size + pixel] = value;
}
