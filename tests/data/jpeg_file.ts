// JPEG files of 8×8 pixels and one colour, byte by byte as the standard has them.

/**
 * A baseline file without subsampling. All Huffman tables hold two codes: `0` for nothing, `10` for a difference of
 * six bits.
 *
 * @param values of each component, 128, 160 to 191 or 65 to 96: grey; Y, Cb and Cr; or C, M, Y and K
 * @param size that the header announces
 */
export function jpegFile(values: readonly number[], size = { width: 8, height: 8 }): Uint8Array {
  const ids = values.map((_, index) => index + 1);
  const { width, height } = size;
  const frame = [8, ...word(height), ...word(width), values.length];
  const codes = [1, 1, ...new Array<number>(14).fill(0)]; // how many of each length, 1 to 16 bits
  return Uint8Array.from([
    ...[0xff, 0xd8],
    ...(values.length === 4 ? segment(0xee, adobe) : []),
    ...segment(0xdb, [0, ...new Array<number>(64).fill(8)]), // so that a difference is one in the pixels
    ...segment(0xc0, [...frame, ...ids.flatMap((id) => [id, 0x11, 0])]),
    ...segment(0xc4, [0x00, ...codes, 0, 6]), // mean values: nothing, six bits
    ...segment(0xc4, [0x10, ...codes, 0, 1]), // the others: end of block, never used
    ...segment(0xda, [ids.length, ...ids.flatMap((id) => [id, 0]), 0, 63, 0]),
    ...scan(values),
    ...[0xff, 0xd9],
  ]);
}

/** Without this marker, of Adobe's program, four components are not taken for colours. */
const adobe = [..."Adobe"].map((c) => c.charCodeAt(0)).concat([0, 100, 0, 0, 0, 0, 0]);

function scan(values: readonly number[]): number[] {
  const bits = values.map((value) => {
    const difference = value - 128;
    if (difference === 0) return "00";
    const number = difference > 0 ? difference : difference + 63;
    return `10${number.toString(2).padStart(6, "0")}0`;
  }).join("");
  const bytes = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1").match(/.{8}/g)!;
  return bytes.map((byte) => parseInt(byte, 2)).flatMap((byte) => byte === 0xff ? [0xff, 0] : byte);
}

function segment(marker: number, content: readonly number[]): number[] {
  return [0xff, marker, ...word(content.length + 2), ...content];
}

function word(value: number): number[] {
  return [value >> 8, value & 0xff];
}
