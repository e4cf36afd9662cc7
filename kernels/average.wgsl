// kernels/average.wgsl: the mean of what all clients hold, once or for each of them.
//   output[k, i] = Σ_j w_j input[j, i] / Σ_j w_j
// input [clients, size], output [copies, size]; client_weights w [clients]. One invocation per element, for all clients.
// Shared: invocation

struct Params { clients: u32, size: u32, copies: u32 }

override workgroup_size: u32 = 64;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> client_weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(workgroup_size)
fn average(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.size) { return; }
  var sum = 0.0;
  var total = 0.0;
  for (var k = 0u; k < params.clients; k++) {
    sum += client_weights[k] * input[k * params.size + i];
    total += client_weights[k];
  }
  let mean = sum / total;
  for (var k = 0u; k < params.copies; k++) { output[k * params.size + i] = mean; }
}
