// The settings of the live page go into its address and come back; what is wrong there is told.

import {
  addressOf,
  configOf,
  type PageSettings,
  presets,
  presetSettings,
  readSettings,
} from "../../src/web/settings.ts";
import recorded from "../../src/web/recorded_run.json" with { type: "json" };
import type { SimulationEvent } from "../../src/federated/events.ts";
import type { MethodName } from "../../src/federated/methods/registry.ts";
import { retrogress } from "../../src/metrics/retrogress.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("settings go into the address of the page, and come back", () => {
  for (const name of Object.keys(presets)) {
    const settings = presetSettings(name);
    const back = readSettings(new URLSearchParams(addressOf(settings)));
    assertEquals(back, { settings, problems: [] });
  }
  assertEquals(addressOf(presetSettings("A minute")), "");
  const settings = { ...presetSettings("A minute"), methods: ["pfa", "local"] as const, lr: 0.02 };
  assertEquals(addressOf(settings), "methods=pfa,local&lr=0.02");
  assertEquals(readSettings(new URLSearchParams("methods=pfa,local&lr=0.02")).settings, settings);
});

Deno.test("what the address has wrong is told, and is as at first", () => {
  const query =
    "methods=fedavg,nope&seed=1.5&width=0.2&rounds=&epochs=x&colour=red&lr=0.02&size=96";
  const { settings, problems } = readSettings(new URLSearchParams(query));
  assertEquals(settings, { ...presetSettings("A minute"), lr: 0.02, size: 96 });
  assertEquals(problems.map((problem) => problem.split(/ (is|has) /)[0]), [
    ...["methods", "seed", "width", "rounds", "epochs", "colour"],
  ]);
  assertEquals(problems[1], "seed is 1.5; it goes from 0 to 4294967295 in steps of 1");
});

Deno.test("a run's configuration has the page's settings", () => {
  const settings = {
    ...presetSettings("A minute"),
    l_rate: 0.5,
    alpha1: 0.6,
    alpha2: 0.8,
    batch: 4,
  };
  const { fourierRate, alpha1, alpha2, batchSize, method, localEpochs } = configOf(
    settings,
    "prrfl",
  );
  assertEquals([fourierRate, alpha1, alpha2, batchSize], [0.5, 0.6, 0.8, 4]);
  assertEquals([method, localEpochs], ["prrfl", 3]);
});

Deno.test("the recorded run is that of the first preset, in which averaging makes models forget and PRR-FL less", () => {
  const { settings, events } = recorded as unknown as {
    settings: PageSettings;
    events: { method: MethodName; event: SimulationEvent }[];
  };
  assertEquals(settings, presetSettings("A minute"));
  const changeOf = (name: MethodName) =>
    retrogress(events.filter(({ method }) => method === name).map(({ event }) => event))
      .meanChange.f1!;
  assert(changeOf("fedavg") < -2, `FedAvg: ${changeOf("fedavg")}`);
  assert(changeOf("prrfl") > changeOf("fedavg") + 1, `PRR-FL: ${changeOf("prrfl")}`);
  assert(events.some(({ event }) => event.type === "stage" && event.clients[0].decision));
});
