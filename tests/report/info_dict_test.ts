// The official code's dictionary: its keys, and which test stands for which epoch.

import type { SimulationEvent } from "../../src/federated/events.ts";
import { InfoDict } from "../../src/report/files/info_dict.ts";
import { assertEquals } from "../assert.ts";
import { madeUpRun } from "./made_up_run.ts";

interface Info {
  readonly test_epochs: number[];
  readonly test_f1: number[];
  readonly test_auc: (number | null)[];
}

async function infoDict(events: Iterable<SimulationEvent>): Promise<Record<string, Info>> {
  const path = await Deno.makeTempFile();
  try {
    const dict = new InfoDict(path);
    for (const event of events) await dict.consume(event);
    return JSON.parse(await Deno.readTextFile(path));
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("InfoDict has the clients' test metrics under the official keys, and their mean", async () => {
  const events = [...madeUpRun({ rounds: 3, localEpochs: 3 })];
  const dict = await infoDict(events);
  assertEquals(Object.keys(dict), ["A", "B", "C", "D", "Average"]);
  const expected: Info = { test_epochs: [0, 1, 2, 3, 4, 5, 6, 7, 8], test_f1: [], test_auc: [] };
  const mean: Info = structuredClone(expected);
  for (const event of events) {
    const counts = event.type === "aggregation" || (event.type === "epoch" && event.epoch < 2);
    if (!counts) continue;
    const { personal } = event.clients[3].test;
    expected.test_f1.push(personal.f1);
    expected.test_auc.push(personal.auc);
    const average = event.type === "epoch" ? event.mean : event.test;
    mean.test_f1.push(average.personal.f1);
    mean.test_auc.push(average.personal.auc);
  }
  assertEquals(expected.test_auc[0], null); // not defined there
  assertEquals([dict.D, dict.Average], [expected, mean]);
});

Deno.test("InfoDict represents a round's last epoch by the test after aggregation", async () => {
  const events = [...madeUpRun({ rounds: 1, localEpochs: 2 })].map((event) =>
    event.type !== "aggregation" ? event : {
      ...event,
      clients: event.clients.map((client) => ({
        ...client,
        test: { ...client.test, personal: { ...client.test.personal, f1: 12.5 } },
      })),
    }
  );
  assertEquals((await infoDict(events)).B.test_f1[1], 12.5);
});

Deno.test("InfoDict keeps what an interrupted run has measured", async () => {
  const events = [...madeUpRun({ rounds: 2, localEpochs: 3 })];
  const cut = events.findIndex((event) =>
    event.type === "epoch" && event.round === 1 && event.epoch === 1
  );
  const interrupted = {
    type: "interrupted",
    cause: "SIGINT",
    lastRound: 1,
    lastEpoch: 1,
    communications: 1,
  } as const;
  const dict = await infoDict([...events.slice(0, cut + 1), interrupted]);
  assertEquals(dict.A.test_epochs, [0, 1, 2, 3, 4]);
});

Deno.test("InfoDict gives a client called Average its own results", async () => {
  const events = [...madeUpRun({ rounds: 1, clients: ["Average", "B"] })];
  const dict = await infoDict(events);
  const [first] = events.filter((event) => event.type === "epoch");
  assertEquals(Object.keys(dict), ["Average", "B"]);
  assertEquals(dict.Average.test_f1[0], first.clients[0].test.personal.f1);
});
