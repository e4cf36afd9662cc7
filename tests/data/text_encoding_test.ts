// Texts as editors and spreadsheets save them.

import { DataError } from "../../src/data/data_error.ts";
import { decodeText } from "../../src/data/text_encoding.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const text = "image_id,Läsion 皮\r\n";

/** UTF-16 in either byte order. */
function utf16(text: string, littleEndian: boolean): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(text.length * 2));
  [...text].forEach((c, index) => bytes.setUint16(2 * index, c.charCodeAt(0), littleEndian));
  return new Uint8Array(bytes.buffer);
}

Deno.test("decodeText() reads UTF-8 and UTF-16, with and without byte order mark", () => {
  for (const mark of ["", "\ufeff"]) {
    assertEquals(decodeText(new TextEncoder().encode(mark + text), "t.csv"), text);
    assertEquals(decodeText(utf16(mark + text, true), "t.csv"), text);
    assertEquals(decodeText(utf16(mark + text, false), "t.csv"), text);
  }
  assertEquals(decodeText(new Uint8Array(0), "t.csv"), "");
});

Deno.test("decodeText() refuses other encodings instead of guessing letters", () => {
  const error = assertThrows(() => decodeText(Uint8Array.of(0x4c, 0xe4, 0x73), "t.csv"), DataError);
  assertEquals(
    error.message,
    "Cannot read t.csv: its text is neither UTF-8 nor UTF-16; save it as UTF-8",
  );
});
