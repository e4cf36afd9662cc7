// Runs in turns on one Gpu: each tells what it tells alone, and communications follow each other round by round.

import type { MethodName } from "../../src/federated/methods/registry.ts";
import { inTurns } from "../../src/web/runs_in_turns.ts";
import { assertEquals } from "../assert.ts";
import { simulated } from "../federated/small_federation.ts";

const names: readonly MethodName[] = ["fedavg", "local", "prrfl"];

Deno.test("runs in turns tell the events that they tell alone", async () => {
  const eventsOf = (method: MethodName) => simulated({ rounds: 2, localEpochs: 2, method });
  const runs = names.map((name) => ({ name, events: eventsOf(name) }));
  const together = new Map<MethodName, unknown[]>(names.map((name) => [name, []]));
  const communications: string[] = [];
  for await (const { name, event } of inTurns(runs)) {
    if (event.type !== "progress") together.get(name)!.push(event);
    if (event.type === "aggregation") communications.push(`${name} ${event.round}`);
  }
  assertEquals(communications, [0, 1].flatMap((round) => names.map((name) => `${name} ${round}`)));
  for (const name of names) {
    const alone: unknown[] = [];
    for await (const event of eventsOf(name)) {
      if (event.type !== "progress") alone.push(event);
    }
    assertEquals(together.get(name), alone);
  }
});
