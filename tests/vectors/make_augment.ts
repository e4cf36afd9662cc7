// Made augment.json and augment.safetensors in this folder from the golden ones: the cases of the two smaller inputs.
//
//   deno run --allow-read --allow-write --allow-env tests/vectors/make_augment.ts
//
// The golden folder's README says how albumentations and OpenCV computed the bytes.

import { join } from "@std/path";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { goldenFolder, vectorFolder } from "../golden.ts";

/** Inputs whose cases are part of the project: 24×40 and 16×16 pixels. */
const chosen = ["b", "n"];

if (goldenFolder === null) throw new TypeError("Cannot make vectors without the golden folder");
const folder = join(goldenFolder, "augment");

const description = JSON.parse(await Deno.readTextFile(join(folder, "augment.json")));
const { cases, ...rest } = description;
const { tensors } = readSafetensors(await Deno.readFile(join(folder, "augment.safetensors")));
const isChosen = (name: string) => name.split(".").some((part) => chosen.includes(part));
const statisticsInput: string = rest.pipeline_statistics.input;
const kept = {
  what: rest.what,
  naming: rest.naming,
  semantics: rest.semantics,
  pipeline_statistics: rest.pipeline_statistics,
  versions: rest.versions,
  cases: cases.filter(({ name }: { name: string }) => isChosen(name)),
};
await Deno.writeTextFile(join(vectorFolder, "augment.json"), `${JSON.stringify(kept)}\n`);
const wanted = [...tensors].filter(([name]) => isChosen(name) || name === statisticsInput);
await Deno.writeFile(
  join(vectorFolder, "augment.safetensors"),
  writeSafetensors(new Map(wanted)),
);
