// The table of measured kernels: made by `tune`, used and told by `train`, left alone with --no-tuned.

import { join } from "@std/path";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { ended, startCli } from "./run_cli.ts";

const cwd = await Deno.makeTempDir({ prefix: "prrfl-tune-" });
globalThis.addEventListener("unload", () => Deno.removeSync(cwd, { recursive: true }));
const env = { XDG_CACHE_HOME: join(cwd, "cache") };

async function run(...args: string[]) {
  const { code, out, err } = await ended(startCli(cwd, args, env));
  assertEquals([code, err], [0, ""], out);
  return out;
}

const network = ["--width", "0.03125", "--image-size", "32", "--batch", "4"];
const training = [
  ...["train", "--data", "demo", "--method", "fedavg", ...network, "--augment", "none"],
  ...["--iters", "1", "--wk_iters", "1", "--limit", "8"],
];

/** Settings and numbers of a run in a folder of its own. */
function stored(folder: string) {
  const [{ name }] = [...Deno.readDirSync(join(cwd, folder))];
  const path = join(cwd, folder, name);
  const { versions } = JSON.parse(Deno.readTextFileSync(join(path, "config.json")));
  const rows = Deno.readTextFileSync(join(path, "metrics.jsonl")).trim().split("\n");
  const epoch = rows.map((row) => JSON.parse(row)).find(({ type }) => type === "epoch");
  return { path, versions, loss: epoch.mean.local.loss as number };
}

Deno.test("tune measures within its time, keeps a table for the adapter, and train goes by it", async () => {
  const out = await run("tune", ...network, "--models", "4", "--seconds", "0");
  assertMatch(out, /shape +tried +rule ms +best ms +kernel\n.*convolution 3×3 /);
  assertMatch(out, /1 of \d+ shapes measured in \d+:\d\d; for the other \d+ take more --seconds/);
  const path = out.match(/Kept in (.*)\n/)![1];
  assert(path.startsWith(join(cwd, "cache")), path);
  const table = JSON.parse(await Deno.readTextFile(path));
  // As if tiles had been the fastest for the first convolution.
  const sizes = {
    ...{ transposed: false, batch: 4, in_channels: 3, in_height: 32, in_width: 32 },
    ...{ out_channels: 1, out_height: 32, out_width: 32, kernel_height: 3, kernel_width: 3 },
    ...{ stride: 1, padding: 1 },
  };
  const shape = `convolution ${JSON.stringify(sizes)}`;
  const elsewhere = `convolution ${JSON.stringify({ ...sizes, batch: 999 })}`;
  const tiles = "tiles.wgsl multiply 32x64/1";
  const kernels = { ...table.kernels, [shape]: tiles, [elsewhere]: tiles };
  await Deno.writeTextFile(path, JSON.stringify({ ...table, kernels }));

  const shown = await run(...training, "--save_path", "tuned");
  assertMatch(shown, /kernels tuned [0-9a-f]{16}/);
  await run(...training, "--save_path", "rules", "--no-tuned");
  const [tuned, rules] = [stored("tuned"), stored("rules")];
  assertMatch(tuned.versions.kernels, /^tuned [0-9a-f]{16}$/);
  assertEquals(rules.versions.kernels, undefined);
  assert(Math.abs(tuned.loss - rules.loss) < 1e-4, `${tuned.loss} and ${rules.loss}`);

  // Other shapes are measured besides, and what is kept of them stays.
  await run("tune", ...network, "--models", "4", "--seconds", "0", "--num-classes", "5");
  assertEquals(JSON.parse(await Deno.readTextFile(path)).kernels[elsewhere], tiles);

  // A table that is damaged is as good as none.
  await Deno.writeTextFile(path, "{");
  await run(...training, "--save_path", "damaged");
  assertEquals(stored("damaged").versions.kernels, undefined);
});
