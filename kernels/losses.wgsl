// kernels/losses.wgsl: cross-entropy, KL divergence and the losses of DET, one mean per model, with their gradients.
//   cross-entropy  CE = -log softmax(logits)[label]
//   KL(t → s)      Σ_c p_c (log p_c - log q_c),  p = softmax(t / τ),  q = softmax(s / τ)
//   DET            personal: CE + a·KL(deputy → personal)    deputy: CE + b·KL(personal → deputy)
// logits, student, teacher, gradients [S, N, classes]; labels [S, N]; counts, losses, upstream [S].
// Means are over the counts[s] real rows; padded rows get gradient 0. A label that is no class makes NaN of both.
// One workgroup per model; each invocation walks over every workgroup_size-th row, and a row serially.
// Shared: workgroup_sum

struct Params { models: u32, rows: u32, classes: u32, temperature: f32 }

override workgroup_size: u32 = 32;
override has_counts: bool = true;
override second: bool = false;  // scale_rows: the deputies' half of the gradients of DET

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;   // or the student's
@group(0) @binding(2) var<storage, read> teacher: array<f32>;  // in DET: the deputy's logits
@group(0) @binding(3) var<storage, read> labels: array<i32>;
@group(0) @binding(4) var<storage, read> counts: array<u32>;
@group(0) @binding(5) var<storage, read> stages: array<u32>;   // of DET, one per client
@group(0) @binding(6) var<storage, read> upstream: array<f32>;
@group(0) @binding(7) var<storage, read_write> losses: array<f32>;
@group(0) @binding(8) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(9) var<storage, read_write> teacher_losses: array<f32>;

// How many rows are no padding: all, without counts.
fn rows_of(model: u32) -> u32 {
  if (!has_counts) { return params.rows; }
  return counts[model];
}

// What log-softmax needs of a row: the largest of row / τ, and log Σ exp(row / τ - largest). Kept apart,
// because their sum would lose the digits of the second where the first is large.
fn logits_scale(start: u32) -> vec2f {
  var maximum = logits[start] / params.temperature;
  for (var c = 1u; c < params.classes; c++) {
    maximum = max(maximum, logits[start + c] / params.temperature);
  }
  var sum = 0.0;
  for (var c = 0u; c < params.classes; c++) {
    sum += exp(logits[start + c] / params.temperature - maximum);
  }
  return vec2f(maximum, log(sum));
}

fn teacher_scale(start: u32) -> vec2f {
  var maximum = teacher[start] / params.temperature;
  for (var c = 1u; c < params.classes; c++) {
    maximum = max(maximum, teacher[start + c] / params.temperature);
  }
  var sum = 0.0;
  for (var c = 0u; c < params.classes; c++) {
    sum += exp(teacher[start + c] / params.temperature - maximum);
  }
  return vec2f(maximum, log(sum));
}

// One element of a row's log-softmax.
fn log_share(logit: f32, scale: vec2f) -> f32 {
  return (logit / params.temperature - scale.x) - scale.y;
}

// No number, whatever the bits: as a constant, it would not compile.
fn not_a_number(bits: u32) -> f32 { return bitcast<f32>(bits | 0x7fc00000u); }

// The label's element of a row's log-softmax.
fn log_share_of_label(start: u32, label: u32, scale: vec2f) -> f32 {
  let inside = min(label, params.classes - 1u);
  return select(not_a_number(label), log_share(logits[start + inside], scale), inside == label);
}

// 1 for the label, else 0.
fn one_hot(c: u32, label: u32) -> f32 {
  if (label >= params.classes) { return not_a_number(label); }
  return select(0.0, 1.0, c == label);
}

@compute @workgroup_size(workgroup_size)
fn cross_entropy(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let model = group.x;
  let count = rows_of(model);
  var sum = 0.0;
  for (var n = local; n < count; n += workgroup_size) {
    let row = model * params.rows + n;
    let start = row * params.classes;
    sum -= log_share_of_label(start, u32(labels[row]), logits_scale(start));
  }
  let total = workgroup_sum(vec2f(sum, 0.0), local).x;
  if (local == 0u) { losses[model] = total / max(f32(count), 1.0); }
}

// gradient = (softmax - one-hot label) / count
@compute @workgroup_size(workgroup_size)
fn cross_entropy_gradient(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let model = group.x;
  let count = rows_of(model);
  let scale = upstream[model] / max(f32(count), 1.0);
  for (var n = local; n < params.rows; n += workgroup_size) {
    let row = model * params.rows + n;
    let start = row * params.classes;
    if (n >= count) {
      for (var c = 0u; c < params.classes; c++) { gradient[start + c] = 0.0; }
      continue;
    }
    let row_scale = logits_scale(start);
    for (var c = 0u; c < params.classes; c++) {
      let wanted = one_hot(c, u32(labels[row]));
      gradient[start + c] = scale * (exp(log_share(logits[start + c], row_scale)) - wanted);
    }
  }
}

@compute @workgroup_size(workgroup_size)
fn kl_divergence(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let model = group.x;
  let count = rows_of(model);
  var sum = 0.0;
  for (var n = local; n < count; n += workgroup_size) {
    let start = (model * params.rows + n) * params.classes;
    let student = logits_scale(start);
    let teachers = teacher_scale(start);
    for (var c = 0u; c < params.classes; c++) {
      let log_p = log_share(teacher[start + c], teachers);
      let log_q = log_share(logits[start + c], student);
      sum += exp(log_p) * (log_p - log_q);
    }
  }
  let total = workgroup_sum(vec2f(sum, 0.0), local).x;
  if (local == 0u) { losses[model] = total / max(f32(count), 1.0); }
}

// gradient = (q - p) / (τ · count); Hinton et al. 2015, arXiv:1503.02531, eq. 2
@compute @workgroup_size(workgroup_size)
fn kl_divergence_gradient(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let model = group.x;
  let count = rows_of(model);
  let scale = upstream[model] / (params.temperature * max(f32(count), 1.0));
  for (var n = local; n < params.rows; n += workgroup_size) {
    let start = (model * params.rows + n) * params.classes;
    if (n >= count) {
      for (var c = 0u; c < params.classes; c++) { gradient[start + c] = 0.0; }
      continue;
    }
    let student = logits_scale(start);
    let teachers = teacher_scale(start);
    for (var c = 0u; c < params.classes; c++) {
      let p = exp(log_share(teacher[start + c], teachers));
      let q = exp(log_share(logits[start + c], student));
      gradient[start + c] = scale * (q - p);
    }
  }
}

// Both losses of DET and both gradients: `logits` are the personal model's, `teacher` the deputy's.
// Each is the other's teacher, as a constant. Stages: 1 recover, 2 exchange, 3 sublimate, 4 mutual.
// gradient [2, clients, N, classes]: the personal models', then the deputies'.
@compute @workgroup_size(workgroup_size)
fn deputy_transfer(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let client = group.x;
  let count = rows_of(client);
  let stage = stages[client];
  let personal_learns = select(1.0, 0.0, stage == 1u);
  let deputy_learns = select(1.0, 0.0, stage == 3u);
  let share = 1.0 / max(f32(count), 1.0);
  var sum = vec2f();
  for (var n = local; n < params.rows; n += workgroup_size) {
    let row = client * params.rows + n;
    let start = row * params.classes;
    if (n >= count) {
      for (var c = 0u; c < params.classes; c++) {
        gradient[start + c] = 0.0;
        gradient[half() + start + c] = 0.0;
      }
      continue;
    }
    let label = u32(labels[row]);
    let personal = logits_scale(start);
    let deputy = teacher_scale(start);
    let inside = min(label, params.classes - 1u);
    let of_deputy = log_share(teacher[start + inside], deputy);
    sum -= vec2f(log_share_of_label(start, label, personal), select(not_a_number(label), of_deputy, inside == label));
    for (var c = 0u; c < params.classes; c++) {
      let log_p = log_share(logits[start + c], personal);
      let log_d = log_share(teacher[start + c], deputy);
      let p = exp(log_p);
      let d = exp(log_d);
      let wanted = one_hot(c, label);
      sum += vec2f(personal_learns * d * (log_d - log_p), deputy_learns * p * (log_p - log_d));
      gradient[start + c] = share * (p - wanted + personal_learns * (p - d));
      gradient[half() + start + c] = share * (d - wanted + deputy_learns * (d - p));
    }
  }
  let total = workgroup_sum(sum, local) * share;
  if (local == 0u) {
    losses[client] = total.x;
    teacher_losses[client] = total.y;
  }
}

// Elements of half of the gradients.
fn half() -> u32 { return params.models * params.rows * params.classes; }

// gradient = logits · upstream of the row's model: scales one half of the gradients of DET, given as logits.
@compute @workgroup_size(workgroup_size)
fn scale_rows(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let start = group.x * params.rows * params.classes;
  for (var i = local; i < params.rows * params.classes; i += workgroup_size) {
    gradient[start + i] = logits[select(0u, half(), second) + start + i] * upstream[group.x];
  }
}
