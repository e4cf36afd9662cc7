// kernels/rows.wgsl: copies rows to longer ones, with zeros behind them, or to shorter ones, without their end.
// input [rows, input_width]; output [rows, output_width]. One invocation per element of the output.
// Shared: invocation

struct Params { count: u32, input_width: u32, output_width: u32 } // count: elements of the output

const workgroup_size = 256u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(workgroup_size)
fn resize(here: Invocation) {
  let at = invocation_index(here);
  if (at >= params.count) { return; }
  let row = at / params.output_width;
  let column = at - row * params.output_width;
  var value = 0.0;
  if (column < params.input_width) { value = input[row * params.input_width + column]; }
  output[at] = value;
}
