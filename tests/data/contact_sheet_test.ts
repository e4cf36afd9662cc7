// The layout of a contact sheet.

import { contactSheet } from "../../src/data/contact_sheet.ts";
import { openImageDecoder } from "../../src/data/decode.ts";
import { encodePng } from "../../src/data/encode.ts";
import { assertEquals } from "../assert.ts";

/** A picture of 50×50 pixels of one colour; it is shown at 100×100. */
const plain = (value: number) => new Uint8Array(50 * 50 * 3).fill(value);
const sheet = contactSheet([
  { pictures: [plain(10), plain(20), plain(30)], heading: "A" },
  { pictures: [plain(40), plain(50), plain(60)], heading: "A" },
  { pictures: [plain(70), plain(80), plain(90)], heading: "B" },
], 50);

/** Where along a line of the sheet each run of one value begins. */
function runs(values: readonly number[]): string[] {
  return values.flatMap((value, i) => value === values[i - 1] ? [] : [`${value} from ${i}`]);
}

Deno.test("contactSheet() sets the first picture of each row apart", () => {
  const first = 50 * sheet.width * 3;
  const line = [...sheet.pixels.subarray(first, first + sheet.width * 3)].filter((_, i) =>
    i % 3 === 0
  );
  const expected = ["236 from 0", "10 from 14", "236 from 114", "20 from 128", "236 from 228"];
  assertEquals(runs(line), [...expected, "30 from 232", "236 from 332"]);
  assertEquals(sheet.width, 346);
});

Deno.test("contactSheet() sets rows of different headings apart", () => {
  const column = Array.from(
    { length: sheet.height },
    (_, line) => sheet.pixels[(line * sheet.width + 50) * 3 + 1],
  );
  const expected = ["236 from 0", "10 from 14", "236 from 114", "40 from 118", "236 from 218"];
  assertEquals(runs(column), [...expected, "70 from 236", "236 from 336"]);
  assertEquals(sheet.height, 350);
});

Deno.test("contactSheet() magnifies every pixel to a square", () => {
  const picture = Uint8Array.from({ length: 40 * 40 * 3 }, (_, i) => i % 251);
  const { width, pixels } = contactSheet([{ pictures: [picture], heading: "" }], 40);
  for (const [line, column] of [[0, 0], [1, 2], [119, 119], [60, 3]]) {
    const at = ((14 + line) * width + 14 + column) * 3;
    const from = (Math.floor(line / 3) * 40 + Math.floor(column / 3)) * 3;
    assertEquals([...pixels.subarray(at, at + 3)], [...picture.subarray(from, from + 3)]);
  }
});

Deno.test("encodePng() writes what the decoder reads", async () => {
  const decode = await openImageDecoder();
  assertEquals(decode(encodePng(sheet), "sheet"), sheet);
});
