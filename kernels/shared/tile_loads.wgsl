// kernels/shared/tile_loads.wgsl: what an invocation loads of the tiles of tiles.wgsl, and where it puts it.
// Uses its params, constants, buffers and workgroup memory, and patches.wgsl.

// The line and the term of a tile's vector; an invocation's are workgroup_size apart, and have one of both in common.
fn left_line(at: u32) -> u32 { return select(at / depth, at % left_lines, left_by_rows); }

fn left_term(at: u32) -> u32 { return select(at % depth, at / left_lines, left_by_rows); }

fn right_line(at: u32) -> u32 { return select(at % right_lines, at / depth, right_by_terms); }

fn right_term(at: u32) -> u32 { return select(at / right_lines, at % depth, right_by_terms); }

// Loads the tiles of 16 terms.
fn load(tile: Tile, own: Place, first: u32) {
  for (var at = tile.local; at < depth * left_lines; at += workgroup_size) { keep_left(at, left_vector(tile, first, at)); }
  for (var at = tile.local; at < depth * right_lines; at += workgroup_size) { keep_right(at, right_vector(tile, own, first, at)); }
}

// The same without loops, and in two steps: what is loaded stays in registers until its place is free.
fn fetch(left_next: ptr<function, Fetched>, right_next: ptr<function, Fetched>, tile: Tile, own: Place, first: u32) {
  (*left_next)[0] = left_vector(tile, first, tile.local);
  (*left_next)[1] = left_vector(tile, first, tile.local + workgroup_size);
  if (lanes_x < 16u) {
    (*left_next)[2] = left_vector(tile, first, tile.local + 2u * workgroup_size);
    (*left_next)[3] = left_vector(tile, first, tile.local + 3u * workgroup_size);
  }
  if (lanes_x < 8u) {
    (*left_next)[4] = left_vector(tile, first, tile.local + 4u * workgroup_size);
    (*left_next)[5] = left_vector(tile, first, tile.local + 5u * workgroup_size);
    (*left_next)[6] = left_vector(tile, first, tile.local + 6u * workgroup_size);
    (*left_next)[7] = left_vector(tile, first, tile.local + 7u * workgroup_size);
  }
  (*right_next)[0] = right_vector(tile, own, first, tile.local);
  (*right_next)[1] = right_vector(tile, own, first, tile.local + workgroup_size);
  if (lanes_y < 16u) {
    (*right_next)[2] = right_vector(tile, own, first, tile.local + 2u * workgroup_size);
    (*right_next)[3] = right_vector(tile, own, first, tile.local + 3u * workgroup_size);
  }
  if (lanes_y < 8u) {
    (*right_next)[4] = right_vector(tile, own, first, tile.local + 4u * workgroup_size);
    (*right_next)[5] = right_vector(tile, own, first, tile.local + 5u * workgroup_size);
    (*right_next)[6] = right_vector(tile, own, first, tile.local + 6u * workgroup_size);
    (*right_next)[7] = right_vector(tile, own, first, tile.local + 7u * workgroup_size);
  }
}

fn keep(left_next: ptr<function, Fetched>, right_next: ptr<function, Fetched>, local: u32) {
  keep_left(local, (*left_next)[0]);
  keep_left(local + workgroup_size, (*left_next)[1]);
  if (lanes_x < 16u) {
    keep_left(local + 2u * workgroup_size, (*left_next)[2]);
    keep_left(local + 3u * workgroup_size, (*left_next)[3]);
  }
  if (lanes_x < 8u) {
    keep_left(local + 4u * workgroup_size, (*left_next)[4]);
    keep_left(local + 5u * workgroup_size, (*left_next)[5]);
    keep_left(local + 6u * workgroup_size, (*left_next)[6]);
    keep_left(local + 7u * workgroup_size, (*left_next)[7]);
  }
  keep_right(local, (*right_next)[0]);
  keep_right(local + workgroup_size, (*right_next)[1]);
  if (lanes_y < 16u) {
    keep_right(local + 2u * workgroup_size, (*right_next)[2]);
    keep_right(local + 3u * workgroup_size, (*right_next)[3]);
  }
  if (lanes_y < 8u) {
    keep_right(local + 4u * workgroup_size, (*right_next)[4]);
    keep_right(local + 5u * workgroup_size, (*right_next)[5]);
    keep_right(local + 6u * workgroup_size, (*right_next)[6]);
    keep_right(local + 7u * workgroup_size, (*right_next)[7]);
  }
}

fn keep_left(at: u32, value: vec4f) { left_tile[left_line(at)][left_term(at)] = value; }

fn keep_right(at: u32, value: vec4f) { right_tile[right_line(at)][right_term(at)] = value; }

// Rows beyond the last read the last one's and are not written; terms beyond the last are zero on both sides.
fn left_vector(tile: Tile, first: u32, at: u32) -> vec4f {
  let term = first + left_term(at);
  let row = min(tile.row0 + left_line(at) + row_steps(), vec4u(params.rows - 1u));
  let in_row = left_offset(min(term, params.terms - 1u));
  let found = tile.matrix * params.rows * params.terms + row * params.left_row_stride + in_row;
  return select(vec4f(), vec4f(left[found.x], left[found.y], left[found.z], left[found.w]), term < tile.end);
}

// In its row. The groups of a convolution's weights are its taps: known when compiled, they are faster to divide by.
fn left_offset(term: u32) -> u32 {
  if (is_convolution && !sums_pixels) {
    let taps = kernel_height * kernel_width;
    return term / taps * params.left_group_stride + term % taps;
  }
  return term / params.left_group * params.left_group_stride + term % params.left_group * params.left_term_stride;
}

fn columns_of(tile: Tile, line: u32) -> vec4u {
  return min(tile.column0 + line + column_steps(), vec4u(params.columns - 1u));
}

fn right_vector(tile: Tile, own: Place, first: u32, at: u32) -> vec4f {
  let term = first + right_term(at);
  let line = right_line(at);
  let known = min(term, params.terms - 1u);
  var value: vec4f;
  if (sums_pixels) {
    let tap = Place(places[line], places[right_lines + line], places[2u * right_lines + line]);
    value = patches(tile.matrix, pixel_place(vec4u(known)), tap);
  } else if (is_convolution) {
    value = patches(tile.matrix, own, tap_place(vec4u(known)));
  } else {
    let found = tile.matrix * params.right_start + columns_of(tile, line) * params.right_column_stride
      + known * params.right_term_stride;
    value = vec4f(right[found.x], right[found.y], right[found.z], right[found.w]);
  }
  return select(vec4f(), value, term < tile.end);
}

fn find_places(tile: Tile) {
  for (var line = tile.local; line < right_lines; line += workgroup_size) {
    let place = tap_place(columns_of(tile, line));
    places[line] = place.start;
    places[right_lines + line] = place.row;
    places[2u * right_lines + line] = place.column;
  }
  workgroupBarrier();
}
