// Photographs a synthesized lesion as the dermatoscope of one demo client would.

import type { RandomStream } from "../random.ts";
import type { Colour, Scene } from "./demo_lesion.ts";
import { between, direction, mix, type Range, smoothstep } from "./demo_noise.ts";

/** A client's instrument and habits. Lengths are in units of half the image's width. */
export interface Scanner {
  /** factor on red, green and blue */
  readonly cast: Colour;
  /** factor on the deviations from mid-grey */
  readonly contrast: number;
  readonly brightness: Range;
  /** darkening of one side of the image against the other */
  readonly slope: number;
  /** radius beyond which it is dark; from 1.6 on, the corners of the image are bright, too */
  readonly fieldOfView: number;
  /** radius of a lesion in the image */
  readonly lesionRadius: Range;
  /** number of hairs */
  readonly hairs: Range;
  /** share of the images with a ruler along one side */
  readonly rulers: number;
  /** amplitude of the sensor's noise, 0 to 1 */
  readonly grain: number;
}

/** Samples per pixel and axis: hairs and ruler marks are thinner than a pixel. */
const oversampling = 2;

/**
 * Takes a photograph.
 *
 * @param size height and width, pixels
 * @param target RGB bytes, `[size, size, 3]`
 */
export function photograph(
  random: RandomStream,
  scene: Scene,
  scanner: Scanner,
  size: number,
  target: Uint8Array,
): void {
  const view = throughLens(random, scene, scanner);
  const samples = size * oversampling;
  for (let pixel = 0; pixel < size * size; pixel++) {
    const [column, row] = [pixel % size, Math.floor(pixel / size)];
    const sum = [0, 0, 0];
    for (let sample = 0; sample < oversampling * oversampling; sample++) {
      const x = column * oversampling + sample % oversampling;
      const y = row * oversampling + Math.floor(sample / oversampling);
      const colour = view((2 * x + 1) / samples - 1, (2 * y + 1) / samples - 1);
      for (let channel = 0; channel < 3; channel++) sum[channel] += colour[channel];
    }
    const grain = between(random, [-scanner.grain, scanner.grain]);
    for (let channel = 0; channel < 3; channel++) {
      target[pixel * 3 + channel] = toByte(sum[channel] / oversampling ** 2 + grain);
    }
  }
}

/** The scene as it falls onto the sensor, in image coordinates from −1 to 1. */
function throughLens(random: RandomStream, scene: Scene, scanner: Scanner): Scene {
  const radius = between(random, scanner.lesionRadius);
  const [centreX, centreY] = [between(random, [-0.15, 0.15]), between(random, [-0.15, 0.15])];
  const overlays = [...hairs(random, scanner), ...ruler(random, scanner)];
  const light = lighting(random, scanner);
  return (x, y) => {
    const colour = scene((x - centreX) / radius, (y - centreY) / radius);
    const dark = overlays.reduce((share, overlay) => Math.max(share, overlay(x, y)), 0);
    const lightHere = light(x, y);
    const develop = (channel: 0 | 1 | 2) => {
      const reflected = mix(colour[channel], 0.08, dark) * scanner.cast[channel];
      return (0.5 + (reflected - 0.5) * scanner.contrast) * lightHere;
    };
    return [develop(0), develop(1), develop(2)];
  };
}

/** A value for every point of the image. */
type Field = (x: number, y: number) => number;

/** Brightness: a slope across the image, and the dark surround of the field of view. */
function lighting(random: RandomStream, scanner: Scanner): Field {
  const brightness = between(random, scanner.brightness);
  const [towardsX, towardsY] = direction(random);
  const edge = scanner.fieldOfView;
  return (x, y) => {
    const slope = 1 + scanner.slope * (x * towardsX + y * towardsY);
    const radius = Math.sqrt(x * x + y * y);
    return brightness * slope * smoothstep(edge + 0.12, edge - 0.12, radius) *
      (1 - 0.12 * radius * radius);
  };
}

/** Hairs: dark parabolas across the image. */
function hairs(random: RandomStream, scanner: Scanner): Field[] {
  const [fewest, most] = scanner.hairs;
  return Array.from({ length: fewest + random.integer(most - fewest + 1) }, () => {
    const [alongX, alongY] = direction(random);
    const offset = between(random, [-0.9, 0.9]);
    const bend = between(random, [-0.35, 0.35]);
    const width = between(random, [0.015, 0.04]);
    return (x, y) => {
      const along = x * alongX + y * alongY;
      const across = y * alongX - x * alongY;
      const distance = Math.abs(across - offset - bend * along * along);
      return 0.75 * smoothstep(width, width / 2, distance);
    };
  });
}

/** A ruler: marks across the lower border, every fifth one long. */
function ruler(random: RandomStream, scanner: Scanner): Field[] {
  if (random.uniform() >= scanner.rulers) return [];
  const spacing = between(random, [0.11, 0.15]);
  return [(x, y) => {
    const mark = Math.round(x / spacing);
    const length = mark % 5 === 0 ? 0.32 : 0.18;
    const onMark = Math.abs(x - mark * spacing) < 0.025 && y > 1 - length;
    return onMark ? 0.8 : 0;
  }];
}

function toByte(value: number): number {
  return Math.min(Math.max(Math.round(value * 255), 0), 255);
}
