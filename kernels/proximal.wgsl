// kernels/proximal.wgsl: adds the gradient of FedProx's term μ/2 · ‖w − anchor‖².
//   gradients += mu · (parameters − anchor)
// All three are flat and of the same layout. One invocation per element, whichever model it belongs to.
// Shared: invocation

struct Params { count: u32, mu: f32 }

override workgroup_size: u32 = 64;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parameters: array<f32>;
@group(0) @binding(2) var<storage, read> anchor: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradients: array<f32>;

@compute @workgroup_size(workgroup_size)
fn pull(here: Invocation) {
  let i = invocation_index(here);
  if (i >= params.count) { return; }
  gradients[i] += params.mu * (parameters[i] - anchor[i]);
}
