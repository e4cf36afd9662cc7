// kernels/shared/quotient.wgsl: a quotient of integers, rounded down; exact for dividends below 2^20.
// Software adapters divide integers one lane at a time, which takes longer than a memory access. The half keeps the
// rounded quotient on the right side.

fn quotient(a: u32, b: u32) -> u32 { return u32((f32(a) + 0.5) / f32(b)); }
