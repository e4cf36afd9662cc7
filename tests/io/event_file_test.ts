// Event files, byte for byte against the records that TensorBoard writes (tests/vectors/make_event_file.py).

import { scalarsRecord, versionRecord } from "../../src/io/event_file.ts";
import { assertEquals } from "../assert.ts";
import { readDescription, vectorFolder } from "../golden.ts";

interface EventFileVectors {
  readonly wall_time: number;
  /** hexadecimal, as all records */
  readonly version: string;
  readonly scalars: readonly {
    readonly step: number;
    readonly scalars: readonly (readonly [tag: string, value: number])[];
    readonly record: string;
  }[];
}

const vectors = await readDescription<EventFileVectors>(vectorFolder, "event_file");
const wallTime = vectors.wall_time;

Deno.test("versionRecord() is what TensorBoard begins a file with", () => {
  assertEquals(versionRecord(wallTime).toHex(), vectors.version);
});

for (const { step, scalars, record } of vectors.scalars) {
  Deno.test(`scalarsRecord() writes ${scalars.length} scalars of step ${step} as TensorBoard does`, () => {
    const written = scalarsRecord({ wallTime, step, scalars: new Map(scalars) });
    assertEquals(written.toHex(), record);
  });
}
