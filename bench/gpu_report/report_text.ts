// The page of a report, made of what its parts have printed.

/** A part of the report. */
export interface Part {
  readonly name: string;
  /** seconds after which it is ended */
  readonly limit: number;
}

/** How a part went. */
export interface PartResult extends Part {
  readonly seconds: number;
  /** null if it came to its end without a failure */
  readonly problem: string | null;
  /** what it has printed */
  readonly out: string;
}

/** A line of JSON of a part. */
// deno-lint-ignore no-explicit-any
export type Row = any;

/** Markdown. @param rows of each part */
export function reportText(
  results: readonly PartResult[],
  rows: Readonly<Record<string, readonly Row[]>>,
): string {
  const before = rows["kernels before tuning"] ?? [];
  const after = rows["kernels"] ?? [];
  const adapter = [...before, ...after].find(({ type }) => type === "adapter");
  const ceilings = [...after, ...before].find(({ type }) => type === "ceilings");
  const isSoftware = adapter.kind === "cpu";
  return `${
    [
      `# ${adapter.name}`,
      "",
      isSoftware
        ? "A software adapter: these figures say that everything runs, not how fast a card would be."
        : "Measured by `deno task gpu-report` on this card.",
      "",
      `Ceilings, measured: ${shown(ceilings?.arithmetic / 1e9)} GFLOP/s of multiply-adds in ` +
      `registers, ${shown(ceilings?.memory / 1e9)} GB/s of a large copy.`,
      "",
      "## What ran",
      "",
      ...table(
        ["part", "seconds", "result"],
        results.map((part) => [part.name, String(Math.round(part.seconds)), resultText(part)]),
      ),
      "",
      "## Kernels and steps",
      "",
      "GFLOP/s are the operations of the direct algorithm; the share is of the measured ceiling. Tuned: with the " +
      "table of `cli.ts tune`. PyTorch: plain f32, without TF32, with cuDNN's choice of kernels, one client after the other.",
      "",
      ...kernelTable(before, after, rows["PyTorch"] ?? [], ceilings?.arithmetic),
      "",
      "## The paper's setting",
      "",
      paperText(rows["the paper's setting"] ?? []),
      "",
      "## Limits and features",
      "",
      ...Object.entries(adapter.limits).map(([name, limit]) => `- ${name}: ${limit}`),
      `- features: ${adapter.features.join(", ")}`,
    ].join("\n")
  }\n`;
}

function resultText({ problem, out }: PartResult): string {
  const tests = out.match(/^(ok|FAILED) \| (.*)\(/m);
  if (tests) {
    const failed = [...out.split(/^ FAILURES $/m)[1]?.matchAll(/^(.+) => \.\/.+$/gm) ?? []];
    return [
      tests[2].trim().replaceAll(" | ", ", "),
      ...failed.map(([, name]) => name.replaceAll("|", "/")),
    ].join("; ");
  }
  return (problem ?? "to its end").replaceAll("|", "/");
}

/** Each gradient is what a step with it takes longer than the forward pass. */
function kernelTable(
  before: readonly Row[],
  after: readonly Row[],
  pytorch: readonly Row[],
  ceiling: number,
): string[] {
  const [byRules, tuned] = [times(before), times(after)];
  const theirs = new Map<string, number>(pytorch.map(({ name, ms }) => [name, ms]));
  const names = before.filter(({ type }) => type === "case");
  const lines = names.map(({ name, gigaflop, why }) => {
    const own = byRules.get(name);
    const mine = Math.min(own ?? Infinity, tuned.get(name) ?? Infinity);
    const isGradient = /\+ (input|weight) gradient$/.test(name);
    const forward = isGradient ? byRules.get(name.replace(/ \+ .*$/, "")) : 0;
    const alone = own === undefined || forward === undefined ? undefined : own - forward;
    const work = isGradient ? gigaflop / 2 : gigaflop;
    const rate = alone === undefined || work === null ? undefined : work / alone * 1000;
    return [
      isGradient ? name.replace("forward + ", "") : name,
      own === undefined ? why ?? "" : shown(alone),
      shown(rate),
      rate === undefined ? "" : `${(rate * 1e9 / ceiling * 100).toFixed(0)} %`,
      isGradient ? "" : shown(tuned.get(name)),
      shown(theirs.get(name)),
      theirs.has(name) && Number.isFinite(mine) ? shown(theirs.get(name)! / mine) : "",
    ];
  });
  const head = ["", "ms", "GFLOP/s", "share", "tuned ms", "PyTorch ms", "PyTorch / this"];
  return table(head, lines);
}

function times(rows: readonly Row[]): Map<string, number> {
  return new Map(
    rows.filter(({ type, ms }) => type === "case" && ms !== null).map(({ name, ms }) => [name, ms]),
  );
}

function paperText(rows: readonly Row[]): string {
  const row = rows.find(({ type }) => type === "paper");
  if (!row) return "It came to no figure.";
  if (row.minutes === null) return "Within a minute not two steps were over.";
  return `PRR-FL at 128 pixels, full width, batch 16, all augmentation, ${row.parallelClients} clients at a time: ` +
    `${
      shown(row.passesPerSecond)
    } forward passes of a batch of a client per second (a training step counts three). ` +
    `At this pace all of the paper's 50 × 5 epochs of 7,343 training images take ${
      shown(row.minutes)
    } minutes.`;
}

function shown(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "";
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = line(head.map((_, column) => column === 0 ? "---" : "---:"));
  return [line(head), rule, ...rows.map(line)];
}
