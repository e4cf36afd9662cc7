// A whole small run of the program, as it is started: what it prints, and what it leaves in its folder.

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { basename, join } from "@std/path";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { ended, runCli, startCli } from "./run_cli.ts";

/** Rounds of two local epochs on a few images. */
const smallRounds =
  "train --data demo --image-size 32 --augment none --wk_iters 2 --limit 10 --batch 8 --width 0.0625 --seed 5 --save_path out"
    .split(" ");
const smallRun = [...smallRounds, "--iters", "2"];

async function inTemporaryFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "prrfl-run-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The only run folder below `out`. */
async function runFolder(folder: string): Promise<string> {
  const names = (await Array.fromAsync(Deno.readDir(join(folder, "out")))).map(({ name }) => name);
  assertEquals(names.length, 1);
  return join(folder, "out", names[0]);
}

/** Rows of metrics.jsonl without what depends on the clock or on how the work was divided. */
async function rows(folder: string): Promise<unknown[]> {
  const text = await Deno.readTextFile(join(folder, "metrics.jsonl"));
  return text.trim().split("\n").map((line) => {
    const { time, parallelClients: _, ...row } = JSON.parse(line);
    assert(time);
    return row;
  });
}

Deno.test("a run leaves settings, log, metrics, checkpoints and curves, the same when repeated", () =>
  inTemporaryFolder(async (first) =>
    await inTemporaryFolder(async (second) => {
      const { code, out: stdout } = await runCli(first, ...smallRun);
      assertEquals(code, 0);
      assertStringIncludes(stdout, "Done: 2 rounds");
      const otherwise = ["--parallel-clients", "1", "--profile"]; // neither changes a number
      const { code: again, out: profiled } = await runCli(second, ...smallRun, ...otherwise);
      assertEquals(again, 0);

      const [one, two] = [await runFolder(first), await runFolder(second)];
      assertEquals(await rows(one), await rows(two));
      const csv = (path: string) => Deno.readTextFile(join(path, "metrics.csv"));
      assertEquals(await csv(one), await csv(two));
      for (const reason of ["best", "final"]) {
        const names = (await Array.fromAsync(Deno.readDir(join(one, reason)))).map((e) => e.name);
        assertEquals(names.length, 8);
        for (const name of names) {
          const bytes = await Deno.readFile(join(one, reason, name));
          assertEquals(bytes, await Deno.readFile(join(two, reason, name)), name);
          assert(readSafetensors(bytes).tensors.has("layer1.0.conv.weight"));
        }
      }
      const { settings } = JSON.parse(await Deno.readTextFile(join(one, "config.json")));
      assertEquals([settings.iters, settings.seed, settings.width], [2, 5, 0.0625]);
      assertStringIncludes(stdout, (await Deno.readTextFile(join(one, "log.txt"))).slice(0, 200));
      for (const metric of ["F1", "AUC"]) {
        const png = await Deno.readFile(join(one, `curve-Test-${metric}-all-client.png`));
        assertEquals([...png.slice(1, 4)], [..."PNG"].map((letter) => letter.charCodeAt(0)));
      }
      const table = await Deno.readTextFile(join(two, "profile.txt"));
      assertStringIncludes(table, "Profile of round 1, epoch 2, training step 2, per step");
      assertStringIncludes(profiled, table);
      const trace = JSON.parse(await Deno.readTextFile(join(two, "profile.json")));
      assert(trace.traceEvents.some(({ name }: { name: string }) => name === "sgd.wgsl step"));
    })
  ));

Deno.test("a run of FedAvg in which clients sit out leaves one model per client and says who they were", () =>
  inTemporaryFolder(async (folder) => {
    const { code, out: stdout } = await runCli(
      folder,
      ...smallRun,
      ...["--method", "fedavg", "--participation", "0.5", "--client-weights", "samples"],
    );
    assertEquals(code, 0);
    assertStringIncludes(stdout, "4 models (local) of ");
    assertStringIncludes(stdout, "sat out");
    assertStringIncludes(stdout, "2 clients of 4 sent: ");
    const run = await runFolder(folder);
    assertStringIncludes(run, "_fedavg_");
    const names = (await Array.fromAsync(Deno.readDir(join(run, "final")))).map((e) => e.name);
    assertEquals(
      names.toSorted(),
      [..."ABCD"].map((name) => `client${name}_local.safetensors`).concat("server.safetensors"),
    );
    const lines = await rows(run) as { type: string; participants?: []; senders?: [] }[];
    const counts = lines.flatMap(({ participants, senders }) => participants ?? senders ?? [])
      .length;
    assertEquals(counts, 2 * (2 + 2)); // two rounds, each with two participants who send
  }));

Deno.test("an interrupted run says how far it got and where its files are", () =>
  inTemporaryFolder(async (folder) => {
    const endless = [...smallRounds, "--iters", "1000", "--json"];
    const process = startCli(folder, endless);
    const rows: Record<string, unknown>[] = [];
    for await (const line of createInterface({ input: Readable.fromWeb(process.stdout) })) {
      rows.push(JSON.parse(line));
      if (rows.at(-1)!.type === "aggregation") process.kill("SIGINT");
    }
    const { code } = await process.status;
    const stderr = await new Response(process.stderr).text();

    const end = rows.at(-1)!;
    assertEquals([code, end.type], [130, "interrupted"]);
    const path = join("out", basename(await runFolder(folder)));
    assertEquals([rows[0].type, rows[0].folder], ["config", path]);
    const place = `round ${Number(end.lastRound) + 1}/1000, epoch ${Number(end.lastEpoch) + 1}/2`;
    const [text, advice] = stderr.split("; ");
    assertMatch(text, new RegExp(`^Interrupted after ${place}[^:]*: SIGINT\\. .* ${path}$`));
    assertEquals(advice, `to go on: train --resume ${path}\n`);
    const stored = JSON.parse(await Deno.readTextFile(join(folder, path, "config.json")));
    assertEquals([stored.status.state, stored.command], ["interrupted", endless]);
    assertStringIncludes(await Deno.readTextFile(join(folder, path, "log.txt")), text);
  }));

Deno.test("a run that diverges leaves the reason in its folder", () =>
  inTemporaryFolder(async (folder) => {
    const { code, err: stderr } = await runCli(folder, ...smallRun, "--lr", "1e20");
    assertEquals(code, 2);
    const path = await runFolder(folder);
    const { status } = JSON.parse(await Deno.readTextFile(join(path, "config.json")));
    const advice =
      "start another run with --lr below 100000000000000000000, or drop that client's " +
      `round: train --resume ${join("out", basename(path))} --on-nan skip-client`;
    assertEquals([status.state, `error: ${status.cause}; ${advice}\n`], ["interrupted", stderr]);
    assertStringIncludes(await Deno.readTextFile(join(path, "log.txt")), status.cause);
  }));

Deno.test("without an adapter the program says what to install", () =>
  inTemporaryFolder(async (folder) => {
    const hidden = { VK_DRIVER_FILES: "/dev/null", VK_ICD_FILENAMES: "/dev/null" };
    const { code, err: stderr } = await ended(startCli(folder, smallRun, hidden));
    if (Deno.build.os !== "linux") return; // elsewhere the driver cannot be hidden
    assertEquals(code, 2);
    assertStringIncludes(stderr, "Cannot find a WebGPU adapter: install a Vulkan driver");
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 0);
  }));

Deno.test("what the adapter has no room for is refused before anything is written", () =>
  inTemporaryFolder(async (folder) => {
    const large = "demo --batch 64 --limit 20 --image-size 224 --width 8".split(" ");
    const { code, err: stderr } = await runCli(folder, ...large);
    assertEquals(code, 2);
    assertStringIncludes(stderr, "error: Cannot simulate a single client: what a convolution of");
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 0);
  }));
