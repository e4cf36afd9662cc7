// kernels/shared/nan.wgsl: questions that are answered rightly for NaN too.
// By the bits of a number, because compilers may take it that floats are never NaN, and graphics cards' do.

fn is_nan(value: f32) -> bool { return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u; }

fn are_nan(values: vec4f) -> vec4<bool> {
  return (bitcast<vec4u>(values) & vec4u(0x7fffffffu)) > vec4u(0x7f800000u);
}

// Whether a rectifier lets nothing through: zero, and all from -0 down to -infinity, but no NaN of either sign.
fn is_shut(value: f32) -> bool {
  let bits = bitcast<u32>(value);
  return bits == 0u || (bits ^ 0x80000000u) <= 0x7f800000u;
}

fn are_shut(values: vec4f) -> vec4<bool> {
  let bits = bitcast<vec4u>(values);
  return (bits == vec4u()) | ((bits ^ vec4u(0x80000000u)) <= vec4u(0x7f800000u));
}
