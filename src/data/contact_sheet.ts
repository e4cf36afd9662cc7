// A contact sheet: pictures of one size in rows, the first of each row apart from the others.

import type { RgbImage } from "./rgb_image.ts";

/** Rows of square pictures, RGB bytes `[imageSize, imageSize, 3]`; all rows are equally long. */
export interface SheetRow {
  readonly pictures: readonly Uint8Array[];
  /** rows with the same heading stand together */
  readonly heading: string;
}

/** Pixels between pictures, after the first of a row, between headings, and around all. */
const gaps = { picture: 4, original: 14, heading: 18, border: 14 };
/** Pictures are magnified, by a whole number, to at least this many pixels. */
const smallestPicture = 96;
/** Light, so that the black corners of turned pictures are seen. */
const paper = 236;

/** Draws the sheet. */
export function contactSheet(rows: readonly SheetRow[], imageSize: number): RgbImage {
  const scale = Math.ceil(smallestPicture / imageSize);
  const side = scale * imageSize;
  const columns = rows[0].pictures.length;
  const lefts = Array.from(
    { length: columns },
    (_, column) =>
      gaps.border + column * (side + gaps.picture) +
      (column > 0 ? gaps.original - gaps.picture : 0),
  );
  const tops = topsOf(rows, side);
  const width = lefts[columns - 1] + side + gaps.border;
  const height = tops[rows.length - 1] + side + gaps.border;
  const sheet = { width, height, pixels: new Uint8Array(width * height * 3).fill(paper) };
  rows.forEach(({ pictures }, row) =>
    pictures.forEach((picture, column) =>
      place(sheet, magnify(picture, imageSize, scale), side, lefts[column], tops[row])
    )
  );
  return sheet;
}

function topsOf(rows: readonly SheetRow[], side: number): number[] {
  let top = gaps.border;
  return rows.map(({ heading }, row) => {
    if (row > 0) top += side + (heading === rows[row - 1].heading ? gaps.picture : gaps.heading);
    return top;
  });
}

/** Every pixel becomes a square, so that what training sees is seen. */
function magnify(picture: Uint8Array, size: number, scale: number): Uint8Array {
  const side = size * scale;
  return Uint8Array.from({ length: side * side * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    const [line, column] = [Math.floor(pixel / side), pixel % side];
    const from = Math.floor(line / scale) * size + Math.floor(column / scale);
    return picture[from * 3 + i % 3];
  });
}

function place(sheet: RgbImage, picture: Uint8Array, side: number, left: number, top: number) {
  for (let line = 0; line < side; line++) {
    const row = picture.subarray(line * side * 3, (line + 1) * side * 3);
    sheet.pixels.set(row, ((top + line) * sheet.width + left) * 3);
  }
}
