// Hospitals' clients as programs that exchange files: against all of them in one process, killed, away, and lied to.

import { join } from "@std/path";
import { demoDataset } from "../../src/data/demo.ts";
import { defaultConfig, type SimulationConfig } from "../../src/federated/config.ts";
import type { AggregationEvent } from "../../src/federated/events.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { vgg } from "../../src/nn/vgg.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
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

/** Kills a process of the site at a change of a file that is the moment; whether it was killed by then. */
async function killedAt(
  cwd: string,
  state: string,
  args: string[],
  isMoment: (change: number) => boolean,
): Promise<boolean> {
  using watcher = Deno.watchFs(join(cwd, state));
  const process = startCli(cwd, ["site", ...args]);
  const end = ended(process).finally(() => watcher.close());
  let changes = 0;
  let isKilled = false;
  for await (const _ of watcher) {
    if (isKilled || !isMoment(++changes)) continue;
    process.kill("SIGKILL");
    isKilled = true;
  }
  return (await end).signal === "SIGKILL";
}

Deno.test("two sites that exchange files are where one process is, bit for bit, and may be killed at any moment", async () => {
  using temporary = new TemporaryFolder();
  const cwd = temporary.path;
  for (const client of ["A", "B"]) {
    const made = await site(cwd, "init", "--state", client, "--client", client, ...flags());
    assertEquals([made.client, made.images.train], [client, 24]);
    // The same again changes nothing.
    assertEquals(await site(cwd, "init", "--state", client, "--client", client, ...flags()), made);
  }
  const evaluations: Record<string, unknown>[] = [];
  for (const round of [0, 1]) {
    const mean = round === 0 ? [] : ["--mean", `mean${round - 1}`];
    for (const client of ["A", "B"]) {
      const args = ["train", "--state", client, "--round", `${round}`, ...mean];
      const command = [...args, "--message", `${client}${round}`];
      if (client === "A") {
        for (let n = 1; await killedAt(cwd, client, command, (change) => change === n); n *= 2);
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
      if (client === "A") {
        // After it has told what it found, and before the state in which the round is over.
        const rows = join(cwd, client, "run", "metrics.jsonl");
        const isTold = () =>
          new RegExp(`"aggregation","round":${round}`).test(Deno.readTextFileSync(rows));
        await killedAt(cwd, client, args, isTold);
      }
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
  const { sends } = await site(cwd, "init", "--state", "A", "--client", "A", ...flags());
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
  await site(cwd, "init", "--state", "A", "--client", "A", ...flags());
  await site(cwd, "train", "--state", "A", "--round", "0", "--message", "A0");
  const good = readSafetensors(await Deno.readFile(join(cwd, "A0")));
  await writeMean(join(cwd, "mean"), [join(cwd, "A0")]);
  const altered = async (change: Readonly<Record<string, string>>) =>
    await writeMean(join(cwd, "changed"), [join(cwd, "A0")], change);
  const withTensors = async (tensors: Iterable<[string, HostTensor]>) =>
    await Deno.writeFile(
      join(cwd, "changed"),
      writeSafetensors(new Map(tensors), { ...good.metadata, kind: "prrfl-mean" }),
    );
  const [[name, { shape, data }]] = good.tensors;
  const notFinite = { shape, data: new Float32Array(data.length).fill(NaN) };
  const evaluate = "evaluate --state A --round 0 --mean";
  const [training, made] = ["train --state A --round", `${flags().join(" ")} --client`];
  const kept = await keptBy(join(cwd, "A"));
  const as = async () => {};
  const cases: readonly [prepare: () => Promise<void>, command: string, why: RegExp][] = [
    [() => altered({ round: "1" }), `${evaluate} changed`, /of round 1 but that of round 0 is/],
    [() => altered({ agreement: "0" }), `${evaluate} changed`, /it is of another federation/],
    [() => altered({ kind: "prrfl-message" }), `${evaluate} changed`, /its kind is prrfl-message/],
    [
      () => Deno.writeTextFile(join(cwd, "changed"), "{}"),
      `${evaluate} changed`,
      /Cannot use --mean/,
    ],
    [() => Deno.remove(join(cwd, "changed")), `${evaluate} changed`, /Cannot use --mean changed/],
    [
      () => withTensors([...good.tensors, [name, notFinite]]),
      `${evaluate} changed`,
      /holds NaN at/,
    ],
    [() => withTensors([...good.tensors].slice(1)), `${evaluate} changed`, /it lacks/],
    [as, `${evaluate} mean --data nowhere`, /nowhere/],
    [as, "evaluate --state A --round 0", /without --mean/],
    [as, "evaluate --state A --round 1 --mean mean", /for those that have trained in the round/],
    [as, `${training} 1 --message A1`, /without --mean/],
    [as, `${training} 2 --message A1`, /there are 2 rounds, 0 to 1/],
    [as, `${training} 0`, /without --message/],
    [as, `${training} 0 --message nowhere/A0`, /there is no folder .*nowhere/],
    [as, `${training} 0 --message A/site.json`, /which is the site's own/],
    [as, `${training} 0 --message .`, /it is a folder/],
    [as, "status", /without --state/],
    [as, "status --state B", /no site is there/],
    [as, "status --state A0", /no site is there/],
    [as, `init --state A ${made} A --lr 0.5`, /made with lr 0.01, not 0.5/],
    [as, `init --state C ${flags().join(" ")}`, /has the clients A, B, C, D/],
    [as, `init --state C ${made} E`, /the clients of .* are A, B/],
    [as, `init --state C ${made} A --method scaffold`, /its server has a memory of its own/],
  ];
  for (const [prepare, command, why] of cases) {
    await prepare();
    const { code, err } = await runCli(cwd, "site", ...command.split(" "));
    assertEquals(code, 2, `${command}: ${err}`);
    assertMatch(err, why);
    assertEquals(err.trim().split("\n").length, 1, err);
    assertEquals(changed(kept, await keptBy(join(cwd, "A"))), [], command);
  }
  const { code } = await runCli(cwd, "train", "--resume", "A/run");
  assertEquals(code, 2, "a site's run would go on without the others");
  // What it sent is damaged: it is made anew.
  await Deno.truncate(join(cwd, "A", "sent", "round_0.safetensors"), 1000);
  await site(cwd, ...`${training} 0 --message again`.split(" "));
  assertEquals(await Deno.readFile(join(cwd, "again")), await Deno.readFile(join(cwd, "A0")));
  assertEquals((await site(cwd, ...`${evaluate} mean`.split(" "))).took, true);
});

Deno.test("a site that was away goes on from what it has", async () => {
  using temporary = new TemporaryFolder();
  const cwd = temporary.path;
  for (const [method, isForAll] of [["prrfl", false], ["fedavg", true]] as const) {
    const run = async (words: string) => await site(cwd, ...words.split(" "));
    await run(`init --state ${method} --client A --method ${method} ${flags(4).join(" ")}`);
    await run(`train --state ${method} --round 0 --message A0`);
    // Others have trained and communicated in round 1; it is asked to evaluate, and then to train round 3.
    await writeMean(join(cwd, "mean1"), [join(cwd, "A0")], { round: "1" });
    const evaluate = `evaluate --state ${method} --round 1 --mean mean1`;
    if (isForAll) {
      const { took, change } = await run(evaluate);
      assertEquals([took, change], [true, null]);
    } else {
      const { code, err } = await runCli(cwd, "site", ...evaluate.split(" "));
      assertEquals(code, 2);
      assertMatch(err, /for those that have trained in the round/);
    }
    await writeMean(join(cwd, "mean2"), [join(cwd, "A0")], { round: "2" });
    const train = `train --state ${method} --mean mean2 --message A3 --round`;
    assertEquals((await run(`${train} 3`)).round, 3);
    const { code, err } = await runCli(cwd, "site", ...`${train} 1`.split(" "));
    assertEquals(code, 2);
    assertMatch(err, /Cannot train round 1: this site is at round 3/);
    const report = await runCli(cwd, "report", `${method}/run`, "--out", `${method}.html`);
    assertEquals(report.code, 0, report.err);
  }
});

Deno.test("two processes cannot be at work in one site", async () => {
  using temporary = new TemporaryFolder();
  const cwd = temporary.path;
  await site(cwd, "init", "--state", "A", "--client", "A", ...flags());
  using lock = await Deno.open(join(cwd, "A", "lock"), { write: true, create: true });
  await lock.lock(true);
  const { code, err } = await runCli(cwd, "site", "status", "--state", "A");
  assertEquals(code, 2);
  assertMatch(err, /another process is at work in it/);
});
