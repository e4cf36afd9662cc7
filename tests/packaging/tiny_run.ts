// A tiny run of PRR-FL as a few digests, on whatever WebGPU is there: for the engine in a page and outside.

import { defaultConfig, demoDataset, openGpu, simulate } from "../../engine.ts";

/** The adapter, and a digest of each thing that a run tells, in its order. */
export interface TinyRun {
  readonly adapter: string;
  /** such as ["run 0f…", "stage 1a…", "checkpoint best A deputy 3c…"] */
  readonly digests: readonly string[];
}

export async function tinyRun(): Promise<TinyRun> {
  const gpu = await openGpu();
  const dataset = await demoDataset({
    ...{ seed: 3, imageSize: 32, trainSize: 36, validSize: 24, testSize: 24 },
  });
  const config = { ...defaultConfig, dataset, method: "prrfl" as const, seed: 7 };
  const small = { width: 0.125, rounds: 2, localEpochs: 1, batchSize: 8 };
  const digests: string[] = [];
  for await (const event of simulate(gpu, { ...config, ...small })) {
    if (event.type === "progress") continue;
    if (event.type !== "checkpoint") {
      digests.push(
        `${event.type} ${await digest(new TextEncoder().encode(JSON.stringify(event)))}`,
      );
      continue;
    }
    const { reason, client, role, tensors } = event;
    for (const [name, { data }] of tensors) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      digests.push(`${reason} ${client} ${role} ${name} ${await digest(bytes)}`);
    }
  }
  gpu.dispose();
  return { adapter: gpu.adapter.kind, digests };
}

async function digest(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes));
  return Array.from(new Uint8Array(hash).slice(0, 8), (b) => b.toString(16).padStart(2, "0"))
    .join("");
}

if (import.meta.main) console.log(JSON.stringify(await tinyRun()));
