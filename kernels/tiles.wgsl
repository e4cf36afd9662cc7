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
// 128 / lanes_x + 128 / lanes_y numbers, and reads 64 vectors that its neighbours have loaded. It asks for the next 16
// terms before it multiplies these, so that memory has that long to answer. Vectors hold rows (or columns) that lie a
// quarter of the tile apart, so that neighbouring invocations load, and write, neighbouring ones.
// Shared: invocation, tile_loads, patches

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
  first_workgroup: u32,   // of a product that is divided among several dispatches
}

const depth = 16u; // terms of a tile

override lanes_x: u32 = 8;
override lanes_y: u32 = 8;
override workgroup_size: u32 = 64; // lanes_x · lanes_y
override left_lines: u32 = 16;  // 2·lanes_y: vectors of rows
override right_lines: u32 = 16; // 2·lanes_x: vectors of columns
override place_vectors: u32 = 48; // 3 · right_lines if sums_pixels, else 1
override unrolled: bool = true; // no loop over terms, and loads ahead: for cards; a CPU takes long to compile it

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

// [vectors of rows or columns, terms]; the term more in each line keeps neighbours from meeting in one bank.
var<workgroup> left_tile: array<array<vec4f, 17>, left_lines>;
var<workgroup> right_tile: array<array<vec4f, 17>, right_lines>;
// Where the columns of the weight gradient, which are taps, lie, for they are the same for all terms.
var<workgroup> places: array<vec4u, place_vectors>;

// What a workgroup works on, and which invocation this is.
struct Tile { local: u32, matrix: u32, row0: u32, column0: u32, end: u32 }

// Row by row; each first of the columns of the first vector, then of the second.
struct Sums {
  s00: vec4f, s01: vec4f,
  s10: vec4f, s11: vec4f,
  s20: vec4f, s21: vec4f,
  s30: vec4f, s31: vec4f,
  s40: vec4f, s41: vec4f,
  s50: vec4f, s51: vec4f,
  s60: vec4f, s61: vec4f,
  s70: vec4f, s71: vec4f,
}

// Vectors on their way to workgroup memory; as many as an invocation loads.
alias Fetched = array<vec4f, 8>;

@compute @workgroup_size(workgroup_size)
fn multiply(here: Invocation) {
  // Workgroups: [parts, matrices, tiles of rows, tiles of columns].
  let index = params.first_workgroup + workgroup_index(here);
  let wide = (params.columns + 8u * lanes_x - 1u) / (8u * lanes_x);
  let high = (params.rows + 8u * lanes_y - 1u) / (8u * lanes_y);
  let slice = index / (wide * high); // part · matrices + matrix
  let matrix = slice % params.matrices;
  let first = slice / params.matrices * params.terms_per_part;
  let end = min(first + params.terms_per_part, params.terms);
  let row0 = index / wide % high * 8u * lanes_y;
  let column0 = index % wide * 8u * lanes_x;
  let tile = Tile(here.local, matrix, row0, column0, end);

  var own: Place; // of the columns that this invocation always loads
  if (sums_pixels) { find_places(tile); }
  else if (is_convolution) { own = pixel_place(columns_of(tile, right_line(tile.local))); }
  let at = own_place(here.local);
  var sums: Sums;
  var left_next: Fetched;
  var right_next: Fetched;
  if (unrolled) { fetch(&left_next, &right_next, tile, own, first); }
  for (var done = 0u; done < params.terms_per_part; done += depth) { // the same for all, as barriers want it
    if (unrolled) { keep(&left_next, &right_next, here.local); } else { load(tile, own, first + done); }
    workgroupBarrier();
    if (unrolled) {
      if (done + depth < params.terms_per_part) { fetch(&left_next, &right_next, tile, own, first + done + depth); }
      add_term(&sums, at, 0u); add_term(&sums, at, 1u); add_term(&sums, at, 2u); add_term(&sums, at, 3u);
      add_term(&sums, at, 4u); add_term(&sums, at, 5u); add_term(&sums, at, 6u); add_term(&sums, at, 7u);
      add_term(&sums, at, 8u); add_term(&sums, at, 9u); add_term(&sums, at, 10u); add_term(&sums, at, 11u);
      add_term(&sums, at, 12u); add_term(&sums, at, 13u); add_term(&sums, at, 14u); add_term(&sums, at, 15u);
    } else {
      for (var k = 0u; k < depth; k++) { add_term(&sums, at, k); }
    }
    workgroupBarrier();
  }

  if (slice >= params.parts * params.matrices) { return; }
  let upper = row0 + at.y + lanes_y;
  write(slice, matrix, row0 + at.y, column0 + at.x, sums.s00, sums.s01);
  write(slice, matrix, row0 + at.y + 2u * lanes_y, column0 + at.x, sums.s10, sums.s11);
  write(slice, matrix, row0 + at.y + 4u * lanes_y, column0 + at.x, sums.s20, sums.s21);
  write(slice, matrix, row0 + at.y + 6u * lanes_y, column0 + at.x, sums.s30, sums.s31);
  write(slice, matrix, upper, column0 + at.x, sums.s40, sums.s41);
  write(slice, matrix, upper + 2u * lanes_y, column0 + at.x, sums.s50, sums.s51);
  write(slice, matrix, upper + 4u * lanes_y, column0 + at.x, sums.s60, sums.s61);
  write(slice, matrix, upper + 6u * lanes_y, column0 + at.x, sums.s70, sums.s71);
}

// Its lines of the tile. 32 invocations that run together are 8 across and 4 down, and the two in a pair are above each
// other: then a card reads each of their vectors from workgroup memory at once.
fn own_place(local: u32) -> vec2u {
  let across = min(lanes_x, 8u);
  let block = local / 32u;
  let blocks = lanes_x / across;
  return vec2u(
    block % blocks * across + local % 32u / 2u % across,
    block / blocks * (32u / across) + local % 32u / (2u * across) * 2u + local % 2u,
  );
}

fn add_term(sums: ptr<function, Sums>, at: vec2u, k: u32) {
  let a0 = left_tile[at.y][k];
  let a1 = left_tile[at.y + lanes_y][k];
  let b0 = right_tile[at.x][k];
  let b1 = right_tile[at.x + lanes_x][k];
  (*sums).s00 = fma(a0.xxxx, b0, (*sums).s00); (*sums).s01 = fma(a0.xxxx, b1, (*sums).s01);
  (*sums).s10 = fma(a0.yyyy, b0, (*sums).s10); (*sums).s11 = fma(a0.yyyy, b1, (*sums).s11);
  (*sums).s20 = fma(a0.zzzz, b0, (*sums).s20); (*sums).s21 = fma(a0.zzzz, b1, (*sums).s21);
  (*sums).s30 = fma(a0.wwww, b0, (*sums).s30); (*sums).s31 = fma(a0.wwww, b1, (*sums).s31);
  (*sums).s40 = fma(a1.xxxx, b0, (*sums).s40); (*sums).s41 = fma(a1.xxxx, b1, (*sums).s41);
  (*sums).s50 = fma(a1.yyyy, b0, (*sums).s50); (*sums).s51 = fma(a1.yyyy, b1, (*sums).s51);
  (*sums).s60 = fma(a1.zzzz, b0, (*sums).s60); (*sums).s61 = fma(a1.zzzz, b1, (*sums).s61);
  (*sums).s70 = fma(a1.wwww, b0, (*sums).s70); (*sums).s71 = fma(a1.wwww, b1, (*sums).s71);
}

// Rows of a vector of the tile lie so far apart.
fn row_steps() -> vec4u { return vec4u(0u, 2u, 4u, 6u) * lanes_y; }

fn column_steps() -> vec4u { return vec4u(0u, 2u, 4u, 6u) * lanes_x; }

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
