// kernels/tiles.wgsl: products of matrices in tiles that a workgroup shares, many matrices at once.
//   output[p, m, row, column] = Σ_k left[m, row, k] · right[m, k, column]    over the p-th part of the terms
// As a product, right is a matrix. As a convolution (implicit GEMM) it is made of image patches while it is loaded:
//   forward           rows o, terms (c,u,v), columns (n,i,j):  weight · patches of x + bias
//   input gradient    rows c, terms (o,u,v), columns (n,i,j):  weight · patches of dy, if `transposed`
//   weight gradient   rows o, terms (n,i,j), columns (c,u,v):  dy · patches of x, if `sums_pixels`
// A patch is what a kernel window sees: source[image, c, i·stride + u − padding, j·stride + v − padding], 0 outside; or
// transposed source[image, c, (i + padding − u) / stride, …] where the division leaves no remainder.
//
// left [matrices, rows, terms] as strides say; right [matrices, terms, columns] likewise, or the source
// [matrices, batch, channels, height, width]; bias [matrices, rows]; f32. output [parts, matrices, …], in which columns
// are divided into planes: [columns / plane, rows, plane]; with one plane that is [rows, columns].
//
// A workgroup owns a tile of 8·lanes_y rows and 8·lanes_x columns, and each invocation 8 × 8 of it: 64 sums in
// registers. 16 terms at a time pass through workgroup memory: for 1024 multiply-adds an invocation loads
// 128 / lanes_x + 128 / lanes_y numbers, and reads 64 vectors that its neighbours have loaded. Vectors hold rows (or
// columns) that lie a quarter of the tile apart, so that neighbouring invocations load, and write, neighbouring ones.
// Shared: invocation

struct Params {
  matrices: u32,
  rows: u32,
  columns: u32,
  terms: u32,
  parts: u32,
  terms_per_part: u32,
  plane: u32,             // columns that lie together in the output
  left_row_stride: u32,
  left_group: u32,        // terms whose numbers lie left_term_stride apart; groups lie left_group_stride apart
  left_group_stride: u32,
  left_term_stride: u32,
  right_start: u32,       // from one matrix, or the images of one model, to the next
  right_term_stride: u32, // of a matrix
  right_column_stride: u32,
  channels: u32,          // of the images that patches are made of
  height: u32,
  width: u32,
  out_height: u32,        // positions of the window
  out_width: u32,
  padding: u32,
}

const depth = 16u; // terms of a tile

override lanes_x: u32 = 8;
override lanes_y: u32 = 8;
override workgroup_size: u32 = 64; // lanes_x · lanes_y
override left_vectors: u32 = 272; // 16 · (2·lanes_y + 1)
override right_vectors: u32 = 272; // 16 · (2·lanes_x + 1)
override place_vectors: u32 = 48; // 3 · 2·lanes_x

override left_by_rows: bool = false; // neighbouring invocations load neighbouring rows, else terms
override right_by_terms: bool = false; // or terms, else columns
override is_convolution: bool = false;
override sums_pixels: bool = false;
override transposed: bool = false;
override kernel_height: u32 = 3;
override kernel_width: u32 = 3;
override stride: u32 = 1;
override has_bias: bool = false;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read> right: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

// [terms, vectors of rows or columns]; the vector more in each line keeps stores from meeting in one bank.
var<workgroup> left_tile: array<vec4f, left_vectors>;
var<workgroup> right_tile: array<vec4f, right_vectors>;
// Where the columns of a convolution lie, for they are the same for all terms.
var<workgroup> places: array<vec4u, place_vectors>;

@compute @workgroup_size(workgroup_size)
fn multiply(here: Invocation) {
  // Workgroups: [parts, matrices, tiles of rows, tiles of columns].
  let tile = workgroup_index(here);
  let wide = (params.columns + 8u * lanes_x - 1u) / (8u * lanes_x);
  let high = (params.rows + 8u * lanes_y - 1u) / (8u * lanes_y);
  let slice = tile / (wide * high); // part · matrices + matrix
  let matrix = slice % params.matrices;
  let first = slice / params.matrices * params.terms_per_part;
  let end = min(first + params.terms_per_part, params.terms);
  let row0 = tile / wide % high * 8u * lanes_y;
  let column0 = tile % wide * 8u * lanes_x;
  let x = here.local % lanes_x;
  let y = here.local / lanes_x;

  if (is_convolution) { find_places(here.local, column0); }

  // Row by row; each first of the columns of the first vector, then of the second.
  var s00 = vec4f(); var s01 = vec4f();
  var s10 = vec4f(); var s11 = vec4f();
  var s20 = vec4f(); var s21 = vec4f();
  var s30 = vec4f(); var s31 = vec4f();
  var s40 = vec4f(); var s41 = vec4f();
  var s50 = vec4f(); var s51 = vec4f();
  var s60 = vec4f(); var s61 = vec4f();
  var s70 = vec4f(); var s71 = vec4f();
  for (var done = 0u; done < params.terms_per_part; done += depth) { // the same for all, as barriers want it
    load_left(here.local, matrix, row0, first + done, end);
    load_right(here.local, matrix, column0, first + done, end);
    workgroupBarrier();
    for (var k = 0u; k < depth; k++) {
      let a0 = left_tile[k * (2u * lanes_y + 1u) + y];
      let a1 = left_tile[k * (2u * lanes_y + 1u) + y + lanes_y];
      let b0 = right_tile[k * (2u * lanes_x + 1u) + x];
      let b1 = right_tile[k * (2u * lanes_x + 1u) + x + lanes_x];
      s00 = fma(a0.xxxx, b0, s00); s01 = fma(a0.xxxx, b1, s01);
      s10 = fma(a0.yyyy, b0, s10); s11 = fma(a0.yyyy, b1, s11);
      s20 = fma(a0.zzzz, b0, s20); s21 = fma(a0.zzzz, b1, s21);
      s30 = fma(a0.wwww, b0, s30); s31 = fma(a0.wwww, b1, s31);
      s40 = fma(a1.xxxx, b0, s40); s41 = fma(a1.xxxx, b1, s41);
      s50 = fma(a1.yyyy, b0, s50); s51 = fma(a1.yyyy, b1, s51);
      s60 = fma(a1.zzzz, b0, s60); s61 = fma(a1.zzzz, b1, s61);
      s70 = fma(a1.wwww, b0, s70); s71 = fma(a1.wwww, b1, s71);
    }
    workgroupBarrier();
  }

  if (slice >= params.parts * params.matrices) { return; }
  let upper = row0 + y + lanes_y;
  write(slice, matrix, row0 + y, column0 + x, s00, s01);
  write(slice, matrix, row0 + y + 2u * lanes_y, column0 + x, s10, s11);
  write(slice, matrix, row0 + y + 4u * lanes_y, column0 + x, s20, s21);
  write(slice, matrix, row0 + y + 6u * lanes_y, column0 + x, s30, s31);
  write(slice, matrix, upper, column0 + x, s40, s41);
  write(slice, matrix, upper + 2u * lanes_y, column0 + x, s50, s51);
  write(slice, matrix, upper + 4u * lanes_y, column0 + x, s60, s61);
  write(slice, matrix, upper + 6u * lanes_y, column0 + x, s70, s71);
}

// Rows of a vector of the tile lie so far apart.
fn row_steps() -> vec4u { return vec4u(0u, 2u, 4u, 6u) * lanes_y; }

fn column_steps() -> vec4u { return vec4u(0u, 2u, 4u, 6u) * lanes_x; }

// Rows beyond the last read the last one's and are not written; terms beyond the last are zero on both sides.
fn load_left(local: u32, matrix: u32, row0: u32, first: u32, end: u32) {
  let groups = 2u * lanes_y;
  for (var at = local; at < depth * groups; at += workgroup_size) {
    let k = select(at % depth, at / groups, left_by_rows);
    let group = select(at / depth, at % groups, left_by_rows);
    let row = min(row0 + group + row_steps(), vec4u(params.rows - 1u));
    let term = min(first + k, params.terms - 1u);
    let in_row = term / params.left_group * params.left_group_stride + term % params.left_group * params.left_term_stride;
    let at = matrix * params.rows * params.terms + row * params.left_row_stride + in_row;
    let value = vec4f(left[at.x], left[at.y], left[at.z], left[at.w]);
    left_tile[k * (groups + 1u) + group] = select(vec4f(), value, first + k < end);
  }
}

fn load_right(local: u32, matrix: u32, column0: u32, first: u32, end: u32) {
  let groups = 2u * lanes_x;
  for (var at = local; at < depth * groups; at += workgroup_size) {
    let k = select(at / groups, at % depth, right_by_terms);
    let group = select(at % groups, at / depth, right_by_terms);
    let term = min(first + k, params.terms - 1u);
    var value: vec4f;
    if (is_convolution) {
      let column = Place(places[group], places[groups + group], places[2u * groups + group]);
      if (sums_pixels) { value = patches(matrix, pixel_place(vec4u(term)), column); }
      else { value = patches(matrix, column, tap_place(vec4u(term))); }
    } else {
      let column = min(column0 + group + column_steps(), vec4u(params.columns - 1u));
      let at = matrix * params.right_start + column * params.right_column_stride + term * params.right_term_stride;
      value = vec4f(right[at.x], right[at.y], right[at.z], right[at.w]);
    }
    right_tile[k * (groups + 1u) + group] = select(vec4f(), value, first + k < end);
  }
}

// Where four pixels, or four taps of the window, lie in the source: the pixel's row and column and the tap's add up.
struct Place { start: vec4u, row: vec4u, column: vec4u }

fn pixel_place(pixel: vec4u) -> Place {
  let window = params.out_height * params.out_width;
  let start = pixel / window * params.channels * params.height * params.width;
  let i = pixel % window / params.out_width;
  let j = pixel % params.out_width;
  if (transposed) { return Place(start, i + params.padding, j + params.padding); }
  return Place(start, i * stride - params.padding, j * stride - params.padding);
}

fn tap_place(tap: vec4u) -> Place {
  let start = tap / (kernel_height * kernel_width) * params.height * params.width;
  return Place(start, tap / kernel_width % kernel_height, tap % kernel_width);
}

fn find_places(local: u32, column0: u32) {
  let groups = 2u * lanes_x;
  for (var group = local; group < groups; group += workgroup_size) {
    let column = min(column0 + group + column_steps(), vec4u(params.columns - 1u));
    var place: Place;
    if (sums_pixels) { place = tap_place(column); } else { place = pixel_place(column); }
    places[group] = place.start;
    places[groups + group] = place.row;
    places[2u * groups + group] = place.column;
  }
  workgroupBarrier();
}

// Above and left of zero the unsigned sums wrap round to huge numbers, which no source reaches.
fn patches(model: u32, pixel: Place, tap: Place) -> vec4f {
  var row = pixel.row + tap.row;
  var column = pixel.column + tap.column;
  if (transposed) {
    row = source_index(pixel.row - tap.row, params.height);
    column = source_index(pixel.column - tap.column, params.width);
  }
  let inside = (row < vec4u(params.height)) & (column < vec4u(params.width));
  let at = model * params.right_start + pixel.start + tap.start
    + select(vec4u(), row * params.width + column, inside);
  return select(vec4f(), vec4f(right[at.x], right[at.y], right[at.z], right[at.w]), inside);
}

fn source_index(scaled: vec4u, extent: u32) -> vec4u {
  let exists = (scaled < vec4u(extent * stride)) & (scaled % stride == vec4u());
  return select(vec4u(0xffffffffu), scaled / stride, exists);
}

fn write(slice: u32, matrix: u32, row: u32, column: u32, first: vec4f, second: vec4f) {
  if (row >= params.rows) { return; }
  var summand = 0.0;
  if (has_bias && slice < params.matrices) { summand = bias[matrix * params.rows + row]; } // in the first part alone
  write_four(slice, row, column + column_steps(), first + summand);
  write_four(slice, row, column + lanes_x + column_steps(), second + summand);
}

fn write_four(slice: u32, row: u32, column: vec4u, value: vec4f) {
  let at = slice * params.rows * params.columns
    + (column / params.plane * params.rows + row) * params.plane + column % params.plane;
  if (column.x < params.columns) { output[at.x] = value.x; }
  if (column.y < params.columns) { output[at.y] = value.y; }
  if (column.z < params.columns) { output[at.z] = value.z; }
  if (column.w < params.columns) { output[at.w] = value.w; }
}
