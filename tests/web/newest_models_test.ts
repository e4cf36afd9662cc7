// The newest weights of each method: of states after a round, of the last round's checkpoints, and as they were kept.

import type { CheckpointEvent, DoneEvent, StateEvent } from "../../src/federated/events.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { mistakesOf } from "../../src/web/mistakes.ts";
import { chance } from "../../src/web/model_names.ts";
import { NewestModels } from "../../src/web/newest_models.ts";
import { assertEquals } from "../assert.ts";

const number = (value: number): HostTensor => ({ shape: [1], data: Float32Array.of(value) });

function stateAfter(rounds: number, tensors: Record<string, HostTensor>): StateEvent {
  return {
    type: "state",
    state: {
      ...{ position: { at: "round", round: rounds }, best: null, stages: [], skipped: [] },
      ...{ configuration: {}, kernels: "", tensors: new Map(Object.entries(tensors)) },
    },
  };
}

const metrics = { loss: 1, accuracy: 50, f1: 50, auc: 50 };
const checkpoint = (client: string, role: string, value: number): CheckpointEvent => ({
  ...{ type: "checkpoint", reason: "final", round: 1, client, role, test: metrics },
  ...{ isServerModel: false, tensors: new Map([["conv.weight", number(value)]]) },
});

Deno.test("models are the newest of a method; there are none before its first round is over", () => {
  const models = new NewestModels();
  models.take("prrfl", stateAfter(0, { "0.personal.parameters.conv.weight": number(1) }));
  assertEquals(models.of("prrfl"), null);

  models.take(
    "prrfl",
    stateAfter(1, {
      "0.personal.parameters.conv.weight": number(1),
      "0.personal.buffers.bn.running_mean": number(2),
      "0.personal.momenta.conv.weight": number(3),
      "0.deputy.parameters.conv.weight": number(4),
      "1.personal.parameters.conv.weight": number(5),
      "server.memory.conv.weight": number(6),
    }),
  );
  assertEquals(models.of("prrfl"), {
    rounds: 1,
    clients: [
      new Map([
        ["personal", new Map([["conv.weight", number(1)], ["bn.running_mean", number(2)]])],
        ["deputy", new Map([["conv.weight", number(4)]])],
      ]),
      new Map([["personal", new Map([["conv.weight", number(5)]])]]),
    ],
  });
  assertEquals(models.of("fedavg"), null);

  models.take("prrfl", { ...checkpoint("A", "personal", 9), reason: "best" });
  models.take("prrfl", checkpoint("A", "personal", 7));
  models.take("prrfl", checkpoint("A", "deputy", 8));
  assertEquals(models.of("prrfl")?.rounds, 1); // the run is not over
  const done: DoneEvent = { type: "done", rounds: 2, bestRound: null, test: {} };
  models.take("prrfl", done);
  const last = {
    rounds: 2,
    clients: [
      new Map([
        ["personal", new Map([["conv.weight", number(7)]])],
        ["deputy", new Map([["conv.weight", number(8)]])],
      ]),
    ],
  };
  assertEquals(models.of("prrfl"), last);
  const resumed = new NewestModels();
  resumed.put("prrfl", last);
  assertEquals(resumed.of("prrfl"), last);
});

Deno.test("of mistakes those come first of whose true class the model was least convinced", () => {
  const probabilities = Float32Array.of(0.5, 0.25, 0.25, 0.75, 0.25, 0, 0.5, 0.375, 0.125);
  assertEquals(mistakesOf(Int32Array.of(2, 1, 0), probabilities, 3), [
    { row: 0, label: 2, predicted: 0, probabilities: [0.5, 0.25, 0.25] },
    { row: 1, label: 1, predicted: 0, probabilities: [0.75, 0.25, 0] }, // as sure: in their order
  ]);
  assertEquals(
    mistakesOf(Int32Array.of(2, 1, 1), probabilities, 3).map(({ row }) => row),
    [0, 1, 2],
  );
  assertEquals(mistakesOf(Int32Array.of(1, 2, 0), probabilities, 3).map(({ row }) => row), [1, 0]);
});

Deno.test("chances near 0 and 1 have a decimal", () => {
  const texts = [0, 0.004, 0.0996, 0.5, 0.9951, 1].map(chance);
  assertEquals(texts, ["0.0 %", "0.4 %", "10 %", "50 %", "99.5 %", "100 %"].map(spaced));
});

const spaced = (text: string) => text.replace(" ", "\u00a0");
