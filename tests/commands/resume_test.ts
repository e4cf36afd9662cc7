// The program killed or stopped at any moment and told to go on: its folder ends with the same bytes.

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { join } from "@std/path";
import { RandomStream } from "../../src/random.ts";
import { decodeState } from "../../src/report/files/stored_state.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { stateFile } from "../report/stopped_run.ts";
import {
  difference,
  everyEpoch,
  killAgainAndAgain,
  type KillPlan,
  undisturbed,
} from "../torture/kills.ts";
import { runCli, startCli } from "./run_cli.ts";
import { filesOf } from "./run_files.ts";

Deno.test("a run that is killed or stopped five times ends with the bytes of one that is not", async () => {
  const whole = await undisturbed(everyEpoch);
  assert(whole.files.has("final/clientA_personal.safetensors"), [...whole.files.keys()].join(", "));
  const seed = Date.now() >>> 0;
  // A run may end before it is killed so often; the next one is killed then.
  for (let kills = 0, run = 0; kills < 5; run++) {
    const random = new RandomStream(seed, run);
    const killed = await killAgainAndAgain(everyEpoch, whole, random, 5 - kills);
    assertEquals(killed.problem, null, JSON.stringify(killed.kills));
    kills += killed.kills.length;
  }
});

/** Epochs of a second and more. */
const longEpochs: KillPlan = {
  name: "train",
  command: "train",
  flags: [
    ..."--data demo --image-size 32 --limit 40 --batch 4 --width 0.0625 --seed 5".split(" "),
    ..."--method fedavg --iters 1 --wk_iters 2 --eval-every 4 --save_path out".split(" "),
  ],
};

/** Starts the program in a folder, and sends the signal when a row of this type is printed. */
async function stoppedAt(cwd: string, args: string[], type: string, signal: Deno.Signal) {
  const process = startCli(cwd, ["train", ...args, "--json"]);
  const errors = new Response(process.stderr).text();
  for await (const line of createInterface({ input: Readable.fromWeb(process.stdout) })) {
    if (JSON.parse(line).type === type) process.kill(signal);
  }
  return { code: (await process.status).code, err: await errors };
}

Deno.test({
  name: "a run that is stopped within its epochs ends with the bytes of one that is not",
  ignore: Deno.build.os === "windows", // which has no such signals
  fn: async () => {
    const { files } = await undisturbed(longEpochs);
    using temporary = new TemporaryFolder();
    const cwd = temporary.path;
    const first = await stoppedAt(cwd, [...longEpochs.flags], "round", "SIGINT");
    assertEquals(first.code, 130);
    assertMatch(first.err, /^Interrupted before .*: SIGINT\. .*; to go on: train --resume \S+\n$/);
    const folder = first.err.trim().split(" ").at(-1)!;
    const path = join(cwd, folder);
    const amid = async () => {
      const { state } = await decodeState(await Deno.readFile(stateFile(path, "state")));
      const { position } = state;
      return position.at === "step" && [position.epoch, position.steps[0] > 0];
    };
    assertEquals(await amid(), [0, true]);

    const second = await stoppedAt(cwd, ["--resume", folder], "epoch", "SIGTERM");
    assertEquals(second.code, 143);
    assertMatch(second.err, /^Interrupted after round 1\/1, epoch 1\/2: SIGTERM\. /);
    assertEquals(await amid(), [1, true]);

    const last = await runCli(cwd, "train", "--resume", folder, "--quiet");
    assertEquals([last.code, last.err], [0, ""]);
    assertEquals(difference(await filesOf(path), files), null);
  },
});
