// kernels/shared/complex.wgsl: complex numbers as pairs of a real and an imaginary part.

fn product(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }

fn conjugate(a: vec2f) -> vec2f { return vec2f(a.x, -a.y); }
