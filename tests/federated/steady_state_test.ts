// What the GPU is asked for while a federation trains: after the first local epoch nothing but replays.

import { simulate } from "../../src/federated/simulation.ts";
import type { Arena, Recording } from "../../src/gpu/recording.ts";
import { openDevice } from "../../src/gpu/adapter.ts";
import { Gpu } from "../../src/tensor/gpu.ts";
import { assertEquals } from "../assert.ts";
import { config, dataset } from "./small_federation.ts";

/** What is watched: requests that cost more than a dispatch, and replays. */
const requests = ["createBuffer", "createBindGroup", "createComputePipeline"] as const;
type Entry = typeof requests[number] | "mapAsync" | "training step" | "evaluation step";

/** Writes down what is asked of the device. */
class WatchedGpu extends Gpu {
  readonly log: Entry[] = [];

  static async open(): Promise<WatchedGpu> {
    const { device, description } = await openDevice("auto");
    const gpu = new WatchedGpu(device, description);
    for (const name of requests) {
      const original = device[name] as (descriptor: unknown) => unknown;
      Object.assign(device, {
        [name]: (descriptor: unknown) => {
          gpu.log.push(name);
          return original.call(device, descriptor);
        },
      });
    }
    return gpu;
  }

  override record(arena: Arena, body: () => void): Recording {
    const recording = super.record(arena, body);
    const trains = recording.commands.some((command) =>
      command.kind === "dispatch" && command.use.file.name === "sgd.wgsl"
    );
    const replay = () => {
      this.log.push(trains ? "training step" : "evaluation step");
      recording.replay();
    };
    return { ...recording, replay };
  }
}

Deno.test("steps that have been recorded ask the GPU for nothing, and nothing is read back between them", async () => {
  const gpu = await WatchedGpu.open();
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = function (...args) {
    gpu.log.push("mapAsync");
    return mapAsync.apply(this, args);
  };
  try {
    const epochs: Entry[][] = [];
    const clients = dataset.clients.slice(0, 2); // the second with four batches to train and three to test
    const settings = { ...config, dataset: { ...dataset, clients }, batchSize: 4, localEpochs: 3 };
    for await (const { type } of simulate(gpu, { ...settings, rounds: 1 })) {
      if (type === "epoch") epochs.push(gpu.log.splice(0));
    }
    assertEquals(new Set(epochs[0]).size, 6); // the first one asks for everything
    const steps = (kind: Entry, count: number) => Array<Entry>(count).fill(kind);
    const reading: Entry[] = ["createBuffer", "mapAsync"];
    // Once in an epoch: flags cleared, parameters and running statistics searched for what is not finite.
    const searching: Entry[] = [...Array<Entry>(3).fill("createBindGroup"), ...reading];
    for (const log of epochs.slice(1)) {
      assertEquals(log, [
        ...[...steps("evaluation step", 4), ...reading], // decides the stages
        ...[...steps("training step", 4), ...reading, ...searching],
        ...[...steps("evaluation step", 3), ...reading],
      ]);
    }
  } finally {
    GPUBuffer.prototype.mapAsync = mapAsync;
    gpu.dispose();
  }
});
