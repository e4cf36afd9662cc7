// Who stands where in a group's stack, and how many steps each takes.

import { whole } from "../../src/data/batching.ts";
import {
  augmentationKey,
  ClientOrder,
  labelsAsTaken,
  type Member,
} from "../../src/federated/clients/order.ts";
import { assertEquals } from "../assert.ts";

/** A client whose training images are so many; nothing of it is on the GPU. */
function member(index: number, training: number): Member {
  const split = (length: number) => ({
    ids: [],
    images: new Uint8Array(),
    labels: Int32Array.from({ length }, (_, image) => image),
  });
  const data = { name: `${index}`, train: split(training), valid: split(2), test: split(9) };
  const trainOrder = Uint32Array.from({ length: training }, (_, image) => training - 1 - image);
  return { index, place: index, data, splits: {} as Member["splits"], trainOrder };
}

/** Clients 5, 6 and 7 with two models each, in batches of four. */
const order = () => new ClientOrder([member(5, 12), member(6, 9), member(7, 3)], 2, whole(4));

Deno.test("ClientOrder brings participants to the front, the longest first, and says where their models were", () => {
  const group = order();
  assertEquals(group.arrange([7, 6]), [2, 3, 4, 5, 0, 1]);
  assertEquals(group.members.map(({ index }) => index), [6, 7, 5]);
  assertEquals(group.participants.map(({ index }) => index), [6, 7]);
  assertEquals(group.arrange([6, 7]), null);
  assertEquals(group.arrange([6, 7, 5]), [4, 5, 0, 1, 2, 3]);
  assertEquals(group.arrange([]), null);
  assertEquals([group.participants, group.trainingSteps], [[], 0]);
});

Deno.test("ClientOrder counts steps of those that train, and evaluates all", () => {
  const group = order();
  group.arrange([7]);
  assertEquals(group.trainingSteps, 1);
  assertEquals([0, 1, 2].map((k) => group.takesPart(k, "train")), [true, false, false]);
  assertEquals([0, 1, 2].map((k) => group.takesPart(k, "evaluate-train")), [true, false, false]);
  assertEquals([0, 1, 2].map((k) => group.takesPart(k, "test")), [true, true, true]);
  const [first] = group.members;
  const kinds = ["train", "evaluate-train", "valid", "test"] as const;
  assertEquals(kinds.map((kind) => group.batches(first, kind)), [1, 1, 1, 3]);
  assertEquals([group.modelsOf(2), group.modelIndex(2, 1)], [[4, 5], 5]);
});

Deno.test("labelsAsTaken() follows the order in which training takes the images, others are as stored", () => {
  assertEquals([...labelsAsTaken(member(0, 3), "train")], [2, 1, 0]);
  assertEquals([...labelsAsTaken(member(0, 3), "evaluate-train")], [2, 1, 0]);
  assertEquals([...labelsAsTaken(member(0, 3), "valid")], [0, 1]);
});

Deno.test("augmentationKey() never gives an evaluation the draws of a training epoch or of another evaluation", () => {
  const kinds = ["train", "evaluate-train"] as const;
  const keys = [0, 1, 2, 3].flatMap((epoch) => kinds.map((kind) => augmentationKey(kind, epoch)));
  assertEquals(keys, [0, 1, 2, 3, 4, 5, 6, 7]);
});
