// Times steps of GPU work in batches, and tells at the end how much arithmetic per second that was.

import { openGpu } from "../src/tensor/gpu.ts";

/** Opened once per bench file. */
export const gpu = await openGpu();
console.log(`Adapter: ${gpu.adapter.name}; Deno ${Deno.version.deno}`);

/** Milliseconds of each measured step, by name. */
const measured = new Map<string, Work & { readonly times: number[] }>();

/** What is known of a step beforehand. */
export interface Work {
  readonly group: string;
  /** steps between two waits: so many that a wait (11 ms in Deno) does not show */
  readonly runs: number;
  /** arithmetic of one step, in 10⁹ operations */
  readonly gigaflop: number;
}

/** Benches `runs` steps at a time; what a step allocates goes back to the pool after it. */
export function benchSteps(name: string, work: Work, step: () => void): void {
  const { group, runs } = work;
  const times: number[] = [];
  measured.set(name, { ...work, times });
  const issue = async () => {
    for (let i = 0; i < runs; i++) {
      using _scope = gpu.scope();
      step();
    }
    await gpu.finish();
  };
  Deno.bench(`${runs} × ${name}`, { group, n: 5, warmup: 1 }, async (bench) => {
    await gpu.finish();
    bench.start();
    const start = performance.now();
    await issue();
    times.push((performance.now() - start) / runs);
    bench.end();
  });
}

addEventListener("unload", () => {
  const width = Math.max(...[...measured.keys()].map((name) => name.length));
  const firsts = new Map<string, number>();
  for (const [name, { group, gigaflop, times }] of measured) {
    if (times.length === 0) continue; // filtered out
    const median = times.toSorted((a, b) => a - b)[times.length >> 1];
    const first = firsts.get(group);
    firsts.set(group, first ?? median);
    const speed = gigaflop / median * 1000;
    console.log(
      `${name.padEnd(width)}  ${median.toFixed(2).padStart(8)} ms  ${
        speed.toFixed(speed < 1 ? 3 : 1).padStart(6)
      } GFLOP/s${first ? `  ${(median / first).toFixed(2)} of the time of the group's first` : ""}`,
    );
  }
  gpu.dispose();
});
