// kernels/shared/fft_stages.wgsl: the stages of a Fourier transform, one for each radix.
// A stage takes its numbers, transforms them, turns the results and puts them, as fft.wgsl says, whose place(), take(),
// put() and twiddles it uses, and complex.wgsl.

// a · (−i)
fn quarter(a: vec2f) -> vec2f {
  return vec2f(a.y, -a.x);
}

// A twiddle factor: 1 in the last stage.
fn twiddle(index: u32) -> vec2f {
  if (to_output) { return vec2f(1.0, 0.0); }
  return twiddles[index];
}

// Turns a result on its way to the next stage.
fn turn(value: vec2f, w: vec2f) -> vec2f {
  if (to_output) { return value; }
  return product(value, w);
}

fn dft3(a: vec2f, b: vec2f, c: vec2f) -> array<vec2f, 3> {
  const sin60 = 0.8660254037844386;
  let middle = a - 0.5 * (b + c);
  let side = sin60 * quarter(b - c);
  return array<vec2f, 3>(a + b + c, middle + side, middle - side);
}

fn dft4(a: vec2f, b: vec2f, c: vec2f, d: vec2f) -> array<vec2f, 4> {
  let even = a + c;
  let odd = b + d;
  let difference = a - c;
  let turned = quarter(b - d);
  return array<vec2f, 4>(even + odd, difference + turned, even - odd, difference - turned);
}

fn dft8(
  x0: vec2f, x1: vec2f, x2: vec2f, x3: vec2f, x4: vec2f, x5: vec2f, x6: vec2f, x7: vec2f,
) -> array<vec2f, 8> {
  const cos45 = 0.7071067811865476;
  let a = dft4(x0, x2, x4, x6);
  let b = dft4(x1, x3, x5, x7);
  let b1 = cos45 * (b[1] + quarter(b[1]));
  let b2 = quarter(b[2]);
  let b3 = cos45 * (quarter(b[3]) - b[3]);
  return array<vec2f, 8>(
    a[0] + b[0], a[1] + b1, a[2] + b2, a[3] + b3,
    a[0] - b[0], a[1] - b1, a[2] - b2, a[3] - b3,
  );
}

// Twiddle factors of results 0 to 7: products are cheaper than loads.
fn powers(q: u32) -> array<vec2f, 8> {
  let w = twiddle(q);
  let w2 = product(w, w);
  let w3 = product(w, w2);
  let w4 = twiddle(4 * q);
  return array<vec2f, 8>(
    vec2f(1.0, 0.0), w, w2, w3,
    w4, product(w, w4), product(w2, w4), product(w3, w4),
  );
}

fn stage1(i: u32) {
  _ = place(i, 1);
  put(0, take(0));
}

fn stage2(i: u32) {
  let q = place(i, 2);
  let a = take(0);
  let b = take(1);
  put(0, a + b);
  put(1, turn(a - b, twiddle(q)));
}

fn stage3(i: u32) {
  let q = place(i, 3);
  let y = dft3(take(0), take(1), take(2));
  let w = twiddle(q);
  put(0, y[0]);
  put(1, turn(y[1], w));
  put(2, turn(y[2], product(w, w)));
}

fn stage4(i: u32) {
  let q = place(i, 4);
  let y = dft4(take(0), take(1), take(2), take(3));
  let w = twiddle(q);
  let w2 = product(w, w);
  put(0, y[0]);
  put(1, turn(y[1], w));
  put(2, turn(y[2], w2));
  put(3, turn(y[3], product(w, w2)));
}

fn stage5(i: u32) {
  let q = place(i, 5);
  const cos72 = 0.30901699437494745;
  const cos144 = -0.8090169943749475;
  const sin72 = 0.9510565162951535;
  const sin144 = 0.5877852522924731;
  let a = take(0);
  let b = take(1);
  let c = take(2);
  let d = take(3);
  let e = take(4);
  let middle1 = a + cos72 * (b + e) + cos144 * (c + d);
  let middle2 = a + cos144 * (b + e) + cos72 * (c + d);
  let side1 = quarter(sin72 * (b - e) + sin144 * (c - d));
  let side2 = quarter(sin144 * (b - e) - sin72 * (c - d));
  let w = twiddle(q);
  let w2 = product(w, w);
  put(0, a + (b + e) + (c + d));
  put(1, turn(middle1 + side1, w));
  put(2, turn(middle2 + side2, w2));
  put(3, turn(middle2 - side2, product(w, w2)));
  put(4, turn(middle1 - side1, product(w2, w2)));
}

fn stage7(i: u32) {
  let q = place(i, 7);
  const cos1 = 0.6234898018587336; // of multiples of 2π/7
  const cos2 = -0.2225209339563144;
  const cos3 = -0.9009688679024191;
  const sin1 = 0.7818314824680298;
  const sin2 = 0.9749279121818236;
  const sin3 = 0.4338837391175581;
  let a = take(0);
  let b = take(1);
  let c = take(2);
  let d = take(3);
  let e = take(4);
  let f = take(5);
  let g = take(6);
  let sum1 = b + g;
  let sum2 = c + f;
  let sum3 = d + e;
  let gap1 = b - g;
  let gap2 = c - f;
  let gap3 = d - e;
  let middle1 = a + cos1 * sum1 + cos2 * sum2 + cos3 * sum3;
  let middle2 = a + cos2 * sum1 + cos3 * sum2 + cos1 * sum3;
  let middle3 = a + cos3 * sum1 + cos1 * sum2 + cos2 * sum3;
  let side1 = quarter(sin1 * gap1 + sin2 * gap2 + sin3 * gap3);
  let side2 = quarter(sin2 * gap1 - sin3 * gap2 - sin1 * gap3);
  let side3 = quarter(sin3 * gap1 - sin1 * gap2 + sin2 * gap3);
  let w = twiddle(q);
  let w2 = product(w, w);
  let w3 = product(w, w2);
  put(0, a + sum1 + sum2 + sum3);
  put(1, turn(middle1 + side1, w));
  put(2, turn(middle2 + side2, w2));
  put(3, turn(middle3 + side3, w3));
  put(4, turn(middle3 - side3, product(w2, w2)));
  put(5, turn(middle2 - side2, product(w2, w3)));
  put(6, turn(middle1 - side1, product(w3, w3)));
}

fn stage8(i: u32) {
  let q = place(i, 8);
  let y = dft8(take(0), take(1), take(2), take(3), take(4), take(5), take(6), take(7));
  let w = powers(q);
  put(0, y[0]);
  put(1, turn(y[1], w[1]));
  put(2, turn(y[2], w[2]));
  put(3, turn(y[3], w[3]));
  put(4, turn(y[4], w[4]));
  put(5, turn(y[5], w[5]));
  put(6, turn(y[6], w[6]));
  put(7, turn(y[7], w[7]));
}

// Puts results j, j + 4 and j + 8 of 12, each number k mod 3 of y. Their twiddle factors are w and, times w, those in
// `far`.
fn put_column3(j: u32, y: array<vec2f, 3>, w: vec2f, far: array<vec2f, 2>) {
  put(j, turn(y[j % 3], w));
  put(j + 4, turn(y[(j + 4) % 3], product(w, far[0])));
  put(j + 8, turn(y[(j + 8) % 3], product(w, far[1])));
}

// Twelve as 3·4: the parts have no common factor, so nothing is turned between them (Good 1958). A loop over the
// columns would be compiled as such, and run slower.
fn stage12(i: u32) {
  let q = place(i, 12);
  let a = dft4(take(0), take(3), take(6), take(9));
  let b = dft4(take(4), take(7), take(10), take(1));
  let c = dft4(take(8), take(11), take(2), take(5));
  let w = powers(q);
  let far = array<vec2f, 2>(w[4], twiddle(8 * q));
  put_column3(0, dft3(a[0], b[0], c[0]), w[0], far);
  put_column3(1, dft3(a[1], b[1], c[1]), w[1], far);
  put_column3(2, dft3(a[2], b[2], c[2]), w[2], far);
  put_column3(3, dft3(a[3], b[3], c[3]), w[3], far);
}
