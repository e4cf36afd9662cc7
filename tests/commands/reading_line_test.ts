// The line that tells how many images are read: what it shows when, by a clock that is set by hand.

import { ReadingLine } from "../../src/commands/reading_line.ts";
import { assertEquals } from "../assert.ts";
import { HandClock } from "../clock.ts";

function shown(columns: number | null, wanted = true): string[] {
  const written: string[] = [];
  const terminal = { write: (text: string) => void written.push(text), columns, colour: false };
  const clock = new HandClock();
  using line = new ReadingLine(wanted, "Reading images", terminal, clock);
  clock.milliseconds = 1999;
  line.show(1, 400); // no telling yet how long the others take
  line.show(2, 400); // less than a percent more
  clock.milliseconds = 4000;
  line.show(40, 400);
  clock.milliseconds = 20_000;
  line.show(200, 400);
  return written;
}

Deno.test("ReadingLine tells the share that is done, and from two seconds on the time left", () => {
  const texts = shown(80).map((text) => text.replace("\r\x1b[K", "|"));
  assertEquals(texts, [
    "|Reading images  1/400  0%",
    "|Reading images  40/400  10%  0:36 left",
    "|Reading images  200/400  50%  0:20 left",
    "|",
  ]);
});

Deno.test("ReadingLine writes nothing to files and pipes, nor where nobody wants it", () => {
  assertEquals([shown(null), shown(80, false)], [[], []]);
});
