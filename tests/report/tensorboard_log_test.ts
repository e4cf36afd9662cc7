// What TensorBoard is given: tags, steps and values, read back with an independent reader.

import { join } from "@std/path";
import type { Clock } from "../../src/clock.ts";
import type { SimulationEvent } from "../../src/federated/events.ts";
import { retrogress } from "../../src/metrics/retrogress.ts";
import { TensorBoardLog } from "../../src/report/files/tensorboard_log.ts";
import { assert, assertEquals, assertThrows } from "../assert.ts";
import { HandClock } from "../clock.ts";
import { type ReadEventFile, readEventFile } from "./event_reader.ts";
import { madeUpRun, stepsPerEpoch } from "./made_up_run.ts";

/** The bytes of the only event file that a run leaves, and its name. */
async function writtenBy(events: Iterable<SimulationEvent>, clock?: Clock) {
  const folder = await Deno.makeTempDir();
  try {
    const log = new TensorBoardLog(join(folder, "tensorboard"), clock);
    for (const event of events) await log.consume(event);
    const [{ name }, ...others] = [...Deno.readDirSync(join(folder, "tensorboard"))];
    assertEquals(others, []);
    return { name, bytes: await Deno.readFile(join(folder, "tensorboard", name)) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Steps and values of one tag. */
function curve({ scalars }: ReadEventFile, tag: string): [step: number, value: number][] {
  return scalars.filter((scalar) => scalar.tag === tag).map(({ step, value }) => [step, value]);
}

const events = [...madeUpRun({ rounds: 6, evaluated: true })];

Deno.test("TensorBoardLog writes a file that readers of event files recognize", async () => {
  const clock = new HandClock();
  clock.milliseconds = 1_700_000_000_250;
  const { name, bytes } = await writtenBy(events, clock);
  const { version, scalars } = readEventFile(bytes);
  assertEquals(version, "brain.Event:2");
  assertEquals(name, "events.out.tfevents.1700000000.prrfl");
  assert(scalars.length > 0);
  for (const { wallTime } of scalars) assertEquals(wallTime, 1_700_000_000.25);
});

Deno.test("readEventFile() notices a changed byte and a missing end", async () => {
  const { bytes } = await writtenBy(events.slice(0, 3));
  for (const at of [3, 20, bytes.byteLength - 20]) {
    const changed = bytes.with(at, bytes[at] ^ 1);
    assertThrows(() => readEventFile(changed), SyntaxError);
  }
  assertThrows(() => readEventFile(bytes.subarray(0, -6)), SyntaxError, "cut off");
});

Deno.test("TensorBoardLog has every metric of every client, role and split at its step", async () => {
  const file = readEventFile((await writtenBy(events)).bytes);
  for (const metric of ["loss", "f1", "auc", "accuracy"] as const) {
    for (const [index, client] of ["A", "B", "C", "D"].entries()) {
      for (const role of ["personal", "deputy"]) {
        const expected: Record<string, [number, number][]> = { train: [], valid: [], test: [] };
        const add = (split: string, step: number, value: number | null) => {
          if (value !== null) expected[split].push([step, Math.fround(value)]);
        };
        let step = 0;
        for (const event of events) {
          if (event.type === "evaluation") {
            add("test", step + event.step, event.clients[index].test[role][metric]);
          }
          if (event.type === "epoch") {
            step += stepsPerEpoch;
            add("train", step, event.clients[index].train![role][metric]);
            add("test", step, event.clients[index].test[role][metric]);
          }
          if (event.type === "aggregation") {
            add("valid", step, event.clients[index].valid[role][metric]);
            add("test", step, event.clients[index].test[role][metric]);
          }
        }
        for (const [split, points] of Object.entries(expected)) {
          const tag = `${split}/${metric}/${client}/${role}`;
          assertEquals(curve(file, tag), points, tag);
        }
      }
    }
  }
});

Deno.test("TensorBoardLog has means, stages, learning rates and retrogress", async () => {
  const file = readEventFile((await writtenBy(events)).bytes);
  const epochs = Array.from({ length: 12 }, (_, epoch) => epoch);
  assertEquals(
    curve(file, "learning_rate"),
    [0, 1, 2, 3, 4, 5].map((round) => [
      2 * round * stepsPerEpoch,
      Math.fround(round < 5 ? 1e-2 : 5e-3),
    ]),
  );
  assertEquals(
    curve(file, "stage/B"),
    epochs.map((epoch) => [epoch * stepsPerEpoch, epoch % 2 === 0 ? 1 : 3]),
  );
  const aggregations = events.filter((event) => event.type === "aggregation");
  const stepOf = (round: number) => 2 * (round + 1) * stepsPerEpoch;
  assertEquals(
    curve(file, "mean/valid/f1/deputy"),
    aggregations.map(({ round, valid }) => [stepOf(round), Math.fround(valid.deputy.f1)]),
  );
  const { communications } = retrogress(events);
  for (const metric of ["f1", "auc"] as const) {
    assertEquals(
      curve(file, `mean/retrogress/${metric}`),
      communications.map(({ round, mean }) => [stepOf(round), Math.fround(mean[metric].change!)]),
    );
    assertEquals(
      curve(file, `retrogress/${metric}/C`),
      communications.map(({ round, clients }) => [
        stepOf(round),
        Math.fround(clients[2][metric].change!),
      ]),
    );
  }
});

Deno.test("TensorBoardLog tells the metrics that decide stages from those of training", async () => {
  const file = readEventFile((await writtenBy(events)).bytes);
  const decisions = events.filter((event) => event.type === "stage")
    .map(({ clients }) => Math.fround(clients[0].decision!.deputy.f1));
  assertEquals(curve(file, "decision/f1/A/deputy").map(([, value]) => value), decisions);
});
