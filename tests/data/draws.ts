// The parameters of the augmentation as the host knows them: in words as the kernel stores them, and drawn anew.

import { drawWords } from "../../src/data/augmentation.ts";
import { pcg4d } from "../../src/random.ts";

/** What happens to one image; each default leaves it as it is. */
export interface Draw {
  /** upside down */
  readonly vertical: boolean;
  readonly horizontal: boolean;
  /** grey levels added */
  readonly brightness: number;
  readonly smoothing: "none" | "median" | "gaussian" | "noise";
  readonly kernelSize: number;
  /** of the noise, squared grey levels */
  readonly variance: number;
  /** degrees */
  readonly angle: number;
  readonly scale: number;
  /** of the width */
  readonly shiftX: number;
  /** of the height */
  readonly shiftY: number;
  /** of the image's random numbers */
  readonly key: readonly [number, number, number];
}

/** An image left as it is. */
export const unchanged: Draw = {
  vertical: false,
  horizontal: false,
  brightness: 0,
  smoothing: "none",
  kernelSize: 3,
  variance: 0,
  angle: 0,
  scale: 1,
  shiftX: 0,
  shiftY: 0,
  key: [0, 0, 0],
};

const smoothings = ["none", "median", "gaussian", "noise"] as const;

/** The words of `struct Draw` in kernels/augment.wgsl, one image after the other. */
export function packDraws(draws: readonly Draw[]): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(draws.length * drawWords);
  const floats = new Float32Array(words.buffer);
  draws.forEach((draw, index) => {
    const at = index * drawWords;
    words[at] = Number(draw.vertical) + 2 * Number(draw.horizontal);
    floats[at + 1] = draw.brightness;
    words[at + 2] = smoothings.indexOf(draw.smoothing);
    words[at + 3] = draw.kernelSize;
    floats.set([draw.variance, draw.angle, draw.scale, draw.shiftX, draw.shiftY], at + 4);
    words.set(draw.key, at + 9);
  });
  return words;
}

export function unpackDraws(words: Uint32Array<ArrayBuffer>): Draw[] {
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  return Array.from({ length: words.length / drawWords }, (_, index) => {
    const at = index * drawWords;
    const [variance, angle, scale, shiftX, shiftY] = floats.subarray(at + 4);
    return {
      vertical: (words[at] & 1) !== 0,
      horizontal: (words[at] & 2) !== 0,
      brightness: floats[at + 1],
      smoothing: smoothings[words[at + 2]],
      kernelSize: words[at + 3],
      ...{ variance, angle, scale, shiftX, shiftY },
      key: [words[at + 9], words[at + 10], words[at + 11]],
    };
  });
}

/** What is drawn for an image, by the definitions, in f64. */
export function drawOf(seed: number, stream: number, epoch: number, image: number): Draw {
  const [x, y, z] = pcg4d(seed, stream, epoch, image);
  const units = [0, 1, 2, 3].flatMap((counter) =>
    pcg4d(x, y, z, counter).map((word) => (word >>> 8) / 2 ** 24)
  );
  const between = (unit: number, low: number, high: number) => low + unit * (high - low);
  const smoothing = units[4] < 0.7 ? smoothings[1 + Math.floor(3 * units[5])] : "none";
  const warped = units[8] < 0.85;
  return {
    vertical: units[0] < 0.5,
    horizontal: units[1] < 0.5,
    brightness: units[2] < 0.75 ? between(units[3], -51, 51) : 0,
    smoothing,
    kernelSize: units[6] < (smoothing === "median" ? 1 / 2 : 1 / 3) ? 3 : 5,
    variance: between(units[7], 5, 30),
    angle: warped ? between(units[9], -15, 15) : 0,
    scale: warped ? between(units[10], 0.9, 1.1) : 1,
    shiftX: warped ? between(units[11], -0.1, 0.1) : 0,
    shiftY: warped ? between(units[12], -0.1, 0.1) : 0,
    key: [x, y, z],
  };
}

/** Three standard normal numbers for a pixel (Box and Muller), in f64. */
export function normalsOf(key: Draw["key"], pixel: number): [number, number, number] {
  const words = pcg4d(...key, 2 ** 31 + pixel).map((word) => word >>> 8);
  const radius = (word: number) => Math.sqrt(-2 * Math.log((word + 0.5) / 2 ** 24));
  const angle = (word: number) => (word / 2 ** 24 - 0.5) * 2 * Math.PI;
  return [
    radius(words[0]) * Math.cos(angle(words[1])),
    radius(words[0]) * Math.sin(angle(words[1])),
    radius(words[2]) * Math.cos(angle(words[3])),
  ];
}
