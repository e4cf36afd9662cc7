// Hospitals' clients as programs that exchange files: against all of them in one process, killed, away, and lied to.

import { join } from "@std/path";
import { demoDataset } from "../../src/data/demo.ts";
import { defaultConfig, type SimulationConfig } from "../../src/federated/config.ts";
import type { AggregationEvent } from "../../src/federated/events.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { vgg } from "../../src/nn/vgg.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { gpu } from "../gpu.ts";
import { ended, runCli, startCli } from "./run_cli.ts";
import { changed, flags, keptBy, site, writeMean } from "./site.ts";

/** The same in one process. */
const dataset = await demoDataset({ seed: 1, imageSize: 32, limit: 24, clients: ["A", "B"] });
const config: SimulationConfig = {
  ...defaultConfig,
  ...{ dataset, width: 0.0625, rounds: 2, localEpochs: 2, batchSize: 8, seed: 7 },
};

/** Kills a process of the site at its n-th change of a file, whatever that is; whether it was killed by then. */
async function killedAt(cwd: string, state: string, args: string[], n: number): Promise<boolean> {
  using watcher = Deno.watchFs(join(cwd, state));
  const process = startCli(cwd, ["site", ...args]);
  const end = ended(process).finally(() => watcher.close());
  let changes = 0;
  for await (const _ of watcher) {
    if (++changes === n) process.kill("SIGKILL");
  }
  return (await end).signal === "SIGKILL";
}

Deno.test("two sites that exchange files are where one process is, bit for bit, and may be killed at any moment", async () => {
  using temporary = new TemporaryFolder();
  const cwd = temporary.path;
  for (const client of ["A", "B"]) {
    const made = await site(cwd, "init", "--state", client, "--client", client, ...flags);
    assertEquals([made.client, made.images.train], [client, 24]);
    // The same again changes nothing.
    assertEquals(await site(cwd, "init", "--state", client, "--client", client, ...flags), made);
  }
  const evaluations: Record<string, unknown>[] = [];
  for (const round of [0, 1]) {
    const mean = round === 0 ? [] : ["--mean", `mean${round - 1}`];
    for (const client of ["A", "B"]) {
      const args = ["train", "--state", client, "--round", `${round}`, ...mean];
      const command = [...args, "--message", `${client}${round}`];
      if (client === "A") {
        for (let n = 1; await killedAt(cwd, client, command, n); n *= 2);
      }
      const line = await site(cwd, ...command);
      const bytes = await Deno.readFile(join(cwd, `${client}${round}`));
      const kept = await keptBy(join(cwd, client));
      assertEquals(await site(cwd, ...args, "--message", "again"), line);
      assertEquals(await Deno.readFile(join(cwd, "again")), bytes);
      assertEquals(changed(kept, await keptBy(join(cwd, client))), []);
      assertEquals([line.round, line.weight, line.stages.length], [round, 1, 2]);
    }
    await writeMean(
      join(cwd, `mean${round}`),
      ["A", "B"].map((name) => join(cwd, `${name}${round}`)),
    );
    for (const client of ["A", "B"]) {
      // In round 0 one of them takes the mean only when it trains the next.
      if (round === 0 && client === "B") continue;
      const args = ["evaluate", "--state", client, "--round", `${round}`, "--mean", `mean${round}`];
      const line = await site(cwd, ...args);
      assertEquals(await site(cwd, ...args), line);
      evaluations.push(line);
    }
  }
  const status = await site(cwd, "status", "--state", "B");
  assertEquals([status.round, status.next], [2, "done"]);

  const events = await Array.fromAsync(simulate(gpu, config));
  const finals = events.filter((event) => event.type === "checkpoint")
    .filter(({ reason }) => reason === "final");
  assertEquals(finals.length, 4);
  for (const { client, role, tensors } of finals) {
    const file = join(cwd, client, "run", "final", `client${client}_${role}.safetensors`);
    assertEquals(readSafetensors(await Deno.readFile(file)).tensors, tensors);
  }
  const aggregations = events.filter((event): event is AggregationEvent =>
    event.type === "aggregation"
  );
  for (const { round, client, test, took } of evaluations) {
    const expected = aggregations[round as number].clients.find((own) => own.client === client)!;
    const scores = Object.entries(expected.test)
      .map(([role, { f1, accuracy, auc }]) => [role, { f1, accuracy, auc }]);
    assertEquals([test, took], [Object.fromEntries(scores), true]);
  }
  const report = await runCli(cwd, "report", "A/run", "--out", "page.html");
  assertEquals(report.code, 0, report.err);
});

Deno.test("what a site sends are amplitudes, biases and words that say which round it is", async () => {
  using temporary = new TemporaryFolder();
  const cwd = temporary.path;
  const { sends } = await site(cwd, "init", "--state", "A", "--client", "A", ...flags);
  await site(cwd, "train", "--state", "A", "--round", "0", "--message", "out");
  const { tensors, metadata } = readSafetensors(await Deno.readFile(join(cwd, "out")));
  assertEquals(Object.keys(metadata).sort(), ["agreement", "kind", "method", "round", "weight"]);
  const [{ tensors: weights }] = (await Array.fromAsync(simulate(gpu, { ...config, rounds: 1 })))
    .filter((event) => event.type === "checkpoint");
  const bytes = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
  assertEquals([tensors.size, bytes], [sends.tensors, sends.bytes]);
  const model = vgg(gpu, { numClasses: 3, width: config.width });
  const shared = model.module.parameters.filter(({ kind }) => kind !== "norm");
  assertEquals([...tensors.keys()], shared.map(({ name }) => name));
  model.dispose();
  for (const [name, { shape, data }] of tensors) {
    const own = weights.get(name)!;
    if (own.shape.length === 1) assertEquals(shape, own.shape);
    else {
      // Half of a window whose sides are 0.7 of the matrix's at most.
      assert(data.length < 0.3 * own.data.length + 100, `${name} ${shape} of ${own.shape}`);
      assert((data as Float32Array).every((amplitude) => amplitude >= 0), name);
    }
  }
  if (Deno.build.os !== "windows") {
    assertEquals((await Deno.stat(join(cwd, "A"))).mode! & 0o777, 0o700);
  }
});

Deno.test("a site refuses what it should not take, with one sentence, and stays as it was", async () => {
  using temporary = new TemporaryFolder();
  const cwd = temporary.path;
  await site(cwd, "init", "--state", "A", "--client", "A", ...flags);
  const train = ["train", "--state", "A", "--round"];
  await site(cwd, ...train, "0", "--message", "A0");
  const good = readSafetensors(await Deno.readFile(join(cwd, "A0")));
  await writeMean(join(cwd, "mean"), [join(cwd, "A0")]);
  const altered = async (change: Readonly<Record<string, string>>) =>
    await writeMean(join(cwd, "changed"), [join(cwd, "A0")], change);
  const withTensors = async (tensors: typeof good.tensors) =>
    await Deno.writeFile(
      join(cwd, "changed"),
      writeSafetensors(tensors, { ...good.metadata, kind: "prrfl-mean" }),
    );
  const [[name, { shape, data }]] = good.tensors;
  const evaluate = ["evaluate", "--state", "A", "--round", "0", "--mean", "changed"];
  const kept = await keptBy(join(cwd, "A"));
  const cases: readonly [() => Promise<void>, readonly string[], RegExp][] = [
    [() => altered({ round: "1" }), evaluate, /it is of round 1 but that of round 0 is taken now/],
    [() => altered({ agreement: "0" }), evaluate, /it is of another federation/],
    [() => altered({ kind: "prrfl-message" }), evaluate, /its kind is prrfl-message/],
    [() => Deno.writeTextFile(join(cwd, "changed"), "{}"), evaluate, /Cannot use --mean changed/],
    [() => Deno.remove(join(cwd, "changed")), evaluate, /Cannot use --mean changed/],
    [
      () =>
        withTensors(
          new Map([...good.tensors, [name, {
            shape,
            data: new Float32Array(data.length).fill(NaN),
          }]]),
        ),
      evaluate,
      /holds NaN at index 0/,
    ],
    [() => withTensors(new Map([...good.tensors].slice(1))), evaluate, /it lacks/],
    [async () => {}, evaluate.slice(0, -2), /without --mean/],
    [async () => {}, [...train, "1", "--message", "A1"], /without --mean/],
    [async () => {}, [...train, "2", "--message", "A1"], /there are 2 rounds, 0 to 1/],
    [async () => {}, ["train", "--state", "A", "--round", "0"], /without --message/],
    [async () => {}, ["status"], /Cannot site status without --state/],
    [async () => {}, ["status", "--state", "B"], /no site is there/],
    [
      async () => {},
      ["init", "--state", "A", "--client", "A", ...flags, "--lr", "0.5"],
      /made with lr 0.01, not 0.5/,
    ],
    [async () => {}, ["init", "--state", "C", ...flags], /has the clients A, B, C, D/],
    [
      async () => {},
      ["init", "--state", "C", ...flags, "--client", "E"],
      /the clients of .* are A, B/,
    ],
    [
      async () => {},
      ["init", "--state", "C", ...flags, "--client", "A", "--method", "scaffold"],
      /its server has a memory of its own/,
    ],
    [async () => {}, [
      "train",
      "--state",
      "A",
      "--round",
      "0",
      "--message",
      "A0",
      "--data",
      "nowhere",
    ], /^$/],
    [
      async () => {},
      [...evaluate.slice(0, -1), "mean", "--data", "nowhere"],
      /nowhere/,
    ],
  ];
  for (const [prepare, args, why] of cases) {
    await prepare();
    const { code, err } = await runCli(cwd, "site", ...args);
    if (`${why}` === `${/^$/}`) continue; // it is there already: no images are read
    assertEquals(code, 2, `${args.join(" ")}: ${err}`);
    assertMatch(err, why);
    assertEquals(err.trim().split("\n").length, 1, err);
    assertEquals(changed(kept, await keptBy(join(cwd, "A"))), [], args.join(" "));
  }
  const line = await site(cwd, ...evaluate.slice(0, -1), "mean");
  assertEquals(line.took, true);
});

Deno.test("a site that was away goes on from what it has", async () => {
  using temporary = new TemporaryFolder();
  const cwd = temporary.path;
  const longer = [...flags, "--iters", "4"].filter((word, k, all) =>
    !(word === "--iters" && k < all.length - 2) && !(all[k - 1] === "--iters" && k < all.length - 1)
  );
  for (const [method, took] of [["prrfl", false], ["fedavg", true]] as const) {
    const made = ["--client", "A", "--method", method, ...longer];
    await site(cwd, "init", "--state", method, ...made);
    await site(cwd, "train", "--state", method, "--round", "0", "--message", "A0");
    // Others have trained and communicated in round 1; it is asked to evaluate, and then to train round 3.
    await writeMean(join(cwd, "mean1"), [join(cwd, "A0")], { round: "1" });
    const evaluated = await site(
      cwd,
      "evaluate",
      "--state",
      method,
      "--round",
      "1",
      "--mean",
      "mean1",
    );
    assertEquals([evaluated.took, evaluated.change], [took, null]);
    await writeMean(join(cwd, "mean2"), [join(cwd, "A0")], { round: "2" });
    const trained = await site(
      ...[cwd, "train", "--state", method, "--round", "3", "--mean", "mean2"] as const,
      ...["--message", "A3"],
    );
    assertEquals(trained.round, 3);
    const { code, err } = await runCli(
      ...[cwd, "site", "train", "--state", method, "--round", "1", "--message", "A1"] as const,
    );
    assertEquals(code, 2);
    assertMatch(err, /Cannot train round 1: this site is at round 3/);
    const report = await runCli(cwd, "report", `${method}/run`, "--out", `${method}.html`);
    assertEquals(report.code, 0, report.err);
  }
});

Deno.test("two processes cannot be at work in one site", async () => {
  using temporary = new TemporaryFolder();
  const cwd = temporary.path;
  await site(cwd, "init", "--state", "A", "--client", "A", ...flags);
  using lock = await Deno.open(join(cwd, "A", "lock"), { write: true, create: true });
  await lock.lock(true);
  const { code, err } = await runCli(cwd, "site", "status", "--state", "A");
  assertEquals(code, 2);
  assertMatch(err, /another process is at work in it/);
});
