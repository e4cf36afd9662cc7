// An ONNX model of one convolution: a protocol buffer of nested fields (onnx/onnx.proto, operator set 17).

import { batch, type Convolution } from "./workloads.ts";

type Bytes = readonly number[];

/** Numbers of ONNX's enumerations. */
const floatType = 1;
const integersType = 7;

/** x and w in, y out; 3×3 with padding 1. */
export function convolutionModel(
  { inputs, outputs, size }: Convolution,
): Uint8Array {
  const tensors = {
    x: [batch, inputs, size, size],
    w: [outputs, inputs, 3, 3],
    y: [batch, outputs, size, size],
  };
  const node = [
    ...text(1, "x"),
    ...text(1, "w"),
    ...text(2, "y"),
    ...text(4, "Conv"),
    ...attribute("kernel_shape", [3, 3]),
    ...attribute("pads", [1, 1, 1, 1]),
  ];
  const graph = [
    ...nested(1, node),
    ...text(2, "graph"),
    ...tensor(11, "x", tensors.x),
    ...tensor(11, "w", tensors.w),
    ...tensor(12, "y", tensors.y),
  ];
  const version = 8;
  const operators = nested(8, number(2, 17));
  return Uint8Array.from([
    ...number(1, version),
    ...nested(7, graph),
    ...operators,
  ]);
}

/** `AttributeProto`. */
function attribute(name: string, values: readonly number[]): Bytes {
  const integers = values.flatMap((value) => number(8, value));
  return nested(5, [
    ...text(1, name),
    ...integers,
    ...number(20, integersType),
  ]);
}

/** `ValueInfoProto` of a tensor of floats. */
function tensor(field: number, name: string, shape: readonly number[]): Bytes {
  const axes = shape.flatMap((size) => nested(1, number(1, size)));
  const type = nested(1, [...number(1, floatType), ...nested(2, axes)]);
  return nested(field, [...text(1, name), ...nested(2, type)]);
}

function text(field: number, value: string): Bytes {
  return nested(field, [...new TextEncoder().encode(value)]);
}

function number(field: number, value: number): Bytes {
  return [...varint(field * 8), ...varint(value)];
}

function nested(field: number, content: Bytes): Bytes {
  return [...varint(field * 8 + 2), ...varint(content.length), ...content];
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varint(value: number): Bytes {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}
