// What numbers of a configuration have to lie between: stated once, for simulate() and for the command line.

/** `min` and `max` belong to it, `above` and `below` do not. */
export interface Bounds {
  /** no fractions; default false */
  readonly whole?: boolean;
  /** the least value allowed */
  readonly min?: number;
  /** the greatest value allowed */
  readonly max?: number;
  /** all allowed values are greater */
  readonly above?: number;
  /** all allowed values are less */
  readonly below?: number;
}

const count = { whole: true, min: 1 } as const;

/** By setting; those of methods stand with the methods. */
export const settingBounds = {
  width: { above: 0 },
  rounds: count,
  localEpochs: count,
  // Batch norm has no variance over one row, and kernels count in 32 bits.
  batchSize: { whole: true, min: 2, max: 2 ** 31 - 1 },
  learningRate: { above: 0 },
  learningRateStep: count,
  learningRateGamma: { above: 0 },
  weightDecay: { min: 0 },
  momentum: { min: 0, below: 1 },
  participation: { above: 0, max: 1 },
  dropout: { min: 0, below: 1 },
  seed: { whole: true, min: 0, max: 2 ** 32 - 1 },
  evaluateEvery: count,
  parallelClients: count,
  memoryLimit: count, // MiB
} as const satisfies Readonly<Record<string, Bounds>>;

/** Whether a number is finite and lies within; whole numbers also have to be exact. */
export function isWithin(value: number, bounds: Bounds): boolean {
  const { whole = false, min = -Infinity, max = Infinity } = bounds;
  const { above = -Infinity, below = Infinity } = bounds;
  const isNumber = whole ? Number.isSafeInteger(value) : Number.isFinite(value);
  return isNumber && value >= min && value <= max && value > above && value < below;
}

/** `a whole number of at least 1`. */
export function describeBounds({ whole = false, min, max, above, below }: Bounds): string {
  const kind = whole ? "a whole number" : "a number";
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  const parts = [
    ...(min === undefined ? [] : [`of at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return parts.length === 0 ? kind : `${kind} ${parts.join(" and ")}`;
}
