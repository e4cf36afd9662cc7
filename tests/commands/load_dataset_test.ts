// The demo data as the flags of `train` ask for it.

import { trainFlags, type TrainOptions } from "../../src/commands/flags.ts";
import { checkDataFlags, loadDataset } from "../../src/commands/load_dataset.ts";
import { resolveOptions } from "../../src/commands/options.ts";
import { DataError } from "../../src/data/data_error.ts";
import { UsageError } from "../../src/commands/usage_error.ts";
import { splitNames } from "../../src/data/dataset.ts";
import { assertEquals, assertRejects, assertThrows } from "../assert.ts";

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

Deno.test("checkDataFlags() rejects split lists for the demo data", () => {
  const error = assertThrows(() => checkDataFlags(demoOptions("--csv-folder", "x")), UsageError);
  assertEquals(
    error.message,
    "Cannot use --csv-folder x with --data demo: the demo data need no lists; " +
      "leave one of the two out",
  );
});
