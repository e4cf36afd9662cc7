// NumPy's file format of one array (`.npy`), as far as it holds whole numbers.

import { DataError } from "./data_error.ts";

/** An array of whole numbers. */
export interface NumpyArray {
  readonly shape: readonly number[];
  /** row-major */
  readonly values: Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;
}

/** What NumPy calls its types, each with the array that holds it and the bytes of one number. */
const types = {
  "|u1": [Uint8Array, 1],
  "|i1": [Int8Array, 1],
  "<u2": [Uint16Array, 2],
  "<i2": [Int16Array, 2],
  "<u4": [Uint32Array, 4],
  "<i4": [Int32Array, 4],
  "<i8": [BigInt64Array, 8],
} as const;

const magic = [0x93, ..."NUMPY"].map((item) =>
  typeof item === "number" ? item : item.charCodeAt(0)
);

/**
 * Reads an array in C order of little-endian whole numbers, format versions 1 to 3
 * (numpy.lib.format). 64-bit numbers become 32-bit ones.
 *
 * @param name the array's name, for messages
 * @throws {DataError} when the bytes are something else, or a number does not fit
 */
export function parseNpy(bytes: Uint8Array, name: string): NumpyArray {
  const { header, end } = readHeader(bytes, name);
  const { descr, fortranOrder, shape } = parseHeader(header, name);
  if (fortranOrder) throw unusable(name, "it is in Fortran order", 'save it in order "C"');
  if (!Object.hasOwn(types, descr)) {
    const wish = `save it as one of ${Object.keys(types).join(", ")}`;
    throw unusable(name, `its type is ${descr}`, wish);
  }
  const [ArrayType, size] = types[descr as keyof typeof types];
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  if (bytes.length - end !== length * size) {
    const promised = `its header promises ${length * size} bytes but ${bytes.length - end} follow`;
    throw unusable(name, promised, "get the file anew");
  }
  // Only from a multiple of its size can an array be laid over the bytes.
  const aligned = (bytes.byteOffset + end) % size === 0 ? bytes.subarray(end) : bytes.slice(end);
  const values = new ArrayType(aligned.buffer as ArrayBuffer, aligned.byteOffset, length);
  return { shape, values: values instanceof BigInt64Array ? narrow(values, name) : values };
}

/** The header's text, and where the numbers begin. */
function readHeader(bytes: Uint8Array, name: string): { header: string; end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || magic.some((byte, index) => bytes[index] !== byte)) {
    throw unusable(name, "it is not a NumPy array", "save it with numpy.savez");
  }
  const version = bytes[6];
  if (version < 1 || version > 3) {
    throw unusable(name, `its format version is ${version}`, "save it in version 1, 2 or 3");
  }
  const start = version === 1 ? 10 : 12;
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length) throw unusable(name, "its header is cut off", "get the file anew");
  return { header: new TextDecoder().decode(bytes.subarray(start, end)), end };
}

/** An entry of the header, such as `'descr': '|u1', `. */
const entry = /\s*'(\w+)'\s*:\s*(?:'([^']*)'|(True|False)|\(([\d\s,]*)\)|(\[.*\]))\s*(?:,|(?=\}))/y;

/** The header is a dictionary of Python: `{'descr': '|u1', 'fortran_order': False, 'shape': (7, 2), }`. */
function parseHeader(header: string, name: string) {
  const malformed = unusable(name, `its header is ${header.trim()}`, "save it with numpy.savez");
  if (!header.startsWith("{")) throw malformed;
  const entries = new Map<string, RegExpExecArray>();
  entry.lastIndex = 1;
  let end = 1;
  for (let match = entry.exec(header); match !== null; match = entry.exec(header)) {
    if (entries.has(match[1])) throw malformed;
    entries.set(match[1], match);
    end = entry.lastIndex;
  }
  const [descr, order, shape] = ["descr", "fortran_order", "shape"].map((key) => entries.get(key));
  const type = descr?.[2] ?? descr?.[5]; // the second is a structured type
  if (!/^\s*\}\s*$/.test(header.slice(end)) || entries.size !== 3) throw malformed;
  if (type === undefined || order?.[3] === undefined || shape?.[4] === undefined) throw malformed;
  return { descr: type, fortranOrder: order[3] === "True", shape: parseShape(shape[4]) };
}

/** `7, 2` or `7,` or nothing. */
function parseShape(text: string): number[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "").map(Number);
}

function narrow(values: BigInt64Array, name: string): Int32Array {
  const wide = values.find((value) => BigInt.asIntN(32, value) !== value);
  if (wide === undefined) return Int32Array.from(values, Number);
  throw unusable(name, `it holds ${wide}`, "use numbers of at most 32 bits");
}

function unusable(name: string, what: string, wish: string): DataError {
  return new DataError(`Cannot use the array ${name}: ${what}; ${wish}`);
}
