// Numbers in double precision with a shape: what the reference loops take and return.

/** Row-major. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function zeros(shape: readonly number[]): Values {
  return { shape, data: new Float64Array(shape.reduce((product, size) => product * size, 1)) };
}
