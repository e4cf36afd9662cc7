// Synthesizes a pigmented lesion on skin, with the features by which dermatologists tell the classes apart.

import type { RandomStream } from "../random.ts";
import { between, direction, mix, type Range, smoothstep, valueNoise } from "./demo_noise.ts";

/** Red, green and blue reflectance, 0 to 1. */
export type Colour = readonly [number, number, number];

/** The colour of every point of a scene; the lesion lies around the origin and has about radius 1. */
export type Scene = (x: number, y: number) => Colour;

/** How lesions of a class look; the ranges of the classes overlap, as they do in life. */
interface Look {
  readonly colours: readonly Colour[];
  /** share of the pigment's colour in the lesion's */
  readonly density: Range;
  readonly elongation: Range;
  /** amplitude of the coarse deviations of the border from an ellipse, share of the radius */
  readonly irregularity: Range;
  /** amplitude of the fine ones */
  readonly raggedness: Range;
  /** width of the transition to the skin, share of the radius */
  readonly softness: Range;
  /** how much paler one side is than the other */
  readonly asymmetry: Range;
  /** contrast of the regular pigment network */
  readonly network: Range;
  /** further colours in patches, and their number */
  readonly patchColours: readonly Colour[];
  readonly patches: Range;
  /** milia-like cysts (bright) and comedo-like openings (dark), and their number */
  readonly dots: Range;
}

const tan: Colour = [0.66, 0.45, 0.3];
const brown: Colour = [0.47, 0.28, 0.18];
const darkBrown: Colour = [0.31, 0.18, 0.13];
const greyBrown: Colour = [0.52, 0.41, 0.34];
const black: Colour = [0.12, 0.09, 0.1];
const blueGrey: Colour = [0.38, 0.41, 0.48];
const red: Colour = [0.62, 0.32, 0.28];
const paleGrey: Colour = [0.74, 0.66, 0.64];
const cream: Colour = [0.92, 0.84, 0.66];

const looks: readonly Look[] = [
  // naevus: symmetric, even, one or two browns, a regular network, fading out
  {
    colours: [tan, brown, darkBrown],
    density: [0.65, 0.95],
    elongation: [1, 1.5],
    irregularity: [0.03, 0.2],
    raggedness: [0, 0.06],
    softness: [0.25, 0.6],
    asymmetry: [0, 0.3],
    network: [0.1, 0.5],
    patchColours: [brown, darkBrown, red],
    patches: [0, 1],
    dots: [0, 1],
  },
  // keratosis: stuck on, so a sharp and moth-eaten border, waxy grey-browns, cysts and openings
  {
    colours: [tan, greyBrown, brown],
    density: [0.55, 0.95],
    elongation: [1, 1.7],
    irregularity: [0.05, 0.3],
    raggedness: [0.04, 0.2],
    softness: [0.05, 0.2],
    asymmetry: [0, 0.4],
    network: [0, 0.2],
    patchColours: [greyBrown, tan, darkBrown],
    patches: [0, 2],
    dots: [4, 13],
  },
  // melanoma: asymmetric, irregular, many colours, streaks at the border
  {
    colours: [brown, darkBrown, darkBrown],
    density: [0.75, 1],
    elongation: [1, 1.8],
    irregularity: [0.15, 0.5],
    raggedness: [0.03, 0.22],
    softness: [0.1, 0.4],
    asymmetry: [0.1, 0.6],
    network: [0, 0.4],
    patchColours: [black, black, blueGrey, red, paleGrey],
    patches: [2, 4],
    dots: [0, 3],
  },
];

/** Lesion and surrounding skin, at random; `label` is a class of `lesionClasses`. */
export function synthesizeScene(random: RandomStream, label: number): Scene {
  const look = looks[label];
  const skin = synthesizeSkin(random);
  const coverage = synthesizeOutline(random, look);
  const pigment = synthesizePigment(random, look);
  return (x, y) => {
    const around = skin(x, y);
    const share = coverage(x, y);
    return share === 0 ? around : mixColours(around, pigment(x, y), share);
  };
}

/** Pink to tan, slightly blotchy. */
function synthesizeSkin(random: RandomStream): Scene {
  const tone = mixColours([0.93, 0.75, 0.68], [0.82, 0.61, 0.48], random.uniform());
  const blotches = valueNoise(random, 0.8);
  const texture = valueNoise(random, 9);
  return (x, y) => scaleColour(tone, 1 + 0.05 * blotches(x, y) + 0.025 * texture(x, y));
}

/** How much of a point is lesion: 0 outside, `density` inside. */
function synthesizeOutline(random: RandomStream, look: Look): (x: number, y: number) => number {
  const [axisX, axisY] = direction(random);
  const [paleX, paleY] = direction(random);
  const elongation = Math.sqrt(between(random, look.elongation));
  const irregularity = between(random, look.irregularity);
  const raggedness = between(random, look.raggedness);
  const softness = between(random, look.softness);
  const asymmetry = between(random, look.asymmetry);
  const density = between(random, look.density);
  const coarse = valueNoise(random, 1.1);
  const fine = valueNoise(random, 4.5);

  return (x, y) => {
    const along = (x * axisX + y * axisY) / elongation;
    const across = (y * axisX - x * axisY) * elongation;
    const distance = Math.sqrt(along * along + across * across);
    if (distance > 2.2) return 0;
    // The border's deviations depend on the direction only: noise along a circle.
    const [towardsX, towardsY] = distance > 0 ? [along / distance, across / distance] : [1, 0];
    const border = 1 + irregularity * 1.5 * coarse(towardsX, towardsY) +
      raggedness * 1.5 * fine(towardsX, towardsY);
    const inside = smoothstep(1 + softness / 2, 1 - softness / 2, distance / border);
    const pale = asymmetry * smoothstep(-0.6, 1, x * paleX + y * paleY);
    return inside * density * (1 - pale);
  };
}

/** The lesion's own colour: a base, a network on it, patches, cysts and openings. */
function synthesizePigment(random: RandomStream, look: Look): Scene {
  const base = mixColours(pick(random, look.colours), pick(random, look.colours), random.uniform());
  const network = between(random, look.network);
  const meshes = valueNoise(random, 6);
  const centreShade = between(random, [-0.25, 0.2]);
  const patches = times(random, look.patches, () => synthesizePatch(random, look.patchColours));
  const dots = times(random, look.dots, () => synthesizeDot(random));

  return (x, y) => {
    const shade = 1 + network * meshes(x, y) + centreShade * (1 - Math.min(x * x + y * y, 1));
    let colour = scaleColour(base, shade);
    for (const patch of patches) colour = patch(colour, x, y);
    for (const dot of dots) colour = dot(colour, x, y);
    return colour;
  };
}

/** What lies on top of a colour at a point. */
type Overlay = (colour: Colour, x: number, y: number) => Colour;

function synthesizePatch(random: RandomStream, colours: readonly Colour[]): Overlay {
  const colour = pick(random, colours);
  const extent = valueNoise(random, 1.3);
  const opacity = between(random, [0.5, 0.9]);
  return (below, x, y) => mixColours(below, colour, opacity * smoothstep(0, 0.6, extent(x, y)));
}

function synthesizeDot(random: RandomStream): Overlay {
  const colour = random.uniform() < 0.65 ? cream : darkBrown;
  const [towardsX, towardsY] = direction(random);
  const distance = between(random, [0, 0.85]);
  const radius = between(random, [0.07, 0.16]);
  return (below, x, y) => {
    const [dx, dy] = [x - distance * towardsX, y - distance * towardsY];
    const squared = (dx * dx + dy * dy) / (radius * radius);
    return squared >= 1 ? below : mixColours(below, colour, 0.85 * smoothstep(1, 0.3, squared));
  };
}

/** Makes a random number of things, out of a range of whole numbers. */
function times<T>(random: RandomStream, [low, high]: Range, make: () => T): T[] {
  return Array.from({ length: low + random.integer(high - low + 1) }, make);
}

function pick<T>(random: RandomStream, choices: readonly T[]): T {
  return choices[random.integer(choices.length)];
}

function mixColours(a: Colour, b: Colour, share: number): Colour {
  return [mix(a[0], b[0], share), mix(a[1], b[1], share), mix(a[2], b[2], share)];
}

function scaleColour([red, green, blue]: Colour, factor: number): Colour {
  return [red * factor, green * factor, blue * factor];
}
