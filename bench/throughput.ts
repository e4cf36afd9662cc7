// Times steps of GPU work in batches, and tells at the end how much per second that was: on stderr, and as
// JSON lines at the end of the file that PRRFL_BENCH_JSON names. Thus stdout of `deno bench --json` stays JSON.

import { preferVulkan } from "../src/commands/webgpu_backend.ts";
import { type Ceilings, measureCeilings } from "../src/gpu/ceiling.ts";
import { openGpu } from "../src/tensor/gpu.ts";
import { type Amount, type Figures, figuresOf, figuresText } from "./figures.ts";

preferVulkan();
/** Opened once per bench file. */
export const gpu = await openGpu();
const runtime = `Deno ${Deno.version.deno}`;
const jsonFile = Deno.env.get("PRRFL_BENCH_JSON");

/** What is known of a step beforehand. */
export interface Work extends Amount {
  readonly group: string;
  /** steps between two waits: so many that a wait (11 ms in Deno) does not show */
  readonly runs: number;
  /** how often that is measured, after once to warm up; default 5 */
  readonly samples?: number;
}

/** A bench with the milliseconds of each measured step. */
interface Measurement extends Amount {
  readonly group: string;
  readonly times: number[];
}

const measured = new Map<string, Measurement>();
let ceilings: Ceilings | null = null;

/** Benches `runs` steps at a time; what a step allocates goes back to the pool after it. */
export function benchSteps(name: string, work: Work, step: () => void): void {
  benchRuns(name, work, async () => {
    for (let i = 0; i < work.runs; i++) {
      using _scope = gpu.scope();
      step();
    }
    await gpu.finish();
  });
}

/** Benches what does all `runs` steps, and waits for their end. */
export function benchRuns(name: string, work: Work, run: () => Promise<void>): void {
  const { group, runs, samples = 5, ...amount } = work;
  const title = runs === 1 ? name : `${runs} × ${name}`;
  Deno.bench(title, { group, n: samples, warmup: 1 }, async (bench) => {
    ceilings ??= await measureCeilings(gpu); // not before it is known that something is to be measured
    await gpu.finish();
    bench.start();
    const start = performance.now();
    await run();
    note(name, { group, ...amount }, (performance.now() - start) / runs);
    bench.end();
  });
}

/** Tells of a time that was measured otherwise, in milliseconds, along with those of benches. */
export function note(name: string, work: Amount & { readonly group: string }, time: number): void {
  const times = measured.get(name)?.times ?? [];
  measured.set(name, { ...work, times: [...times, time] });
}

addEventListener("unload", () => {
  if (ceilings) tell(ceilings);
  gpu.dispose();
});

function tell(ceilings: Ceilings): void {
  const { arithmetic, memory } = ceilings;
  console.error(
    `Adapter: ${gpu.adapter.name}; ceilings ${(arithmetic / 1e9).toFixed(0)} GFLOP/s and ` +
      `${(memory / 1e9).toFixed(1)} GB/s; ${runtime}`,
  );
  const width = Math.max(...[...measured.keys()].map((name) => name.length));
  const firsts = new Map<string, number>();
  for (const [name, { group, times, ...amount }] of measured) {
    const figures = figuresOf(times, amount, ceilings);
    const first = firsts.get(group);
    firsts.set(group, first ?? figures.ms);
    const ratio = first ? `  ${(figures.ms / first).toFixed(2)} of the group's first` : "";
    console.error(`${name.padEnd(width)} ${figuresText(figures)}${ratio}`);
    writeJson(name, group, figures);
  }
}

function writeJson(name: string, group: string, figures: Figures): void {
  if (!jsonFile) return;
  const line = JSON.stringify({ name, group, ...figures, adapter: gpu.adapter.name, runtime });
  Deno.writeTextFileSync(jsonFile, `${line}\n`, { append: true });
}
