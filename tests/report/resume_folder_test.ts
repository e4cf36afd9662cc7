// A run folder that is gone on with: it ends as if it had not been stopped, and says what it cannot use.

import { join } from "@std/path";
import { trainFlags } from "../../src/commands/flags.ts";
import { resolveOptions } from "../../src/commands/options.ts";
import { resumeRun } from "../../src/commands/resume.ts";
import { UsageError } from "../../src/commands/usage_error.ts";
import type { RunEvent, SimulationEvent } from "../../src/federated/events.ts";
import { readEarlierRun } from "../../src/report/reading/earlier_run.ts";
import { RunFolder } from "../../src/report/files/run_folder.ts";
import { RunFolderError } from "../../src/report/run_folder_error.ts";
import { RunInUseError, StateFiles } from "../../src/report/files/state_files.ts";
import { decodeState } from "../../src/report/files/stored_state.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { readEventFile } from "./event_reader.ts";
import { madeUpHeader } from "./made_up_run.ts";
import { eventsWithStates as events, options, stateFile, writeStoppedRun } from "./stopped_run.ts";

const states = (path: string) => ["state", "previous"].map((name) => stateFile(path, name));

async function writeWholeRun(path: string): Promise<void> {
  const folder = await RunFolder.open(madeUpHeader(path), options);
  for (const event of events()) await folder.consume(event);
}

/** Goes on to the end. @returns what was said of the state taken */
async function goOn(path: string): Promise<{ notice: string | null; round: number }> {
  const earlier = await readEarlierRun(path);
  const { state } = earlier.stored;
  const folder = await RunFolder.reopen(madeUpHeader(path), earlier, options);
  const all = [...events()];
  await folder.resume(all[0] as RunEvent, earlier.events);
  const next = 1 +
    all.findIndex((event) =>
      event.type === "state" && event.state.position.round === state.position.round
    );
  for (const event of all.slice(next)) await folder.consume(event);
  return { notice: earlier.notice, round: state.position.round };
}

/** Everything that may not depend on whether the run was stopped, by file. */
async function contentsOf(path: string): Promise<Map<string, unknown>> {
  const contents = new Map<string, unknown>();
  for (const { name, isDirectory } of [...Deno.readDirSync(path)]) {
    if (isDirectory) {
      for (const [inner, content] of await contentsOf(join(path, name))) {
        contents.set(name === "tensorboard" ? name : `${name}/${inner}`, content);
      }
    } else contents.set(name, contentOf(name, await Deno.readFile(join(path, name))));
  }
  return contents;
}

function contentOf(name: string, bytes: Uint8Array): unknown {
  if (name.startsWith("events.")) {
    return readEventFile(bytes).scalars.map((scalar) => ({ ...scalar, wallTime: 0 }));
  }
  if (/\.(html|svg)$/.test(name)) return null; // they number their parts through all charts of a process
  if (!/\.(txt|jsonl|csv|json)$/.test(name)) return bytes;
  const text = new TextDecoder().decode(bytes);
  if (name === "metrics.jsonl") return text.replaceAll(/"time":\{.*?\}/g, "");
  return text.replaceAll(/^Resumed .*\n\n/gm, "").replaceAll(/(\(| in )\d+:\d\d/g, "");
}

Deno.test("a run folder that was gone on with has what an uninterrupted one has", async () => {
  using temporary = new TemporaryFolder();
  const [whole, stopped] = ["whole", "stopped"].map((name) => join(temporary.path, name));
  await writeWholeRun(whole);
  await writeStoppedRun(stopped);
  assertEquals(await goOn(stopped), { notice: null, round: 2 });

  const [expected, actual] = [await contentsOf(whole), await contentsOf(stopped)];
  assertEquals([...actual.keys()].toSorted(), [...expected.keys()].toSorted());
  for (const [name, content] of expected) {
    const text = name === "log.txt" ? String(content).replaceAll(whole, stopped) : content;
    assertEquals(actual.get(name), text, name);
  }
  const log = await Deno.readTextFile(join(stopped, "log.txt"));
  assertStringIncludes(
    log,
    "\nResumed after round 2/3, epoch 2/2 and its communication on llvmpipe",
  );
  assert(!log.includes("SIGINT"));
});

Deno.test("a run folder keeps two states while it is written and none at the end", async () => {
  using temporary = new TemporaryFolder();
  const path = join(temporary.path, "run");
  await writeStoppedRun(path);
  const names = [...Deno.readDirSync(join(path, "resume"))].map(({ name }) => name)
    .filter((name) => !name.endsWith(".tmp"));
  assertEquals(names.toSorted(), ["lock", "previous.safetensors", "state.safetensors"]);
  const { stored, states } = await readEarlierRun(path);
  states[Symbol.dispose]();
  assertEquals(
    [stored.state],
    [...events()].flatMap((event) =>
      event.type === "state" && event.state.position.round === 2 ? [event.state] : []
    ),
  );
  await goOn(path);
  await assertRejects(() => Deno.stat(join(path, "resume")), Deno.errors.NotFound);
});

/** Waits until the state of a round is whole on the disk: training goes on while it is stored. */
async function untilStored(path: string, round: number): Promise<void> {
  while (true) {
    const bytes = await Deno.readFile(stateFile(path, "state")).catch(() => null);
    if (bytes !== null && (await decodeState(bytes)).state.position.round === round) return;
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Tells the made-up run from its start until the folder refuses, and why; then that it was interrupted. */
async function writeUntilRefused(
  path: string,
  before: (event: SimulationEvent) => Promise<void>,
): Promise<string> {
  const folder = await RunFolder.open(madeUpHeader(path), options);
  const error = await assertRejects(async () => {
    for (const event of events()) {
      await before(event);
      await folder.consume(event);
    }
  }, RunFolderError);
  const place = { lastRound: 1, lastEpoch: 1, communications: 2 };
  await folder.consume({ type: "interrupted", cause: "", ...place }).catch(() => {}); // as `follow()` does
  return error.message;
}

async function assertEndsWhole(temporary: TemporaryFolder, path: string): Promise<void> {
  const whole = join(temporary.path, "whole");
  await writeWholeRun(whole);
  const [expected, actual] = [await contentsOf(whole), await contentsOf(path)];
  assertEquals([...actual.keys()].toSorted(), [...expected.keys()].toSorted());
  assertEquals(actual.get("metrics.jsonl"), expected.get("metrics.jsonl"));
  assertEquals(actual.get("metrics.csv"), expected.get("metrics.csv"));
}

Deno.test("a disk that is full when a state is stored ends the run with its last good state", async () => {
  using temporary = new TemporaryFolder();
  const path = join(temporary.path, "run");
  const { writeFile } = Deno;
  const full = Object.assign(new Error("No space left on device (os error 28)"), {
    code: "ENOSPC",
  });
  try {
    const message = await writeUntilRefused(path, async (event) => {
      if (event.type !== "state" || event.state.position.round < 2) return;
      await untilStored(path, 1);
      Deno.writeFile = (file, ...rest) =>
        String(file).includes("state.safetensors")
          ? Promise.reject(full)
          : writeFile(file, ...rest);
    });
    assertEquals(
      message,
      `Cannot write to ${path}: No space left on device (os error 28); put that right, then --resume ` +
        "goes on from the last state that was stored",
    );
  } finally {
    Deno.writeFile = writeFile;
  }
  assertEquals(await goOn(path), { notice: null, round: 1 });
  await assertEndsWhole(temporary, path);
});

Deno.test("a disk that is full when metrics are written ends the run with its last good state", {
  ignore: Deno.build.os !== "linux", // elsewhere no file is always full
}, async () => {
  using temporary = new TemporaryFolder();
  const path = join(temporary.path, "run");
  const file = join(path, "metrics.csv");
  const message = await writeUntilRefused(path, async (event) => {
    if (event.type !== "epoch" || event.round < 2) return;
    await untilStored(path, 2);
    Deno.renameSync(file, `${file}.kept`);
    Deno.symlinkSync("/dev/full", file);
  });
  assertMatch(
    message,
    /^Cannot write to .*: No space left on device .*; put that right, then --res/,
  );
  await Deno.rename(`${file}.kept`, file);
  assertEquals(await goOn(path), { notice: null, round: 2 });
  await assertEndsWhole(temporary, path);
});

Deno.test("a folder that nothing can be written to any more ends the run with its last good state", async () => {
  using temporary = new TemporaryFolder();
  const path = join(temporary.path, "run");
  const folder = join(path, "resume");
  const message = await writeUntilRefused(path, async (event) => {
    if (event.type !== "state" || event.state.position.round !== 1) return;
    await untilStored(path, 0);
    Deno.renameSync(folder, `${folder}.kept`);
    Deno.writeTextFileSync(folder, ""); // root may write to any folder, but not into a file
  });
  assertMatch(message, /^Cannot write to .*: Not a directory .*; put that right, then --resume/);
  await Deno.remove(folder);
  await Deno.rename(`${folder}.kept`, folder);
  assertEquals(await goOn(path), { notice: null, round: 0 });
  await assertEndsWhole(temporary, path);
});

const damages: [string, (path: string) => Promise<void>, string][] = [
  ["truncated", (path) => Deno.truncate(path, 300), "bytes but only 292 follow"],
  ["empty", (path) => Deno.truncate(path, 0), "expected at least 8 bytes"],
  ["altered in a tensor", (path) => flipBit(path, -1), "its checksum does not match"],
  ["altered in its counters", (path) => flipBit(path, 210), "its checksum does not match"],
];

async function flipBit(path: string, at: number): Promise<void> {
  const bytes = await Deno.readFile(path);
  bytes[at < 0 ? bytes.length + at : at] ^= 1;
  await Deno.writeFile(path, bytes);
}

Deno.test("a damaged state is said to be so, and the one before it is taken", async () => {
  using temporary = new TemporaryFolder();
  const path = join(temporary.path, "run");
  await writeStoppedRun(path);
  const intact = await Deno.readFile(stateFile(path, "state"));
  for (const [how, damage, reason] of damages) {
    await Deno.writeFile(stateFile(path, "state"), intact);
    await damage(stateFile(path, "state"));
    const { notice, stored, states } = await readEarlierRun(path);
    states[Symbol.dispose]();
    assertEquals(stored.state.position.round, 1, how);
    assertMatch(notice!, /state\.safetensors is damaged .*; the state before it is taken instead$/);
    assertStringIncludes(notice!, reason);
  }
  assertEquals((await goOn(path)).round, 1);
});

Deno.test("a good state outlives the next one where the newest was damaged", async () => {
  using temporary = new TemporaryFolder();
  const path = join(temporary.path, "run");
  await writeStoppedRun(path);
  const good = await Deno.readFile(stateFile(path, "previous"));
  await Deno.truncate(stateFile(path, "state"), 9);
  const files = await StateFiles.claim(path);
  const { stored } = await files.read(() => null);
  await files.store(stored);
  await files.settled();
  files[Symbol.dispose]();
  assertEquals(await Deno.readFile(stateFile(path, "previous")), good);
});

/** The states in a folder: of which rounds, and whether within a local epoch. */
async function placesIn(path: string) {
  const found: Record<string, unknown> = {};
  for (const name of ["state", "previous"]) {
    const bytes = await Deno.readFile(stateFile(path, name)).catch(() => null);
    if (bytes === null) continue;
    const { position } = (await decodeState(bytes)).state;
    found[name] = [position.round, position.at === "step"];
  }
  return found;
}

/** Stores two states within the third round of a stopped run, one after the other. */
async function stopAmid(path: string): Promise<void> {
  using files = await StateFiles.claim(path);
  const { stored } = await files.read(() => null);
  for (const steps of [1, 2]) {
    const { round } = stored.state.position;
    const at = { at: "step", round, epoch: 0, parallelClients: 2 } as const;
    const state = { ...stored.state, position: { ...at, steps: [steps, 0] } };
    await files.store({ ...stored, state });
    await files.settled();
    assertEquals(await placesIn(path), { state: [2, true], previous: [2, false] });
  }
}

Deno.test("a state within an epoch gives way to the next one, and the one before it stays", async () => {
  using temporary = new TemporaryFolder();
  const path = join(temporary.path, "run");
  await writeStoppedRun(path);
  await stopAmid(path);
  using files = await StateFiles.claim(path);
  const { stored: { state, ...rest } } = await files.read(() => null);
  assertEquals("steps" in state.position && state.position.steps, [2, 0]);
  await files.discardNewer();
  await files.store({ ...rest, state: { ...state, position: { at: "round", round: 3 } } });
  await files.settled();
  assertEquals(await placesIn(path), { state: [3, false], previous: [2, false] });
});

Deno.test("a state within an epoch that cannot be used is said to be so, and never taken afterwards", async () => {
  using temporary = new TemporaryFolder();
  const path = join(temporary.path, "run");
  await writeStoppedRun(path);
  await stopAmid(path);
  const resumed = (...flags: string[]) =>
    resumeRun(path, resolveOptions(flags, trainFlags), trainFlags);
  const taken = async (...flags: string[]) => {
    const { earlier: { stored, notice, states } } = await resumed(...flags);
    states[Symbol.dispose]();
    return { amid: stored.state.position.at === "step", notice };
  };
  assertEquals(await taken(), { amid: true, notice: null });
  assertEquals(await taken("--parallel-clients", "2"), { amid: true, notice: null });
  const others: [string, string, RegExp][] = [
    [
      "--parallel-clients",
      "3",
      /state\.safetensors was taken within .* with 2 .* go on with 3; the/,
    ],
    [
      "--memory-limit",
      "500",
      /state\.safetensors was taken within .* clients has to stay; the state/,
    ],
    ["--on-nan", "skip-client", /was taken within round 3 of a run with "stop" and does not hold/],
  ];
  for (const [flag, value, message] of others) {
    const { amid, notice } = await taken(flag, value);
    assertEquals(amid, false, flag);
    assertMatch(notice!, message);
  }
  const refuse = () => "is of no use";
  await assertRejects(
    () => readEarlierRun(path, refuse),
    RunFolderError,
    "previous.safetensors is of no use; leave that setting as it was",
  );
  assertEquals(await placesIn(path), { state: [2, true], previous: [2, false] });

  const { earlier } = await resumed("--parallel-clients", "3");
  const folder = await RunFolder.reopen(madeUpHeader(path), earlier, options);
  await folder.resume([...events()][0] as RunEvent, earlier.events);
  assertEquals(await placesIn(path), { state: [2, false] });
  earlier.states[Symbol.dispose]();
  assertEquals((await goOn(path)).round, 2);
});

Deno.test("a run cannot go on without a whole state, nor twice at a time, nor when finished", async () => {
  using temporary = new TemporaryFolder();
  const path = join(temporary.path, "run");
  const refused = (message: string, kind = RunFolderError) =>
    assertRejects(() => readEarlierRun(path), kind, message);
  await refused("config.json: it does not exist; name the folder of a run");
  await writeStoppedRun(path);

  const held = await StateFiles.claim(path);
  await refused("another process is training it at this moment", RunInUseError);
  held[Symbol.dispose]();

  await Deno.truncate(join(path, "metrics.csv"), 10);
  await refused("metrics.csv has 10 bytes, but had");
  for (const file of states(path)) await Deno.truncate(file, 20);
  await refused("state.safetensors is damaged (");
  for (const file of states(path)) await Deno.remove(file);
  await refused("it holds no resume/state.safetensors; start another run");
  await Deno.remove(join(path, "resume"), { recursive: true });
  await refused("it holds no resume/state.safetensors; start another run");

  const finished = join(temporary.path, "finished");
  await writeWholeRun(finished);
  await assertRejects(() => readEarlierRun(finished), RunFolderError, "the run is finished");
});

Deno.test("a run goes on with its own settings, and refuses flags that say something else", async () => {
  using temporary = new TemporaryFolder();
  const path = join(temporary.path, "run");
  await writeStoppedRun(path);
  const resumed = (...flags: string[]) =>
    resumeRun(path, resolveOptions(flags, trainFlags), trainFlags);
  const others: [string[], string][] = [
    [["--iters", "4"], `Cannot use --iters 4 with --resume: the run in ${path} has iters 3`],
    [["--wd", "0"], "has wd 1e-6; leave that out, or start another run"],
    [["--wd", "0", "--lr", "1"], "has lr 0.01, wd 1e-6; leave that out, or start another run"],
    [["--no-shuffle"], "Cannot use --no-shuffle with --resume: the run"],
    [["--clients", "A"], "Cannot use --clients A with --resume"],
    [["--tensorboard"], "has no-tensorboard"],
  ];
  for (const [flags, message] of others) {
    await assertRejects(() => resumed(...flags), UsageError, message);
  }
  const flags = "--iters 3 --parallel-clients 2 --quiet --adapter cpu --checkpoint-every epoch";
  const { options, settings, earlier } = await resumed(...flags.split(" "));
  earlier.states[Symbol.dispose]();
  const { rounds, seed, weightDecay, parallelClients, quiet, adapter, checkpointEvery } = options;
  assertEquals([rounds, seed, weightDecay, parallelClients], [3, 1, 1e-6, 2]);
  assertEquals([quiet, adapter, checkpointEvery], [true, "cpu", "epoch"]);
  const sourceOf = (name: string) => settings.find((setting) => setting.name === name)!.source;
  assertEquals(["iters", "seed", "adapter"].map(sourceOf), ["flag", "official", "flag"]);
});
