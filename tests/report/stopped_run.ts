// A run folder of a run that was stopped, and could go on.

import { join } from "@std/path";
import type { SimulationEvent } from "../../src/federated/events.ts";
import { RunFolder } from "../../src/report/files/run_folder.ts";
import { madeUpHeader, madeUpRun } from "./made_up_run.ts";

export const options = { tensorboard: true };

/** The made-up run, with a state at its start and after each of its rounds but the last. */
export function* eventsWithStates(): Generator<SimulationEvent> {
  for (const event of madeUpRun()) {
    yield event;
    if (event.type === "run") yield stateEvent(0);
    if (event.type === "aggregation" && event.round < 2) yield stateEvent(event.round + 1);
  }
}

function stateEvent(round: number): SimulationEvent {
  const tensors = new Map([["0.personal.w", { shape: [2], data: new Float32Array([round, 0.5]) }]]);
  const configuration = { classes: "nævus, mel" }; // no ASCII
  return {
    type: "state",
    state: {
      ...{
        position: { at: "round", round },
        best: null,
        stages: [1, 2, 0, 4],
        skipped: [2],
        kernels: "by the rules",
      },
      ...{ configuration, tensors },
    },
  };
}

/** Where the newest state is ("state"), or the one before ("previous"). */
export const stateFile = (path: string, name: string) =>
  join(path, "resume", `${name}.safetensors`);

/** Writes what there is of a run that ends within its last round, and some of what a killed process may leave. */
export async function writeStoppedRun(path: string): Promise<void> {
  const folder = await RunFolder.open(madeUpHeader(path), options);
  for (const event of eventsWithStates()) {
    await folder.consume(event);
    if (event.type === "epoch" && event.round === 2) break;
  }
  const place = { lastRound: 2, lastEpoch: 0, communications: 2 };
  await folder.consume({ type: "interrupted", cause: "SIGINT", ...place });
  await Deno.writeTextFile(join(path, "metrics.jsonl"), '{"type":"epo', { append: true });
  await Deno.writeTextFile(join(path, "metrics.csv"), "2,1,", { append: true });
  await Deno.writeTextFile(join(path, "save_valid_overall-F1-m99.99-AUC-m99.99-iters2.txt"), "");
  await Deno.writeTextFile(`${stateFile(path, "state")}.${crypto.randomUUID()}.tmp`, "half of");
}
