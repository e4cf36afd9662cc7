// Made ops_*, nn_* and det_* in this folder from the golden ones: small files whole, of others the small cases.
//
//   deno run --allow-read --allow-write --allow-env tests/vectors/make_ops.ts
//
// The golden folder's README says how PyTorch computed the numbers.

import { join } from "@std/path";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { vectorFolder } from "../golden.ts";
import { goldenFolder } from "../golden.ts";

/** Cases of each file of `ops/` that are part of the project; all of them where null. */
const chosen: Readonly<Record<string, readonly string[] | null>> = {
  activations: null,
  avgpool: null,
  batchnorm1d: null,
  batchnorm2d: ["train", "train_n2", "train_bigmean", "train_const", "eval", "sequence"],
  conv2d: ["k3p1", "k1", "k5p2", "k3s2p1", "k3s2p0", "k2s2p0", "k3p1_1x1", "k3p1_2x2"],
  det_losses: null,
  kl_div: null,
  linear: ["bias", "nobias", "fc2", "fc2_bias", "b1"],
  maxpool2d: null,
  optim: null,
};

if (goldenFolder === null) throw new TypeError("Cannot make vectors without the golden folder");
const golden = goldenFolder;

for (const [file, cases] of Object.entries(chosen)) await copyCases(file, cases);
await copyJson("nn", "vgg_nb_start", ["keys_in_order"]);
await copyJson("det", "stages", ["sequences", "grid"]);

async function copyCases(file: string, cases: readonly string[] | null): Promise<void> {
  const description = JSON.parse(await Deno.readTextFile(join(golden, "ops", `${file}.json`)));
  const wanted = (name: string) => cases === null || cases.includes(name);
  description.cases = description.cases.filter(({ name }: { name: string }) => wanted(name));
  const bytes = await Deno.readFile(join(golden, "ops", `${file}.safetensors`));
  const { tensors } = readSafetensors(bytes);
  const kept = [...tensors].filter(([name]) => wanted(name.split(".")[0]));
  await writeJson(`ops_${file}`, description);
  await Deno.writeFile(join(vectorFolder, `ops_${file}.safetensors`), writeSafetensors(new Map(kept)));
}

async function copyJson(folder: string, file: string, keys: readonly string[]): Promise<void> {
  const description = JSON.parse(await Deno.readTextFile(join(golden, folder, `${file}.json`)));
  const kept = keys.map((key) => [key, description[key]]);
  await writeJson(`${folder}_${file}`, Object.fromEntries(kept));
}

async function writeJson(name: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(join(vectorFolder, `${name}.json`), `${JSON.stringify(value)}\n`);
}
