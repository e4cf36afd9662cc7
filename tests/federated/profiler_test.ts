// Profiles of training steps within a simulation.

import { profiledEpoch } from "../../src/federated/profiler.ts";
import type { ProfileEvent } from "../../src/federated/events.ts";
import { GpuError } from "../../src/gpu/errors.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { gpu } from "../gpu.ts";
import { config, dataset, eventsOf, simulated } from "./small_federation.ts";

const isProfile = (event: { type: string }): event is ProfileEvent => event.type === "profile";

Deno.test("a run that is profiled tells the same, and once where its time goes", async () => {
  const clients = dataset.clients.slice(0, 2); // with three and four batches
  const settings = { dataset: { ...dataset, clients }, batchSize: 4, localEpochs: 2, rounds: 1 };
  const plain = await eventsOf(settings);
  const profiled = await eventsOf({ ...settings, profile: true });
  assertEquals(profiled.filter((event) => !isProfile(event)), plain);

  const [profile, ...others] = profiled.filter(isProfile);
  assertEquals(others, []);
  assertEquals([profile.round, profile.epoch], [0, 1]);
  assertEquals(profile.steps.map(({ step }) => step), [1, 2, 3]);
  const phases = ["batch", "forward", "loss and backward", "update"];
  for (const { profile: { runs } } of profile.steps) {
    assertEquals([...new Set(runs.map(({ phase }) => phase))], phases);
  }
  const calls = profile.steps.reduce((sum, { profile }) => sum + profile.runs.length, 0);
  assertEquals(profile.kernels.reduce((sum, { calls }) => sum + calls, 0), calls);
  assertEquals(profile.kernels.find(({ kernel }) => kernel === "sgd.wgsl step")?.calls, 3);
  const { bytes, arenaBytes } = profile.memory;
  assert(arenaBytes > 0 && arenaBytes < bytes, `${arenaBytes} of ${bytes} bytes in arenas`);
});

Deno.test("a run whose only epoch has one step profiles that one", async () => {
  const clients = dataset.clients.slice(0, 1);
  const settings = { dataset: { ...dataset, clients }, batchSize: 16, rounds: 1, profile: true };
  const [profile] = (await eventsOf(settings)).filter(isProfile);
  assertEquals([profile.epoch, profile.steps.map(({ step }) => step)], [0, [0]]);
});

Deno.test("a run that goes on within its only epoch profiles what is left of it", async () => {
  const clients = dataset.clients.slice(0, 2); // with three and four batches
  const settings = { dataset: { ...dataset, clients }, batchSize: 4, rounds: 1 };
  const profiledAfter = async (steps: number) => {
    const stop = {
      get aborted() {
        return --steps <= 0;
      },
    };
    const told = (await eventsOf({ ...settings, stateEvery: "round", stop })).at(-1)!;
    const resumeFrom = told.type === "state" ? told.state : null;
    const events = await eventsOf({ ...settings, profile: true, resumeFrom });
    return events.filter(isProfile).map((event) => event.steps.map(({ step }) => step));
  };
  assertEquals(await profiledAfter(1), [[2, 3]]);
  assertEquals(await profiledAfter(3), [[3]]);
  assertEquals(await profiledAfter(4), []);
});

Deno.test("a run that cannot be profiled tells no event", async () => {
  const { features } = gpu.device;
  Object.defineProperty(gpu.device, "features", { value: new Set(), configurable: true });
  try {
    const run = simulated({ ...config, profile: true });
    await assertRejects(() => run.next(), GpuError, "Cannot profile: adapter");
  } finally {
    Object.defineProperty(gpu.device, "features", { value: features });
  }
});

Deno.test("profiledEpoch() is the second of a process, or its only one", () => {
  const run = { rounds: 3, localEpochs: 2 };
  const start = { at: "round", round: 0 } as const;
  assertEquals(profiledEpoch(start, run), 1);
  assertEquals(profiledEpoch(start, { ...run, localEpochs: 1 }), 1);
  assertEquals(profiledEpoch(start, { ...run, rounds: 1, localEpochs: 1 }), 0);
  assertEquals(profiledEpoch({ at: "round", round: 1 }, run), 3);
  assertEquals(profiledEpoch({ at: "epoch", round: 2, epoch: 1 }, run), 5);
});
