// Records what the live page shows where there is no WebGPU: a run of the page's methods, into src/web/recorded_run.json.
//   deno run -A packaging/record_run.ts ['rounds=6&epochs=2&images=384']

import { join } from "@std/path";
import { demoDataset } from "../src/data/demo.ts";
import { simulate } from "../src/federated/simulation.ts";
import { preferVulkan } from "../src/commands/webgpu_backend.ts";
import { openGpu } from "../src/tensor/gpu.ts";
import { inTurns } from "../src/web/runs_in_turns.ts";
import { configOf, demoOptions, readSettings } from "../src/web/settings.ts";

/** Rows of metrics; spectra and predictions are tensors, so their figures are not in the recorded run. */
const kept = new Set(["run", "stage", "epoch", "aggregation", "done"]);

preferVulkan();
const { settings, problems } = readSettings(new URLSearchParams(Deno.args[0] ?? ""));
if (problems.length > 0) {
  console.error(`Cannot record: ${problems.join("; ")}`);
  Deno.exit(2);
}
const gpu = await openGpu();
const dataset = await demoDataset(demoOptions(settings));
const runs = settings.methods.map((name) => ({
  name,
  events: simulate(gpu, { ...configOf(settings, name), dataset }),
}));
const events: unknown[] = [];
for await (const { name, event } of inTurns(runs)) {
  if (event.type === "aggregation") console.error(name, event.round + 1);
  if (kept.has(event.type)) events.push({ method: name, event });
}
const text = JSON.stringify({ settings, adapter: gpu.adapter.name, events }, rounded);
await Deno.writeTextFile(
  join(import.meta.dirname!, "..", "src", "web", "recorded_run.json"),
  `${text}\n`,
);
gpu.dispose();

/** Five digits are more than a curve shows. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value)
    ? Number(value.toPrecision(5))
    : value;
}
