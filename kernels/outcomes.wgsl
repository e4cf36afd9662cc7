// kernels/outcomes.wgsl: stores what models said about a batch, in a buffer that holds a whole epoch.
//   outcomes[s, t·batch_size + r] = (cross-entropy in nats, predicted class, softmax probabilities …)
// logits [S, N, classes]; labels [S, N]; counts [S]; outcomes [S, capacity, 2 + classes]; t is the step.
// One invocation per row (x) and model (y); padded rows are not stored.

struct Params { rows: u32, batch_size: u32, classes: u32, capacity: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<i32>;
@group(0) @binding(3) var<storage, read> counts: array<u32>;
@group(0) @binding(4) var<storage, read> position: array<u32>;  // step, epoch
@group(0) @binding(5) var<storage, read_write> outcomes: array<f32>;

@compute @workgroup_size(32)
fn store(@builtin(global_invocation_id) id: vec3u) {
  let model = id.y;
  let slot = position[0] * params.batch_size + id.x;
  if (id.x >= counts[model] || slot >= params.capacity) { return; }
  let row = model * params.rows + id.x;
  let start = row * params.classes;
  var best = 0u; // the lowest class on ties
  for (var c = 1u; c < params.classes; c++) {
    if (logits[start + c] > logits[start + best]) { best = c; }
  }
  let maximum = logits[start + best];
  var sum = 0.0;
  for (var c = 0u; c < params.classes; c++) { sum += exp(logits[start + c] - maximum); }

  let place = (model * params.capacity + slot) * (2u + params.classes);
  outcomes[place] = log(sum) - (logits[start + u32(labels[row])] - maximum);
  outcomes[place + 1u] = f32(best);
  for (var c = 0u; c < params.classes; c++) {
    outcomes[place + 2u + c] = exp(logits[start + c] - maximum) / sum;
  }
}
