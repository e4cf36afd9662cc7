// Runs that go on where the data or the user are elsewhere than before, and paths of tasks started in another folder.

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { join } from "@std/path";
import { assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { ended, runCli, startCli } from "./run_cli.ts";

const synthesize = (cwd: string, out: string, seed: number) =>
  runCli(
    cwd,
    ..."data synthesize --clients A,B --train-size 20 --valid-size 20 --test-size 20".split(" "),
    ...`--image-size 32 --out ${out} --seed ${seed}`.split(" "),
  );

const settings = "--image-size 32 --width 0.0625 --method fedavg --wk_iters 1 --batch 8 --limit 8";

Deno.test({
  name: "a run goes on from another folder with data that have moved, and with no others",
  ignore: Deno.build.os === "windows", // which has no such signals
  fn: async () => {
    using temporary = new TemporaryFolder();
    const { path: cwd } = temporary;
    assertEquals((await synthesize(cwd, "data", 1)).code, 0);
    assertEquals((await synthesize(cwd, "others", 2)).code, 0);
    Deno.mkdirSync(join(cwd, "away"));

    const words = `train --data data ${settings} --iters 3 --save_path out --json`.split(" ");
    const process = startCli(cwd, words);
    for await (const line of createInterface({ input: Readable.fromWeb(process.stdout) })) {
      const { type, round } = JSON.parse(line);
      if (type === "aggregation" && round === 0) process.kill("SIGINT");
    }
    assertEquals((await process.status).code, 130);
    await process.stderr.cancel();
    const [{ name }] = [...Deno.readDirSync(join(cwd, "out"))];
    const run = join(cwd, "out", name);
    const config = JSON.parse(Deno.readTextFileSync(join(run, "config.json")));
    assertEquals(config.settings.data, Deno.realPathSync(join(cwd, "data")));

    const resume = (...more: string[]) =>
      runCli(join(cwd, "away"), "train", "--resume", `../out/${name}`, ...more);
    Deno.renameSync(join(cwd, "data"), join(cwd, "away", "moved"));
    const lost = await resume();
    assertEquals(lost.code, 2);
    assertMatch(
      lost.err,
      /^error: Cannot read the data folder .*data: it does not exist; .* with --data/,
    );
    const wrong = await resume("--data", "../others");
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.err, "the checksum of client A's train images and labels");
    const moved = await resume("--data", "moved");
    assertEquals([moved.code, moved.err], [0, ""]);
  },
});

Deno.test("a comparison goes on with data that have moved", async () => {
  using temporary = new TemporaryFolder();
  const { path: cwd } = temporary;
  assertEquals((await synthesize(cwd, "data", 1)).code, 0);
  const words = settings.replace("--method fedavg", "--methods local,fedavg").split(" ");
  const made = await runCli(
    cwd,
    "compare",
    "--data",
    "data",
    ...words,
    "--iters",
    "1",
    "--save_path",
    "out",
  );
  assertEquals(made.code, 0, made.err);
  const [{ name }] = [...Deno.readDirSync(join(cwd, "out"))];
  // As if it had been stopped after the first run.
  Deno.removeSync(join(cwd, "out", name, "fedavg-seed1"), { recursive: true });
  Deno.mkdirSync(join(cwd, "away"));
  Deno.renameSync(join(cwd, "data"), join(cwd, "away", "moved"));
  const resumed = await runCli(
    join(cwd, "away"),
    ...["compare", "--resume", `../out/${name}`, "--data", "moved"],
  );
  assertEquals([resumed.code, resumed.err], [0, ""]);
});

Deno.test("tasks resolve paths from where they were started", async () => {
  using temporary = new TemporaryFolder();
  const { path: cwd } = temporary;
  assertEquals((await synthesize(cwd, "data", 1)).code, 0);
  Deno.mkdirSync(join(cwd, "docs"));
  const { code, out } = await ended(
    startCli(Deno.cwd(), "data inspect --data ../data --image-size 32 --no-cache".split(" "), {
      PRRFL_CWD: join(cwd, "docs"),
    }),
  );
  assertEquals(code, 0);
  assertStringIncludes(out, "../data: 39 images of 32×32 pixels, 2 clients");
});
