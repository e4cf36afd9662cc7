// kernels/matmul.wgsl: products of matrices, many pairs at once; either matrix may be stored transposed.
//   output[p, b, r, c] = Σ_k left[b, r, k] · right[b, k, c]    over the p-th part of the terms
// left [batch, rows, terms] and right [batch, terms, columns], or as the strides say;
// output [parts, batch, rows, columns].
// One invocation owns 8 rows of 8 columns, which lie tile_width apart, so that neighbours read neighbouring columns:
// 8 + 8 loads for 64 multiply-adds. Rows and columns beyond the last read the last one's and are not written.
// Shared: invocation

struct Params {
  batch: u32,
  rows: u32,
  columns: u32,
  terms: u32,
  parts: u32,
  terms_per_part: u32,
  left_row_stride: u32,
  left_term_stride: u32,
  right_term_stride: u32,
  right_column_stride: u32,
}

const tile_width = 8u; // invocations along the columns; the rest of the workgroup lies along the rows
override workgroup_size: u32 = 64;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> left: array<f32>;
@group(0) @binding(2) var<storage, read> right: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(workgroup_size)
fn multiply(here: Invocation) {
  // Workgroups: [parts, batch, tiles of rows, tiles of columns].
  let tile = workgroup_index(here);
  let tile_height = workgroup_size / tile_width;
  let wide = (params.columns + 8u * tile_width - 1u) / (8u * tile_width);
  let high = (params.rows + 8u * tile_height - 1u) / (8u * tile_height);
  let matrix = tile / (wide * high);
  if (matrix >= params.parts * params.batch) { return; }
  let part = matrix / params.batch;
  let pair = matrix % params.batch;
  let row = (tile / wide % high * tile_height + here.local / tile_width) * 8u;
  let column = tile % wide * tile_width * 8u + here.local % tile_width;

  let lower = vec4u(0u, 1u, 2u, 3u);
  let upper = lower + 4u;
  let last_row = vec4u(params.rows - 1u);
  let last_column = vec4u(params.columns - 1u);
  let first = part * params.terms_per_part;
  let left_start = pair * params.rows * params.terms + first * params.left_term_stride;
  let right_start = pair * params.columns * params.terms + first * params.right_term_stride;
  var r0 = left_start + min(row + lower, last_row) * params.left_row_stride;
  var r1 = left_start + min(row + upper, last_row) * params.left_row_stride;
  var c0 = right_start + min(column + lower * tile_width, last_column) * params.right_column_stride;
  var c1 = right_start + min(column + upper * tile_width, last_column) * params.right_column_stride;

  // Row by row; each first of columns 0 to 3, then of columns 4 to 7.
  var s00 = vec4f(); var s01 = vec4f();
  var s10 = vec4f(); var s11 = vec4f();
  var s20 = vec4f(); var s21 = vec4f();
  var s30 = vec4f(); var s31 = vec4f();
  var s40 = vec4f(); var s41 = vec4f();
  var s50 = vec4f(); var s51 = vec4f();
  var s60 = vec4f(); var s61 = vec4f();
  var s70 = vec4f(); var s71 = vec4f();
  let count = min(params.terms_per_part, params.terms - first);
  for (var k = 0u; k < count; k++) {
    let b0 = vec4f(right[c0.x], right[c0.y], right[c0.z], right[c0.w]);
    let b1 = vec4f(right[c1.x], right[c1.y], right[c1.z], right[c1.w]);
    let a0 = vec4f(left[r0.x], left[r0.y], left[r0.z], left[r0.w]);
    s00 = fma(a0.xxxx, b0, s00); s01 = fma(a0.xxxx, b1, s01);
    s10 = fma(a0.yyyy, b0, s10); s11 = fma(a0.yyyy, b1, s11);
    s20 = fma(a0.zzzz, b0, s20); s21 = fma(a0.zzzz, b1, s21);
    s30 = fma(a0.wwww, b0, s30); s31 = fma(a0.wwww, b1, s31);
    let a1 = vec4f(left[r1.x], left[r1.y], left[r1.z], left[r1.w]);
    s40 = fma(a1.xxxx, b0, s40); s41 = fma(a1.xxxx, b1, s41);
    s50 = fma(a1.yyyy, b0, s50); s51 = fma(a1.yyyy, b1, s51);
    s60 = fma(a1.zzzz, b0, s60); s61 = fma(a1.zzzz, b1, s61);
    s70 = fma(a1.wwww, b0, s70); s71 = fma(a1.wwww, b1, s71);
    r0 += params.left_term_stride;
    r1 += params.left_term_stride;
    c0 += params.right_term_stride;
    c1 += params.right_term_stride;
  }

  write(matrix, row, column, s00, s01);
  write(matrix, row + 1u, column, s10, s11);
  write(matrix, row + 2u, column, s20, s21);
  write(matrix, row + 3u, column, s30, s31);
  write(matrix, row + 4u, column, s40, s41);
  write(matrix, row + 5u, column, s50, s51);
  write(matrix, row + 6u, column, s60, s61);
  write(matrix, row + 7u, column, s70, s71);
}

fn write(matrix: u32, row: u32, column: u32, lower: vec4f, upper: vec4f) {
  if (row >= params.rows) { return; }
  let start = (matrix * params.rows + row) * params.columns;
  write_column(start, column, lower.x);
  write_column(start, column + tile_width, lower.y);
  write_column(start, column + 2u * tile_width, lower.z);
  write_column(start, column + 3u * tile_width, lower.w);
  write_column(start, column + 4u * tile_width, upper.x);
  write_column(start, column + 5u * tile_width, upper.y);
  write_column(start, column + 6u * tile_width, upper.z);
  write_column(start, column + 7u * tile_width, upper.w);
}

fn write_column(start: u32, column: u32, value: f32) {
  if (column < params.columns) { output[start + column] = value; }
}
