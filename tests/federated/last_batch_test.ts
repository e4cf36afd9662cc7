// What becomes of a local epoch's last batch where it is not full.

import type { Dataset, Split } from "../../src/data/dataset.ts";
import { Batching } from "../../src/data/batching.ts";
import { ClientOrder } from "../../src/federated/clients/order.ts";
import { assert, assertEquals } from "../assert.ts";
import { type Changes, clientNames, dataset, eventsOf, finalsOf } from "./small_federation.ts";

/** The first so many images of a split, over again where there are fewer. */
function resized({ ids, images, labels }: Split, count: number): Split {
  const bytes = images.length / labels.length;
  const places = Array.from({ length: count }, (_, at) => at % labels.length);
  return {
    ids: places.map((place) => ids[place]),
    images: Uint8Array.from(
      places.flatMap((place) => [...images.subarray(place * bytes, (place + 1) * bytes)]),
    ),
    labels: Int32Array.from(places, (place) => labels[place]),
  };
}

/** The first clients, with so many training images each. */
function withTraining(...sizes: number[]): Dataset {
  const clients = sizes.map((size, k) => {
    const client = dataset.clients[k];
    return { ...client, train: resized(client.train, size) };
  });
  return { ...dataset, clients };
}

/** Losses of each client's training batches, and all final models. */
async function resultsOf(changes: Changes) {
  const events = await eventsOf({ rounds: 1, ...changes });
  const epoch = events.find(({ type }) => type === "epoch");
  assert(epoch?.type === "epoch");
  return {
    losses: epoch.clients.map(({ batchLosses }) => batchLosses),
    models: finalsOf(events).map(({ client, tensors }) => ({ client, tensors })),
  };
}

Deno.test("Batching cuts epochs as keep, drop and join say", () => {
  const cut = (lastBatch: "keep" | "drop" | "join", n: number) => {
    const batching = new Batching(4, lastBatch);
    return [...batching.ends(n), batching.largest([n])];
  };
  assertEquals([8, 9, 10].map((n) => cut("keep", n)), [[4, 8, 4], [4, 8, 9, 4], [4, 8, 10, 4]]);
  assertEquals([8, 9, 11, 3].map((n) => cut("drop", n)), [[4, 8, 4], [4, 8, 4], [4, 8, 4], [3]]);
  assertEquals([8, 9, 10, 5, 1].map((n) => cut("join", n)), [
    ...[[4, 8, 4], [4, 9, 5], [4, 8, 10, 4]],
    ...[[5, 5], [1, 1]],
  ]);
});

Deno.test("a client's ends are those of its training, and of every image elsewhere", () => {
  const member = {
    ...{ index: 0, place: 0 },
    data: withTraining(9).clients[0],
    splits: undefined!, // nothing is shown to anybody
    trainOrder: new Uint32Array(),
  };
  const order = new ClientOrder([member], 1, new Batching(4, "drop"));
  assertEquals(order.ends(member, "train"), [4, 8]);
  assertEquals(order.ends(member, "evaluate-train"), [4, 8, 9]);
});

Deno.test("with drop, training is that of the images in full batches", async () => {
  const fixed = { method: "fedavg", shuffle: false, batchSize: 4 } as const;
  const dropped = await resultsOf({ ...fixed, dataset: withTraining(9, 6), lastBatch: "drop" });
  assertEquals(dropped, await resultsOf({ ...fixed, dataset: withTraining(8, 4) }));
  assertEquals(dropped.losses.map((losses) => losses?.local?.length), [2, 1]);
});

Deno.test("with join, a last image by itself is part of the batch before", async () => {
  const fixed = { method: "prrfl", localEpochs: 2, augment: "full" } as const;
  const data = { dataset: withTraining(9, 9) };
  const joined = await resultsOf({ ...fixed, ...data, batchSize: 8, lastBatch: "join" });
  assertEquals(joined, await resultsOf({ ...fixed, ...data, batchSize: 9 }));
});

for (const lastBatch of ["keep", "drop", "join"] as const) {
  Deno.test(`with ${lastBatch}, clients give the same bits side by side as one by one`, async () => {
    const sizes = lastBatch === "keep" ? [10, 7, 8, 4] : [9, 7, 5, 8];
    const run = (parallelClients: number) =>
      resultsOf({
        ...{ lastBatch, parallelClients, batchSize: 4, localEpochs: 2, augment: "full" },
        dataset: withTraining(...sizes),
      });
    const together = await run(clientNames.length);
    assertEquals(await run(1), together);
    assertEquals(await run(3), together);
    const batches = { keep: [3, 2, 2, 1], drop: [2, 1, 1, 2], join: [2, 2, 1, 2] }[lastBatch];
    assertEquals(together.losses.map((losses) => losses?.personal?.length), batches);
  });
}

Deno.test("a run within an epoch with a joined batch goes on to the same end", async () => {
  const changes = {
    ...{ lastBatch: "join", batchSize: 4, rounds: 1, localEpochs: 1, method: "fedavg" } as const,
    ...{ dataset: withTraining(9, 5), stateEvery: "round" as const },
  };
  const whole = await eventsOf(changes);
  for (const steps of [1, 2]) {
    let looks = 0;
    const stop = {
      get aborted() {
        return ++looks >= steps;
      },
    };
    const stopped = await eventsOf({ ...changes, stop });
    const state = stopped.findLast(({ type }) => type === "state");
    assert(state?.type === "state" && state.state.position.at === "step");
    const rest = await eventsOf({ ...changes, resumeFrom: state.state });
    assertEquals(finalsOf(rest), finalsOf(whole));
    const epochs = [rest, whole].map((events) => events.find(({ type }) => type === "epoch"));
    assertEquals(epochs[0], epochs[1]);
  }
});
