// Equal images and shared lesions in a dataset made for it.

import type { Dataset, Split } from "../../src/data/dataset.ts";
import { findDuplicates } from "../../src/data/duplicates.ts";
import type { ImagePlace } from "../../src/data/image_place.ts";
import { checkGroups } from "../../src/data/shared_groups.ts";
import { assertEquals } from "../assert.ts";

/** Images of 2×2 pixels: "a3" is called a and has pixels that 3 stands for; all are of class 0. */
function split(...images: string[]): Split {
  return {
    ids: images.map(([id]) => id),
    images: Uint8Array.from(
      images.flatMap(([, value]) => [...new Array(11).fill(7), Number(value)]),
    ),
    labels: new Int32Array(images.length),
  };
}

const dataset: Dataset = {
  imageSize: 2,
  classNames: ["nv", "mel"],
  clients: [
    { name: "A", train: split("a1", "b2", "c1"), valid: split("d3"), test: split("e2") },
    { name: "B", train: split("f4", "g5"), valid: split("h6"), test: split("i2", "j7") },
  ],
};

const show = ({ id, client, split }: ImagePlace) => `${id} ${client} ${split}`;

Deno.test("findDuplicates() groups all images of the same pixels, and only those", async () => {
  const groups = await findDuplicates(dataset);
  assertEquals(groups.map((group) => group.map(show)), [
    ["a A train", "c A train"],
    ["b A train", "e A test", "i B test"],
  ]);
});

Deno.test("checkGroups() finds lesions in two splits of a client, and in two clients", () => {
  const lesions = new Map(Object.entries({
    ...{ a: "L1", c: "L1", d: "L1" }, // train and valid of A
    ...{ b: "L2", e: "L2" }, // train and test of A
    ...{ f: "L3", i: "L3" }, // train and test of B
    ...{ j: "L4", e: "L2", h: "L4" }, // valid and test of B
    g: "L5",
    elsewhere: "L1",
  }));
  const result = checkGroups(dataset, lesions);
  assertEquals([result.images, result.groups], [10, 5]);
  const within = [...result.withinClients].map(([client, pairs]) => [
    client,
    pairs.map((found) =>
      found.map(({ group, first, second }) => `${group}: ${show(first)}, ${show(second)}`)
    ),
  ]);
  assertEquals(within, [
    ["A", [["L2: b A train, e A test"], ["L1: a A train, d A valid"], []]],
    ["B", [["L3: f B train, i B test"], [], ["L4: h B valid, j B test"]]],
  ]);
  assertEquals(result.betweenClients, []);

  const everywhere = checkGroups(dataset, new Map([["d", "L"], ["j", "L"]]));
  assertEquals(everywhere.betweenClients.map(({ first, second }) => [show(first), show(second)]), [
    ["d A valid", "j B test"],
  ]);
  assertEquals([...everywhere.withinClients.values()], [[[], [], []], [[], [], []]]);
});
