// Training that goes on and on, watched from run to run: what the process holds may not grow.

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fromFileUrl } from "@std/path";
import { TemporaryFolder } from "../data/tiny_folder.ts";

/** What the process holds after a run, garbage collected. */
export interface SoakSample {
  /** training steps so far */
  readonly steps: number;
  /** buffers in use, as `gpu.live` */
  readonly live: number;
  /** of the GPU's buffers, in use or kept for use */
  readonly gpuBytes: number;
  /** resident memory of the process, bytes */
  readonly rss: number;
  /** open files, on Linux */
  readonly files: number;
}

/** What may differ. */
export interface SoakLimits {
  /** steps after which nothing may grow any more */
  readonly warmUp: number;
  /** of the resident memory, as a fraction of what it is after the warm-up */
  readonly mostGrowth: number;
}

/**
 * Trains in a process of its own, for its memory and its files are what is looked at.
 *
 * @param rounds of each run
 * @param isEnough asked after every run
 * @throws {Error} if the process ends by itself
 */
export async function soak(
  rounds: number,
  isEnough: (samples: readonly SoakSample[]) => boolean,
): Promise<SoakSample[]> {
  using folder = new TemporaryFolder();
  const program = fromFileUrl(new URL("./soak_process.ts", import.meta.url));
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--v8-flags=--expose-gc", program, folder.path, `${rounds}`],
    ...{ stdout: "piped", stderr: "piped" },
  }).spawn();
  const stderr = new Response(process.stderr).text();
  const samples: SoakSample[] = [];
  for await (const line of createInterface({ input: Readable.fromWeb(process.stdout) })) {
    if (samples.length > 0 && isEnough(samples)) continue; // told before it was killed
    samples.push(JSON.parse(line));
    if (isEnough(samples)) process.kill("SIGKILL");
  }
  const { signal, code } = await process.status;
  if (signal !== "SIGKILL") throw new Error(`The training ended with ${code}: ${await stderr}`);
  return samples;
}

/** What has grown, in words; nothing if all is well. */
export function grown(
  samples: readonly SoakSample[],
  { warmUp, mostGrowth }: SoakLimits,
): string[] {
  const warm = samples.filter(({ steps }) => steps >= warmUp);
  if (warm.length < 2) return [`there are ${warm.length} runs after ${warmUp} steps`];
  const problems = (["live", "gpuBytes", "files"] as const).flatMap((name) => {
    const values = [...new Set(warm.map((sample) => sample[name]))];
    return values.length === 1 ? [] : [`${name} is not constant: ${values.join(", ")}`];
  });
  const growth = memoryGrowth(warm);
  if (growth > mostGrowth) {
    problems.push(`resident memory grew by ${(100 * growth).toFixed(1)} %: ${megabytes(warm)}`);
  }
  return problems;
}

/** From the first to the last quarter, by their medians: single values depend on when memory is given back. */
export function memoryGrowth(samples: readonly SoakSample[]): number {
  const rss = samples.map(({ rss }) => rss);
  const quarter = Math.ceil(rss.length / 4);
  return median(rss.slice(-quarter)) / median(rss.slice(0, quarter)) - 1;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function megabytes(samples: readonly SoakSample[]): string {
  return samples.map(({ rss }) => Math.round(rss / 1e6)).join(" ") + " MB";
}
