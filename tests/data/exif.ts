// EXIF data that say how an image is to be turned, byte by byte as the standard has them.

/** TIFF data with the tags Make and Orientation. */
export function orientationTiff(orientation: number, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(38));
  view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, littleEndian);
  view.setUint32(4, 8, littleEndian);
  view.setUint16(8, 2, littleEndian);
  const entry = (at: number, tag: number, type: number, count: number) => {
    view.setUint16(at, tag, littleEndian);
    view.setUint16(at + 2, type, littleEndian);
    view.setUint32(at + 4, count, littleEndian);
  };
  entry(10, 0x010f, 2, 4);
  entry(22, 0x0112, 3, 1);
  view.setUint16(30, orientation, littleEndian);
  return new Uint8Array(view.buffer);
}

/** A JPEG file with this TIFF data in a segment APP1 behind its other ones. */
export function withExif(jpeg: Uint8Array, tiff: Uint8Array): Uint8Array {
  const content = [...new TextEncoder().encode("Exif\0\0"), ...tiff];
  const length = content.length + 2;
  const segment = [0xff, 0xe1, length >> 8, length & 0xff, ...content];
  return Uint8Array.from([...jpeg.slice(0, 2), ...segment, ...jpeg.slice(2)]);
}
