// Run folders: what is left of them when a disk was full or an editor was at work, and what others put there.

import { join } from "@std/path";
import { compare } from "../../src/commands/compare.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { readEarlierRun } from "../../src/report/reading/earlier_run.ts";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { RunFolderError } from "../../src/report/run_folder_error.ts";
import { decodeState, encodeState, type StoredState } from "../../src/report/files/stored_state.ts";
import { assertRejects } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { addPredictions, madeUpRows, writeMadeUpFolder } from "../report/made_up_folder.ts";
import { stateFile, writeStoppedRun } from "../report/stopped_run.ts";
import type { InputCase } from "./case.ts";

/** One file of a finished run is this one. */
const refused = (what: string, file: string, content: string, ...words: string[]): InputCase => ({
  what,
  prepare: async (folder) => {
    await writeMadeUpFolder(folder.path, { rounds: 1, clients: ["A", "B"] });
    folder.write(file, content);
  },
  use: (path) => readRuns([path]),
  refused: [`Cannot read FOLDER/${file}`, ...words],
});

const config = (content: string) =>
  refused(
    `config.json with ${content.slice(0, 60)}`,
    "config.json",
    content,
    "it is not the settings",
  );

const settings = { method: "prrfl" };
const rows = madeUpRows({ rounds: 1, localEpochs: 1, clients: ["A", "B"] });
const nested = "[".repeat(50_000) + "]".repeat(50_000);

/** Row `index` of the metrics with some fields changed. */
const row = (what: string, index: number, change: Record<string, unknown>, ...words: string[]) =>
  refused(
    `metrics.jsonl with ${what}`,
    "metrics.jsonl",
    rows.map((row, k) => `${JSON.stringify(k === index ? { ...row, ...change } : row)}\n`).join(""),
    `line ${index + 1}`,
    ...words,
  );

const at = (type: string) => rows.findIndex((row) => row.type === type);
const epoch = rows[at("epoch")];
const [client, ...others] = epoch.clients as Record<string, unknown>[];

/** What was stopped, made once and copied for every case. */
const stopped = new TemporaryFolder();
globalThis.addEventListener("unload", () => stopped[Symbol.dispose]());
await writeStoppedRun(join(stopped.path, "run"));
const kept = ["config.json", "log.txt", "metrics.csv", "metrics.jsonl"]
  .concat(["resume/state.safetensors", "resume/previous.safetensors"])
  .concat(
    Array.from(
      Deno.readDirSync(join(stopped.path, "run/tensorboard")),
      ({ name }) => `tensorboard/${name}`,
    ),
  );

function copyStopped(folder: TemporaryFolder): void {
  for (const file of kept) folder.write(file, Deno.readFileSync(join(stopped.path, "run", file)));
}

/** The round that is gone on from, and whether it is said that it is not the newest. */
async function resumed(path: string) {
  const { stored, notice, states } = await readEarlierRun(path);
  states[Symbol.dispose]();
  return { round: stored.state.position.round, notice: notice !== null };
}

/** A file of a stopped run, cut at a twentieth of its length. */
function truncation(
  file: string,
  k: number,
  outcome: { accepted: unknown } | { refused: string[] },
): InputCase {
  return {
    what: `a stopped run with ${k}/20 of ${file.replace(/\d+/, "…")}`,
    prepare: (folder) => {
      copyStopped(folder);
      const path = join(folder.path, file);
      Deno.truncateSync(path, Math.floor(Deno.statSync(path).size * k / 20));
    },
    use: resumed,
    ...outcome,
  };
}

const twentieths = Array.from({ length: 20 }, (_, k) => k);
const older = { accepted: { round: 1, notice: true } };

/** Files that grow with the run. */
const growing = kept.filter((file) => !/^(config|resume)/.test(file));

/** Such a file, cut: no state is gone on from that it does not reach. */
const growingTruncation = (file: string, k: number): InputCase => ({
  ...truncation(file, k, { accepted: true }),
  use: async (path) => {
    const { size } = await Deno.stat(join(path, file));
    const reached = [];
    for (const name of ["state", "previous"]) {
      const { lengths, state } = await decodeState(await Deno.readFile(stateFile(path, name)));
      if (lengths[file] <= size) reached.push(state.position.round);
    }
    if (reached.length > 0) return (await resumed(path)).round === reached[0];
    const { message } = await assertRejects(() => resumed(path), RunFolderError, "Cannot resume");
    return message.includes(`${file} has ${size} bytes, but had`);
  },
});

/** A state that says something else, with a checksum that is right. */
const changedState = (what: string, change: (stored: StoredState) => unknown): InputCase => ({
  what: `a stored state with ${what}`,
  prepare: async (folder) => {
    copyStopped(folder);
    const path = stateFile(folder.path, "state");
    const stored = await decodeState(await Deno.readFile(path));
    await Deno.writeFile(path, await encodeState(change(stored) as StoredState));
    await Deno.remove(stateFile(folder.path, "previous"));
  },
  use: resumed,
  refused: [
    "Cannot resume FOLDER",
    "state.safetensors is damaged (it holds no state)",
    "start another run",
  ],
});

const plan = (content: string): InputCase => ({
  what: `a comparison whose plan is ${content.slice(0, 40)}`,
  prepare: (folder) => folder.write("compare.json", content),
  use: (path) => compare("compare", ["--resume", path, "--quiet"], new AbortController().signal),
  refused: ["Cannot resume FOLDER", "compare.json is damaged"],
});

export const runFolderCases: readonly InputCase[] = [
  ...["", "null", "3", "[]", "{}", '"x"', "{", nested, '{"settings":null,"adapter":"x"}'].map(
    config,
  ),
  ...[
    { settings: { method: 1 }, adapter: "x" },
    { settings: { ...settings, lr: {} }, adapter: "x" },
    { settings },
    { settings, adapter: "x", versions: null },
    { settings, adapter: "x", versions: { deno: 2 } },
    { settings, adapter: "x", status: null },
    { settings, adapter: "x", flags: {} },
    { settings, adapter: "x", decisive: "method" },
  ].map((content) => config(JSON.stringify(content))),

  refused("metrics.jsonl with nothing in it", "metrics.jsonl", "", "does not begin with a row"),
  refused("metrics.jsonl with null", "metrics.jsonl", "null\n", "line 1", "the row is no object"),
  refused("metrics.jsonl with a deep row", "metrics.jsonl", `${nested}\n`, "line 1", "no object"),
  row("a run without roles", 0, { roles: [] }, "roles is empty"),
  row(
    "a run of a role that is not there",
    0,
    { personalRole: { toString: 1 } },
    "role nested values",
  ),
  row("clients without images", 0, { clients: [{ name: "A" }] }, "train is no whole number"),
  row("1e300 rounds", 0, { rounds: 1e300 }, "rounds is no whole number"),
  row("a second run", at("round"), rows[0], 'a second row of type "run"'),
  row(
    "a client of a nested name",
    at("epoch"),
    { clients: [{ client: { toString: 1 } }] },
    "client nested values",
  ),
  row(
    "a stage that is a list",
    at("epoch"),
    { clients: [{ ...client, stage: [[]] }, ...others] },
    "stage",
  ),
  row("an epoch in four billion rounds", at("epoch"), { round: 2 ** 32 }, "comes after 0 local"),
  row("a client too few", at("epoch"), { clients: [client] }, "clients are missing"),
  row("a mean without roles", at("epoch"), { mean: {} }, "mean.personal is no object"),
  row("senders that are no texts", at("aggregation"), { senders: [1] }, "senders is no text"),
  row(
    "a communication without validation",
    at("aggregation"),
    { valid: null },
    "valid is no object",
  ),
  row("a rate of text", at("aggregation"), { rate: "high" }, "rate is no number"),
  {
    what: "predictions of other clients",
    prepare: async (folder) => {
      await writeMadeUpFolder(folder.path, { clients: ["A", "B"] });
      await addPredictions(folder.path, ["A"]);
    },
    use: (path) => readRuns([path]),
    refused: ["FOLDER/predictions.safetensors", "B.labels"],
  },

  ...["null", "[]", "{}", '{"command":"compare"}', '{"command":"compare","arguments":[1]}', "{"]
    .map(plan),
  ...twentieths.map((k) => truncation("resume/state.safetensors", k, older)),
  ...twentieths.map((k) =>
    truncation("resume/previous.safetensors", k, { accepted: { round: 2, notice: false } })
  ),
  ...growing.flatMap((file) => twentieths.map((k) => growingTruncation(file, k))),
  ...twentieths.map((k) => truncation("config.json", k, { refused: ["FOLDER/config.json"] })),
  {
    what: "a stopped run of which both states are cut off",
    prepare: (folder) => {
      copyStopped(folder);
      for (const name of ["state", "previous"]) {
        Deno.truncateSync(stateFile(folder.path, name), 300);
      }
    },
    use: resumed,
    refused: [
      "state.safetensors is damaged",
      "previous.safetensors is damaged",
      "start another run",
    ],
  },
  changedState("a round of −1", (stored) => ({ ...stored, state: { ...stored.state, round: -1 } })),
  changedState("stage 7", (stored) => ({ ...stored, state: { ...stored.state, stages: [7] } })),
  changedState(
    "a best round of text",
    (stored) => ({ ...stored, state: { ...stored.state, best: "x" } }),
  ),
  ...[
    { amid: {} },
    { amid: { parallelClients: 2, steps: "x" } },
    { amid: { parallelClients: 2, steps: [-1] } },
    { amid: { parallelClients: 0.5, steps: [1] } },
    { communicated: 1 },
  ].map((change) =>
    changedState(
      JSON.stringify(change),
      (stored) => ({ ...stored, state: { ...stored.state, ...change } }),
    )
  ),
  changedState("no lengths", (stored) => ({ ...stored, lengths: undefined })),
  changedState("a file outside to be cut", (stored) => ({ ...stored, lengths: { "../x": 0 } })),
  changedState("an absolute path to be cut", (stored) => ({ ...stored, lengths: { "/x": 0 } })),
  changedState("an endless time", (stored) => ({ ...stored, elapsed: "long" })),
  {
    what: "a stored state without checksum",
    prepare: async (folder) => {
      copyStopped(folder);
      const { tensors, metadata: { sha256: _, ...rest } } = readSafetensors(
        await Deno.readFile(stateFile(folder.path, "state")),
      );
      await Deno.writeFile(stateFile(folder.path, "state"), writeSafetensors(tensors, rest));
      await Deno.remove(stateFile(folder.path, "previous"));
    },
    use: resumed,
    refused: ["state.safetensors is damaged (it has no checksum)"],
  },
];
