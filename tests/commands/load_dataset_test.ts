// The demo data as the flags of `train` ask for it.

import { trainFlags, type TrainOptions } from "../../src/commands/flags.ts";
import { checkDataFlags, loadDataset, showLoading } from "../../src/commands/load_dataset.ts";
import { resolveOptions } from "../../src/commands/options.ts";
import { DataError } from "../../src/data/data_error.ts";
import { UsageError } from "../../src/commands/usage_error.ts";
import { splitNames } from "../../src/data/dataset.ts";
import { encodePng } from "../../src/data/encode.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { pixelsOf, TemporaryFolder } from "../data/tiny_folder.ts";

const demoOptions = (...args: string[]): TrainOptions =>
  resolveOptions(["--data", "demo", "--image-size", "32", ...args], trainFlags).options;
const load = (...args: string[]) => loadDataset(demoOptions(...args), () => {});

Deno.test("loadDataset() keeps the clients wanted, in the data's order", async () => {
  const { clients } = await load("--clients", "C,A");
  assertEquals(clients.map(({ name }) => name), ["A", "C"]);
});

Deno.test("loadDataset() keeps the first images of every split", async () => {
  const [whole, limited] = [await load(), await load("--limit", "3")];
  for (const [index, client] of limited.clients.entries()) {
    for (const name of splitNames) {
      const [all, few] = [whole.clients[index][name], client[name]];
      assertEquals(few.ids, all.ids.slice(0, 3));
      assertEquals(few.labels, all.labels.slice(0, 3));
      assertEquals(few.images, all.images.slice(0, 3 * 32 * 32 * 3));
    }
  }
});

Deno.test("loadDataset() gives the same demo data for every seed", async () => {
  const [first, second] = [await load("--seed", "1"), await load("--seed", "2")];
  assertEquals(first.clients[0].train.images, second.clients[0].train.images);
});

Deno.test("loadDataset() rejects a client that the demo data lack", async () => {
  const error = await assertRejects(() => load("--clients", "A,E"), DataError);
  assertEquals(error.message, "Cannot use client E of the demo data: choose from A, B, C, D");
});

Deno.test("showLoading() ends with the signal, many images before the last", async () => {
  using folder = new TemporaryFolder();
  const pixels = pixelsOf("x", 512);
  folder.write("clientA/img_resize512/x.png", encodePng({ width: 512, height: 512, pixels }));
  const row = "x,0\nx,1\n";
  for (const split of splitNames) {
    const rows = row.repeat(split === "train" ? 1000 : 1);
    folder.write(`csv_folder/clientA/${split}_clientA.csv`, `image_id,label\n${rows}`);
  }
  const args = ["--data", folder.path, "--image-size", "32", "--no-cache"];
  const { options } = resolveOptions(args, trainFlags);
  const controller = new AbortController();
  const { signal } = controller;
  let images = 0;
  const looked = Object.assign(Object.create(signal), {
    throwIfAborted() {
      images++;
      // As a listener to Ctrl-C is called: when the program comes round to it.
      if (images === 3) setTimeout(() => controller.abort(new RangeError("stopped")));
      signal.throwIfAborted();
    },
  });
  await assertRejects(() => showLoading(options, false, looked), RangeError, "stopped");
  assert(images < 200, `${images} images were read`);
});

Deno.test("checkDataFlags() rejects split lists for the demo data", () => {
  const error = assertThrows(() => checkDataFlags(demoOptions("--csv-folder", "x")), UsageError);
  assertEquals(
    error.message,
    "Cannot use --csv-folder x with --data demo: the demo data need no lists; " +
      "leave one of the two out",
  );
});
