// Measures one peer in one workload, in a process of its own: deno run -A measure.ts PEER WORKLOAD REPETITIONS LEAST_MS

import type { Failure, Measurement } from "./measurement.ts";
import type { Case, Peer, Prepared } from "./peer.ts";
import { type PeerName, peers } from "./peers.ts";
import type { Workload } from "./workloads.ts";

/** Far beyond what f32 loses, far below what a mistake makes. */
const tolerances: Readonly<Record<Workload, number>> = {
  "conv": 1e-3,
  "conv-gradients": 1e-3,
  "training-32": 2e-2, // through 13 layers of batch norm
  "training-64": 2e-2,
  "fft": 1e-3,
  "fft-batch": 1e-3,
};

const [peer, workload] = Deno.args as [PeerName, Workload];
const [repetitions, least] = Deno.args.slice(2).map(Number);

try {
  const opened = await peers[peer]();
  for (const work of opened.cases(workload)) {
    try {
      tell(await measure(opened, work));
    } catch (error) {
      tell({ workload, case: work.name, peer, failure: firstLine(error) });
    }
  }
} catch (error) {
  tell({ workload, case: null, peer, failure: firstLine(error) });
}
Deno.exit(); // some engines leave something running

async function measure({ version }: Peer, work: Case): Promise<Measurement> {
  const prepared = await work.prepare();
  await time(prepared, 1); // compiles
  const error = await prepared.error();
  if (!(error < tolerances[workload])) {
    throw new RangeError(`is wrong: error ${error}`);
  }
  const runs = await enoughRuns(prepared);
  const times: number[] = [];
  for (let i = 0; i < repetitions; i++) {
    times.push(await time(prepared, runs) / runs);
  }
  const ms = times.toSorted((a, b) => a - b)[times.length >> 1];
  return { workload, case: work.name, peer, version, ms, error };
}

/** So many that a measurement lasts long against a wait for the device, which takes 11 ms in Deno. */
async function enoughRuns(prepared: Prepared): Promise<number> {
  let runs = 1;
  let total = await time(prepared, runs);
  while (total < 60 && total < least) total = await time(prepared, runs *= 4);
  return Math.max(1, Math.min(5000, Math.ceil(least * runs / total)));
}

async function time(prepared: Prepared, runs: number): Promise<number> {
  const start = performance.now();
  await prepared.run(runs);
  return performance.now() - start;
}

function firstLine(error: unknown): string {
  return String(error).split("\n")[0].slice(0, 200);
}

function tell(line: Measurement | Failure): void {
  console.log(JSON.stringify(line));
}
