// A GPU that fails during a run: the run goes on from its last state, and ends with the bytes of one that did not fail.

import { join } from "@std/path";
import { Interruption } from "../../src/commands/interruption.ts";
import { RenewableGpu } from "../../src/commands/renewable_gpu.ts";
import { type PreparedRun, trainToEnd } from "../../src/commands/train_to_end.ts";
import type { SimulationConfig } from "../../src/federated/config.ts";
import type { SimulationEvent } from "../../src/federated/events.ts";
import { GpuError, type GpuErrorKind } from "../../src/gpu/errors.ts";
import { readEarlierRun } from "../../src/report/reading/earlier_run.ts";
import { RunFolder } from "../../src/report/files/run_folder.ts";
import { type Gpu, openGpu } from "../../src/tensor/gpu.ts";
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "../assert.ts";
import { slowest } from "../clock.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { config as small } from "../federated/small_federation.ts";
import { madeUpHeader } from "../report/made_up_run.ts";
import { filesOf } from "./run_files.ts";

const config: SimulationConfig = {
  ...small,
  ...{ method: "prrfl", localEpochs: 2 },
};

/** Does harm to the GPU in use when an event is told; `count`: how many times. */
interface Harm {
  readonly at: (event: SimulationEvent) => boolean;
  readonly count: number;
  readonly to: (gpu: Gpu) => void;
}

const destroy = (gpu: Gpu) => gpu.device.destroy();
/** As the driver does where it has no memory left. */
const exhaust = ({ device }: Gpu) => {
  const error = new GPUOutOfMemoryError("Not enough memory left.");
  device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
};

/** A GPU whose runs tell their progress after every step, however fast it is. */
async function openSlow(): Promise<Gpu> {
  return Object.assign(await openGpu(), { clock: slowest() });
}

/** Trains into a folder, or goes on there. @returns what was printed on standard error, and the numbers of clients at a time */
async function train(
  path: string,
  changes: Partial<SimulationConfig> = {},
  harm: Harm = { at: () => false, count: 0, to: () => {} },
  open: () => Promise<Gpu> = openSlow,
  signal = new AbortController().signal,
) {
  const gpu = await RenewableGpu.open(open);
  const header = { ...madeUpHeader(path), adapter: gpu.adapter, versions: {} };
  const isThere = await Deno.stat(path).then(() => true, () => false);
  const earlier = isThere ? await readEarlierRun(path) : null;
  const prepared: PreparedRun = {
    config: { ...config, ...changes },
    control: { stateEvery: "round" },
    header,
    folder: earlier ? await RunFolder.reopen(header, earlier) : await RunFolder.open(header),
    folderOptions: {},
    earlier,
    advice: "",
  };
  let left = harm.count;
  const parallel: number[] = [];
  const consumer = {
    consume(event: SimulationEvent): void {
      if (event.type === "run") parallel.push(event.parallelClients);
      if (left === 0 || !harm.at(event)) return;
      left--;
      harm.to(gpu.current);
    },
    resume(event: SimulationEvent): void {
      this.consume(event);
    },
  };
  const consumers = { create: () => [consumer], clear: () => {} };
  const notes: string[] = [];
  const { error } = console;
  console.error = (text: string) => notes.push(text);
  try {
    await trainToEnd(gpu, prepared, consumers, signal);
  } finally {
    console.error = error;
    gpu.current.dispose();
  }
  return { notes, parallel };
}

const temporary = new TemporaryFolder();
globalThis.addEventListener("unload", () => temporary[Symbol.dispose]());
const wholePath = join(temporary.path, "whole");
await train(wholePath);
const whole = await filesOf(wholePath);

async function assertWhole(path: string): Promise<void> {
  const files = await filesOf(path);
  assertEquals([...files.keys()], [...whole.keys()]);
  for (const [name, content] of whole) assertEquals(files.get(name), content, name);
}

const moments: [string, Harm["at"]][] = [
  ["at the start", (event) => event.type === "state" && event.state.position.round === 0],
  ["during training", (event) => event.type === "progress" && event.phase === "train"],
  ["after the first epoch of the last round", (event) => event.type === "epoch" && event.round > 0],
  ["between its checkpoints", (event) => event.type === "checkpoint" && event.client === "C"],
];

for (const [when, at] of moments) {
  Deno.test(`a run whose device is lost ${when} ends as if it had not been`, async () => {
    const path = join(temporary.path, `lost ${when}`);
    const { notes, parallel } = await train(path, {}, { at, count: 1, to: destroy });
    assertEquals(parallel, [4, 4]);
    assertEquals(notes.length, 1, notes.join("\n"));
    const reason =
      /^note: the GPU has failed \(Device lost \(destroyed\).*\); the run goes on from/;
    assertMatch(notes[0], reason);
    await assertWhole(path);
    const log = await Deno.readTextFile(join(path, "log.txt"));
    assertMatch(log, /^Resumed .* on .*: the GPU has failed \(Device lost/m);
  });
}

Deno.test("a run whose device is lost again says so and stops, with its last state kept", async () => {
  const path = join(temporary.path, "lost twice");
  const at = ({ type }: SimulationEvent) => type === "epoch";
  await assertFails(
    () => train(path, {}, { at, count: 2, to: destroy }),
    "device-lost",
    /^Device lost .*, again after a restart; look at the driver .*--resume goes on from the last/,
  );
  assertEquals((await Deno.stat(join(path, "resume", "state.safetensors"))).isFile, true);
  const { status } = JSON.parse(await Deno.readTextFile(join(path, "config.json")));
  assertEquals(status.state, "interrupted");
});

Deno.test("a run that lacks memory goes on in smaller groups, with the same bytes", async () => {
  const path = join(temporary.path, "out of memory");
  const at = (event: SimulationEvent) => event.type === "stage";
  const { notes, parallel } = await train(path, {}, { at, count: 2, to: exhaust });
  assertEquals(parallel, [4, 2, 1]);
  assertEquals(notes.length, 2, notes.join("\n"));
  assertStringIncludes(
    notes[0],
    "memory does not suffice for 4 clients at a time, now it is 2; the",
  );
  await assertWhole(path);
  const log = await Deno.readTextFile(join(path, "log.txt"));
  assertMatch(log, /^Resumed .*: the GPU's memory does not suffice for 2 clients at a time, now/m);
});

Deno.test("a run that lacks memory within an epoch it has gone on with goes back to before that", async () => {
  const path = join(temporary.path, "out of memory within an epoch");
  const amid = (event: SimulationEvent) => event.type === "progress" && event.phase === "train";
  const controller = new AbortController();
  const stop = { at: amid, count: 1, to: () => controller.abort("SIGINT") };
  const stopped = () => train(path, {}, stop, openSlow, controller.signal);
  await assertRejects(stopped, Interruption, "Interrupted before the first local epoch was over");
  const { notes, parallel } = await train(path, {}, { at: amid, count: 1, to: exhaust });
  assertEquals(parallel, [4, 2]);
  assertEquals(notes.length, 2, notes.join("\n"));
  assertMatch(
    notes[1],
    /was taken within .* with 4 .* cannot go on with 2; the state before it is/,
  );
  await assertWhole(path);
});

Deno.test("a run that lacks memory for its models begins anew in smaller groups", async () => {
  const path = join(temporary.path, "out of memory at once");
  let opened = 0;
  const open = async () => {
    const gpu = await openGpu();
    if (++opened > 1) return gpu;
    const { arena } = gpu;
    gpu.arena = () => {
      queueMicrotask(() => exhaust(gpu)); // told when the models' memory has been asked for
      return arena.call(gpu);
    };
    return gpu;
  };
  const { notes, parallel } = await train(path, {}, undefined, open);
  assertEquals([notes.length, parallel], [1, [2]]);
  assertMatch(notes[0], /4 clients at a time, now it is 2; the run begins anew$/);
  await assertWhole(path);
});

Deno.test("a run of which not even one client fits in memory says what to make smaller", () => {
  const path = join(temporary.path, "one client");
  const at = (event: SimulationEvent) => event.type === "stage";
  return assertFails(
    () => train(path, { parallelClients: 1 }, { at, count: 1, to: exhaust }),
    "out-of-memory",
    /^The GPU's memory does not suffice for a single client at batch size 8, 32 pixels and width 0.0625/,
  );
});

async function assertFails(body: () => Promise<unknown>, kind: GpuErrorKind, message: RegExp) {
  const error = await assertRejects(body, GpuError);
  assertEquals(error.kind, kind);
  assertMatch(error.message, message);
}
