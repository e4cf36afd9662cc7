// The run folder: which files it has, what is in them, and when it refuses.

import { join } from "@std/path";
import type { SimulationEvent } from "../../src/federated/events.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { retrogress } from "../../src/metrics/retrogress.ts";
import { RunFolder, type RunFolderOptions } from "../../src/report/files/run_folder.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { readEventFile } from "./event_reader.ts";
import { madeUpHeader, madeUpRun } from "./made_up_run.ts";

/** Runs a test with the path of a folder that does not exist yet, and removes it afterwards. */
async function withRunPath(test: (path: string) => Promise<void>): Promise<void> {
  const above = await Deno.makeTempDir();
  try {
    await test(join(above, "runs", "one"));
  } finally {
    await Deno.remove(above, { recursive: true });
  }
}

async function writeMadeUpRun(
  path: string,
  options?: RunFolderOptions,
  events: Iterable<SimulationEvent> = madeUpRun(),
): Promise<void> {
  const folder = await RunFolder.open(madeUpHeader(path), options);
  for (const event of events) await folder.consume(event);
}

function rowsWithoutTime(path: string): unknown[] {
  const lines = Deno.readTextFileSync(join(path, "metrics.jsonl")).trimEnd().split("\n");
  return lines.map((line) => ({ ...JSON.parse(line), time: undefined }));
}

Deno.test("RunFolder writes settings, log, metrics, checkpoints, curves and report", () =>
  withRunPath(async (path) => {
    await writeMadeUpRun(path);
    assertEquals([...Deno.readDirSync(path)].map(({ name }) => name).toSorted(), [
      "best",
      "config.json",
      "curve-Test-AUC-all-client.png",
      "curve-Test-AUC-all-client.svg",
      "curve-Test-F1-all-client.png",
      "curve-Test-F1-all-client.svg",
      "final",
      "infodict-Test-all-client.json",
      "log.txt",
      "metrics.csv",
      "metrics.jsonl",
      "report.html",
      "retrogress-auc.png",
      "retrogress-auc.svg",
      "retrogress-f1.png",
      "retrogress-f1.svg",
      "save_end_overall-F1-m46.25-AUC-m66.25-iters2.txt",
      "save_valid_overall-F1-m46.25-AUC-m66.25-iters2.txt",
      "stage-timeline.png",
      "stage-timeline.svg",
    ]);

    const config = JSON.parse(await Deno.readTextFile(join(path, "config.json")));
    assertEquals(config.settings.l_rate, 0.7);
    assertEquals(config.settings.csv_folder, null);
    assertEquals(config.flags, ["data", "iters"]);
    assertStringIncludes(config.adapter, "llvmpipe");

    const log = await Deno.readTextFile(join(path, "log.txt"));
    assertStringIncludes(log, "Round 3/3, epoch 2/2");
    assert(!/[^\P{Cc}\n]/u.test(log), "the log holds control characters");

    const png = await Deno.readFile(join(path, "curve-Test-F1-all-client.png"));
    assertEquals([...png.subarray(1, 4)], [..."PNG"].map((c) => c.charCodeAt(0)));
    const size = new DataView(png.buffer);
    assertEquals(size.getUint32(16), 1440); // width

    const report = await Deno.readTextFile(join(path, "report.html"));
    assertStringIncludes(report, "<h1>PRR-FL, seed 1</h1>");
  }));

Deno.test("RunFolder writes checkpoints of every client and role that explain themselves", () =>
  withRunPath(async (path) => {
    await writeMadeUpRun(path);
    const roles = ["deputy", "personal"];
    const expected = ["A", "B", "C", "D"]
      .flatMap((client) => roles.map((role) => `client${client}_${role}.safetensors`));
    for (const reason of ["best", "final"]) {
      const names = [...Deno.readDirSync(join(path, reason))].map(({ name }) => name);
      assertEquals(names.toSorted(), expected);
    }
    const bytes = await Deno.readFile(join(path, "best", "clientC_deputy.safetensors"));
    const { tensors, metadata } = readSafetensors(bytes);
    assertEquals([...tensors.keys()], ["fc1.linear.weight", "fc1.bn.num_batches_tracked"]);
    assertEquals(tensors.get("fc1.linear.weight")!.data[3], 2); // the round it is of
    const { format, round, client, role, classes, l_rate } = metadata;
    assertEquals({ format, round, client, role, classes, l_rate }, {
      format: "pt",
      round: "2",
      client: "C",
      role: "deputy",
      classes: "nv,bkl,mel",
      l_rate: "0.7",
    });
    assert(Number(metadata.f1) > 0 && Number(metadata.auc) > 0);
    assertEquals("csv_folder" in metadata, false); // it is not set
  }));

Deno.test("RunFolder stores the server's model once, where all clients have received it", () =>
  withRunPath(async (path) => {
    const events = [...madeUpRun()].map((event) =>
      event.type === "checkpoint" && event.client === "A" && event.role === "deputy"
        ? { ...event, isServerModel: true }
        : event
    );
    await writeMadeUpRun(path, {}, events);
    for (const reason of ["best", "final"]) {
      const read = (name: string) => readSafetensors(Deno.readFileSync(join(path, reason, name)));
      const server = read("server.safetensors");
      assertEquals(server.tensors, read("clientA_deputy.safetensors").tensors);
      const { role, client, f1, classes } = server.metadata;
      assertEquals({ role, client, f1, classes }, {
        ...{ role: "server", client: undefined, f1: undefined, classes: "nv,bkl,mel" },
      });
    }
  }));

Deno.test("RunFolder writes identical metrics for identical runs, time aside", () =>
  withRunPath(async (path) => {
    await writeMadeUpRun(path);
    await writeMadeUpRun(`${path}-again`);
    const rows = rowsWithoutTime(path);
    assertEquals(rows, rowsWithoutTime(`${path}-again`));
    const events = [...madeUpRun()].filter(({ type }) => type !== "progress");
    assertEquals(rows.length, events.length + 2); // and the retrogress of both roles
    for (const name of ["metrics.csv", "infodict-Test-all-client.json"]) {
      const texts = [path, `${path}-again`].map((folder) => Deno.readTextFile(join(folder, name)));
      const [one, two] = await Promise.all(texts);
      assertEquals(one, two, name);
    }
  }));

Deno.test("RunFolder writes an event file for TensorBoard where it is asked for", () =>
  withRunPath(async (path) => {
    await writeMadeUpRun(path, { tensorboard: true });
    const [{ name }] = [...Deno.readDirSync(join(path, "tensorboard"))];
    const { scalars } = readEventFile(await Deno.readFile(join(path, "tensorboard", name)));
    assert(scalars.some(({ tag }) => tag === "test/f1/A/personal"));
  }));

Deno.test("RunFolder is made with the first event, not before", () =>
  withRunPath(async (path) => {
    await RunFolder.open(madeUpHeader(path));
    await assertRejects(() => Deno.stat(path), Deno.errors.NotFound);
  }));

Deno.test("RunFolder tells at the end what every communication cost each client", () =>
  withRunPath(async (path) => {
    await writeMadeUpRun(path);
    const rows = rowsWithoutTime(path) as Record<string, unknown>[];
    assertEquals(rows.at(-1)!.type, "done");
    const events = [...madeUpRun()];
    for (const [index, role] of ["personal", "deputy"].entries()) {
      const expected = { type: "retrogress", ...retrogress(events, { role }), time: undefined };
      assertEquals(rows.at(index - 3), expected);
    }
  }));

Deno.test("RunFolder refuses a folder that exists, and a path through a file", () =>
  withRunPath(async (path) => {
    await writeMadeUpRun(path);
    const taken = () => RunFolder.open(madeUpHeader(path));
    await assertRejects(taken, Deno.errors.AlreadyExists, "it exists already");
    const throughFile = () => RunFolder.open(madeUpHeader(join(path, "log.txt", "run")));
    await assertRejects(throughFile, Deno.errors.NotADirectory, "is a file");
  }));
