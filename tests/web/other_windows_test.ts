// Another window of PFA: the run's own gives what the run had, and others give something else.

import { demoDataset } from "../../src/data/demo.ts";
import { simulate } from "../../src/federated/simulation.ts";
import { OtherWindows } from "../../src/web/other_windows.ts";
import { configOf, demoOptions, presetSettings } from "../../src/web/settings.ts";
import { assert, assertEquals } from "../assert.ts";
import { gpu } from "../gpu.ts";

Deno.test("OtherWindows communicates anew: with the run's window to the F1 that the run had, with others not", async () => {
  const settings = { ...presetSettings("A minute"), images: 120, rounds: 2, epochs: 1, lr: 0.05 };
  const dataset = await demoDataset(demoOptions(settings));
  const config = configOf(settings, "prrfl");
  const windows = new OtherWindows(gpu, dataset, config);
  assertEquals(await windows.aggregate(0.5), null);
  const { live } = gpu;
  let told = 0;
  let before: number[] = [];
  for await (const event of simulate(gpu, { ...config, dataset }, { stateEvery: "epoch" })) {
    windows.take(event);
    if (event.type === "epoch") before = event.clients.map(({ test }) => test.deputy.f1);
    if (event.type !== "aggregation") continue;
    told++;
    const { round, rate, clients } = event;
    const expected = clients.map(({ client, test }, k) => ({
      ...{ client, before: before[k], after: test.deputy.f1 },
    }));
    assertEquals(await windows.aggregate(rate!), { rate: rate!, round, clients: expected });
  }
  assertEquals(told, 2);
  const [narrow, wide] = [await windows.aggregate(0.05), await windows.aggregate(1)];
  assert(JSON.stringify(narrow) !== JSON.stringify(wide));
  assertEquals(gpu.live, live);
});
