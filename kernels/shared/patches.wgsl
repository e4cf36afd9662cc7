// kernels/shared/patches.wgsl: patches of images, made for tiles.wgsl while they are loaded.
// Uses its params, constants and right matrix: the source [matrices, batch, channels, height, width].

// Where four pixels, or four taps of the window, lie in the source: those of the pixel and of the tap add up. `start`
// counts row and column too, unless the rows and columns that add up have to be divided.
struct Place { start: vec4u, row: vec4u, column: vec4u }

fn place_of(start: vec4u, row: vec4u, column: vec4u) -> Place {
  if (is_divided()) { return Place(start, row, column); }
  return Place(start + row * params.width + column, row, column);
}

fn is_divided() -> bool { return transposed && stride > 1u; }

fn pixel_place(pixel: vec4u) -> Place {
  let window = params.out_height * params.out_width;
  let start = pixel / window * params.channels * params.height * params.width;
  let i = pixel % window / params.out_width;
  let j = pixel % params.out_width;
  if (transposed) { return place_of(start, i + params.padding, j + params.padding); }
  return place_of(start, i * stride - params.padding, j * stride - params.padding);
}

fn tap_place(tap: vec4u) -> Place {
  let start = tap / (kernel_height * kernel_width) * params.height * params.width;
  let row = tap / kernel_width % kernel_height;
  let column = tap % kernel_width;
  if (transposed) { return place_of(start, vec4u() - row, vec4u() - column); }
  return place_of(start, row, column);
}

// Above and left of zero the unsigned sums wrap round to huge numbers, which no source reaches.
fn patches(model: u32, pixel: Place, tap: Place) -> vec4f {
  var row = pixel.row + tap.row;
  var column = pixel.column + tap.column;
  var at = model * params.right_start + pixel.start + tap.start;
  if (is_divided()) {
    row = source_index(row, params.height);
    column = source_index(column, params.width);
    at += row * params.width + column;
  }
  let inside = (row < vec4u(params.height)) & (column < vec4u(params.width));
  return select(vec4f(), vec4f(right[at.x], right[at.y], right[at.z], right[at.w]), inside);
}

fn source_index(scaled: vec4u, extent: u32) -> vec4u {
  let exists = (scaled < vec4u(extent * stride)) & (scaled % stride == vec4u());
  return select(vec4u(0xffffffffu), scaled / stride, exists);
}
