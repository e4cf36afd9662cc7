// The demo data: the same on every machine, complete, and different from client to client.

import { type Dataset, type Split, splitNames } from "../../src/data/dataset.ts";
import { demoDataset } from "../../src/data/demo.ts";
import { assert, assertEquals, assertNotEquals, assertRejects } from "../assert.ts";

const smallest = { trainSize: 20, validSize: 20, testSize: 20 };

function splitsOf(dataset: Dataset): Split[] {
  return dataset.clients.flatMap((client) => splitNames.map((split) => client[split]));
}

/** SHA-256 of all images and labels. */
async function checksum(dataset: Dataset): Promise<string> {
  const parts = splitsOf(dataset).flatMap(({ images, labels }) => [images, new Uint8Array(labels)]);
  const bytes = await new Blob(parts as BlobPart[]).arrayBuffer();
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

Deno.test("demoDataset() gives the same bytes everywhere, and others for another seed", async () => {
  const options = { ...smallest, imageSize: 16 };
  const first = await checksum(await demoDataset({ seed: 1, ...options }));
  assertEquals(first, "5d61686861e48df7147e8b12bb156a5bfd7a00dafbf88634013d4850c50d3d47");
  assertNotEquals(await checksum(await demoDataset({ seed: 2, ...options })), first);
});

Deno.test("demoDataset() has four clients of unequal size, with every class in every split", async () => {
  const dataset = await demoDataset({ seed: 0, imageSize: 4 });
  assertEquals(dataset.clients.map(({ name }) => name), ["A", "B", "C", "D"]);
  assertEquals(dataset.classNames, ["nv", "bkl", "mel"]);
  assertEquals(dataset.clients.map(({ train }) => train.labels.length), [105, 136, 57, 70]);
  const images = (split: "valid" | "test") =>
    dataset.clients.reduce((sum, client) => sum + client[split].labels.length, 0);
  assertEquals([images("valid"), images("test")], [160, 240]);
  for (
    const split of [...splitsOf(dataset), ...splitsOf(await demoDataset({ seed: 0, ...smallest }))]
  ) {
    assertEquals([...new Set(split.labels)].sort(), [0, 1, 2]);
  }
});

Deno.test("demoDataset() fills images of any size, each with an identifier of its own", async () => {
  const dataset = await demoDataset({ seed: 3, imageSize: 7, ...smallest });
  for (const { ids, images, labels } of splitsOf(dataset)) {
    assertEquals(ids.length, labels.length);
    assertEquals(images.length, labels.length * 7 * 7 * 3);
  }
  const ids = splitsOf(dataset).flatMap((split) => split.ids);
  assertEquals(new Set(ids).size, 60);
});

Deno.test("demoDataset() makes the same images of a split without the others", async () => {
  const options = { seed: 1, clients: ["B"], limit: 5 };
  const [{ valid }] = (await demoDataset(options)).clients;
  const [alone] = (await demoDataset({ ...options, splits: ["valid"] })).clients;
  assertEquals(alone.valid, valid);
  assertEquals([alone.train.labels.length, alone.test.images.length], [0, 0]);
});

Deno.test("demoDataset() gives every client colours of its own", async () => {
  const { clients } = await demoDataset({ seed: 4, imageSize: 8, ...smallest });
  const casts = clients.map(({ train }) => {
    const mean = [0, 0, 0];
    train.images.forEach((value, k) => mean[k % 3] += value * 3 / train.images.length);
    return mean;
  });
  casts.forEach((cast, k) =>
    casts.slice(k + 1).forEach((other) => {
      const distance = Math.hypot(...cast.map((value, channel) => value - other[channel]));
      assert(distance > 20, `mean colours ${cast} and ${other} are only ${distance} apart`);
    })
  );
});

Deno.test("demoDataset() rejects sizes that leave a client without a class", async () => {
  await assertRejects(
    () => demoDataset({ seed: 0, validSize: 19 }),
    RangeError,
    "Cannot synthesize demo data: validSize is 19 but has to be an integer of at least 20",
  );
  await assertRejects(
    () => demoDataset({ seed: 0, imageSize: 0 }),
    RangeError,
    "imageSize is 0",
  );
});
