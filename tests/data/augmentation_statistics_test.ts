// The random parameters of the augmentation: their distributions, their independence, and what becomes of an image.

import augmentSource from "../../kernels/augment.wgsl" with { type: "text" };
import { drawParameters } from "../../src/data/augmentation.ts";
import { kernelFile } from "../../src/gpu/kernel.ts";
import { emptyTensor } from "../../src/tensor/tensor.ts";
import { assert, assertAlmostEquals, assertEquals } from "../assert.ts";
import { readDescription, readVectors, vectorFolder } from "../golden.ts";
import { gpu } from "../gpu.ts";
import { augmentPictures } from "./augment_pictures.ts";
import { type Draw, drawOf, normalsOf, packDraws, unchanged, unpackDraws } from "./draws.ts";
import {
  assertDistribution,
  assertFrequencies,
  assertShare,
  assertUncorrelated,
  assertUniform,
  assertWithin,
  deviation,
  mean,
} from "./statistics.ts";

/** Which random numbers an image gets. */
interface Source {
  readonly stream: number;
  readonly image: number;
}

const seed = 2021;

/** What the GPU draws for these images in one epoch. */
async function drawOnGpu(sources: readonly Source[], epoch: number, ownSeed = seed) {
  using _scope = gpu.scope();
  const words = sources.flatMap(({ stream, image }) => [stream, image]);
  const bytes = {
    pixels: emptyTensor(gpu, [1, sources.length, 1, 1], "u32"), // only its shape matters
    sources: gpu.tensor(Uint32Array.from(words), [1, sources.length, 2]),
  };
  const position = gpu.tensor(Uint32Array.of(0, epoch));
  const drawn = drawParameters(bytes, { position, seed: ownSeed, roles: 1, byRole: false });
  return unpackDraws(await drawn.read() as Uint32Array<ArrayBuffer>);
}

const many = 20_000;
const numbered = (length: number) => Array.from({ length }, (_, i) => i);

/** Equally many draws, each time with another part of the key changing. */
const samples: Readonly<Record<string, readonly Draw[]>> = {
  "images": await drawOnGpu(numbered(many).map((image) => ({ stream: 0, image })), 0),
  "clients and roles": await drawOnGpu(numbered(many).map((stream) => ({ stream, image: 3 })), 6),
  "epochs": await drawOfEpochs(),
};

async function drawOfEpochs(): Promise<Draw[]> {
  const images = numbered(100).map((image) => ({ stream: 1, image }));
  const epochs: Draw[][] = [];
  for (const epoch of numbered(many / images.length)) epochs.push(await drawOnGpu(images, epoch));
  return epochs.flat();
}

Deno.test("parameters are those that src/random.ts draws, for every key", async () => {
  const sources = [[0, 0], [1, 0], [0, 1], [2 ** 32 - 1, 2 ** 31], [12345, 678]]
    .map(([stream, image]) => ({ stream, image }));
  for (const [ownSeed, epoch] of [[0, 0], [7, 1], [2 ** 32 - 1, 499]]) {
    const actual = await drawOnGpu(sources, epoch, ownSeed);
    sources.forEach(({ stream, image }, i) =>
      assertNear(actual[i], drawOf(ownSeed, stream, epoch, image))
    );
  }
});

/** Equal but for the rounding of f32. */
function assertNear(actual: Draw, expected: Draw): void {
  for (const name of Object.keys(expected) as (keyof Draw)[]) {
    const [ours, wanted] = [actual[name], expected[name]];
    if (typeof wanted === "number") assertAlmostEquals(ours as number, wanted, 1e-5, name);
    else assertEquals(ours, wanted, name);
  }
}

const changesBrightness = ({ brightness }: Draw) => brightness !== 0;
const smooths = ({ smoothing }: Draw) => smoothing !== "none";
const warps = ({ angle, scale }: Draw) => angle !== 0 || scale !== 1;

for (const [what, draws] of Object.entries(samples)) {
  Deno.test(`each step happens as often as it should, over ${what}`, () => {
    const share = (name: string, probability: number, of: (draw: Draw) => boolean, among = draws) =>
      assertShare(name, among.map(of), probability);
    share("vertical flips", 0.5, ({ vertical }) => vertical);
    share("horizontal flips", 0.5, ({ horizontal }) => horizontal);
    share("brightness", 0.75, changesBrightness);
    share("smoothing", 0.7, smooths);
    share("warps", 0.85, warps);
    const kinds = ["median", "gaussian", "noise"] as const;
    const byKind = kinds.map((kind) => draws.filter(({ smoothing }) => smoothing === kind));
    assertFrequencies(
      "kinds of smoothing",
      byKind.map(({ length }) => length),
      [1, 1, 1].map((w) => w / 3),
    );
    share("3×3 medians", 1 / 2, ({ kernelSize }) => kernelSize === 3, byKind[0]);
    share("3×3 Gaussians", 1 / 3, ({ kernelSize }) => kernelSize === 3, byKind[1]);
    assert(draws.every(({ kernelSize }) => kernelSize === 3 || kernelSize === 5));
  });

  Deno.test(`parameters are uniform in their ranges, over ${what}`, () => {
    const warped = draws.filter(warps);
    const brightness = draws.filter(changesBrightness).map((draw) => draw.brightness);
    assertUniform("brightness", brightness, -0.2 * 255, 0.2 * 255);
    const noisy = draws.filter(({ smoothing }) => smoothing === "noise");
    assertUniform("variance", noisy.map(({ variance }) => variance), 5, 30);
    assertUniform("angle", warped.map(({ angle }) => angle), -15, 15);
    assertUniform("scale", warped.map(({ scale }) => scale), 0.9, 1.1);
    assertUniform("dx", warped.map(({ shiftX }) => shiftX), -0.1, 0.1);
    assertUniform("dy", warped.map(({ shiftY }) => shiftY), -0.1, 0.1);
  });

  Deno.test(`steps happen independently of each other, over ${what}`, () => {
    const flags = [
      { of: ({ vertical }: Draw) => vertical, probability: 0.5 },
      { of: ({ horizontal }: Draw) => horizontal, probability: 0.5 },
      { of: changesBrightness, probability: 0.75 },
      { of: smooths, probability: 0.7 },
      { of: warps, probability: 0.85 },
    ];
    const cells = numbered(2 ** flags.length);
    const cellOf = (draw: Draw) =>
      flags.reduce((cell, { of }, bit) => cell + Number(of(draw)) * 2 ** bit, 0);
    const counts = cells.map(() => 0);
    draws.forEach((draw) => counts[cellOf(draw)]++);
    const probabilities = cells.map((cell) =>
      flags.reduce(
        (product, { probability }, bit) =>
          product * (cell >> bit & 1 ? probability : 1 - probability),
        1,
      )
    );
    assertFrequencies("combinations", counts, probabilities);
  });

  Deno.test(`parameters are independent of each other, over ${what}`, () => {
    const all = draws.filter((draw) => warps(draw) && changesBrightness(draw));
    const names = ["brightness", "variance", "angle", "scale", "shiftX", "shiftY"] as const;
    for (const [i, first] of names.entries()) {
      for (const second of names.slice(i + 1)) {
        const [x, y] = [first, second].map((name) => all.map((draw) => draw[name]));
        assertUncorrelated(`${first} and ${second}`, x, y);
        assertUncorrelated(`|${first}| and |${second}|`, distances(x), distances(y));
      }
      const next = all.map((draw) => draw[first]);
      assertUncorrelated(`${first} and the next one's`, next.slice(1), next.slice(0, -1));
    }
  });
}

/** How far each value is from the middle. */
function distances(values: readonly number[]): number[] {
  const middle = mean(values);
  return values.map((value) => Math.abs(value - middle));
}

/** The kernel file with an entry point that shows its normal numbers, three for a pixel. */
const withNormals = kernelFile(
  "augment.wgsl showing its noise",
  `${augmentSource}
  @group(0) @binding(9) var<storage, read_write> shown: array<f32>;
  @compute @workgroup_size(64)
  fn show(@builtin(global_invocation_id) id: vec3u) {
    let pixels = params.width * params.height;
    if (id.x >= pixels * params.images) { return; }
    let values = normals(draws[id.x / pixels], id.x % pixels);
    for (var channel = 0u; channel < 3u; channel++) { shown[3u * id.x + channel] = values[channel]; }
  }`,
);

/** `[draw][pixel][channel]` */
async function normalsOnGpu(draws: readonly Draw[], pixels: number): Promise<number[][][]> {
  using _scope = gpu.scope();
  const shown = emptyTensor(gpu, [draws.length, pixels, 3]);
  gpu.dispatch({
    file: withNormals,
    entryPoint: "show",
    params: {
      width: pixels,
      height: 1,
      images: draws.length,
      rows: 1,
      roles: 1,
      views: 1,
      seed: 0,
    },
    buffers: { draws: gpu.tensor(packDraws(draws)), shown },
    workgroups: [Math.ceil(draws.length * pixels / 64)],
  });
  const values = await shown.read();
  return draws.map((_, i) =>
    numbered(pixels).map((pixel) => {
      const first = (i * pixels + pixel) * 3;
      return [...values.slice(first, first + 3)];
    })
  );
}

Deno.test("noise is standard normal, and independent per pixel, channel and image", async () => {
  const images = await normalsOnGpu(samples.images.slice(0, 2), many);
  for (const pixels of images) {
    const channels = [0, 1, 2].map((channel) => pixels.map((values) => values[channel]));
    channels.forEach((values, channel) => {
      assertDistribution(`noise of channel ${channel}`, values, normalCumulative);
      assertWithin("mean of the noise", mean(values), 0, 1 / Math.sqrt(many));
      assertWithin("variance of the noise", deviation(values) ** 2, 1, Math.sqrt(2 / many));
      assertUncorrelated(
        "a pixel's noise and the next one's",
        values.slice(1),
        values.slice(0, -1),
      );
      assertUncorrelated("noise at a distance of 32", values.slice(32), values.slice(0, -32));
      const [own, other] = [values, channels[(channel + 1) % 3]];
      assertUncorrelated("noise of two channels", own, other);
      assertUncorrelated("size of noise of two channels", distances(own), distances(other));
    });
  }
  const flat = images.map((pixels) => pixels.map(([red]) => red));
  assertUncorrelated("noise of two images", flat[0], flat[1]);
});

Deno.test("noise is what the f64 reference makes of the same key", async () => {
  const [draw] = samples.epochs;
  const [pixels] = await normalsOnGpu([draw], 2000);
  pixels.forEach((values, pixel) =>
    normalsOf(draw.key, pixel).forEach((expected, channel) => {
      // WGSL promises cosine and sine to 2⁻¹¹, and the radius is 5.9 at most.
      assert(Math.abs(values[channel] - expected) < 5.9 * 2 ** -11 + 1e-4);
    })
  );
});

/** Φ, by Abramowitz and Stegun 7.1.26; its error of 1.5e-7 is far below 1 / √n. */
function normalCumulative(value: number): number {
  const x = Math.abs(value) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const polynomial = t *
    (0.254829592 +
      t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = polynomial * Math.exp(-x * x) / 2;
  return value < 0 ? tail : 1 - tail;
}

Deno.test("noise has the variance asked for, less half a grey level for truncation", async () => {
  const [width, height, variance] = [64, 64, 20];
  const picture = new Uint8Array(width * height * 3).fill(128);
  const draw: Draw = { ...unchanged, smoothing: "noise", variance, key: [1, 2, 3] };
  const [result] = await augmentPictures({ height, width, pictures: [picture], draws: [draw] });
  const values = Array.from(result, (value) => value * 127.5 + 127.5);
  const wanted = variance + 1 / 12; // truncation adds that of a uniform error
  assertWithin("mean", mean(values), 127.5, Math.sqrt(wanted / values.length));
  assertWithin("variance", deviation(values) ** 2, wanted, wanted * Math.sqrt(2 / values.length));
});

/** Statistics of many augmented versions of one image, in the official code's run. */
interface PipelineStatistics {
  readonly input: string;
  readonly draws: number;
  readonly pixel_mean: number;
  readonly pixel_std: number;
  readonly "share_of_pixels_at_-1": number;
  readonly per_image_mean_std: number;
}

Deno.test("augmented images have the statistics of albumentations' to within their errors", async () => {
  const { pipeline_statistics: official } = await readDescription<
    { pipeline_statistics: PipelineStatistics }
  >(vectorFolder, "augment");
  const vectors = await readVectors(vectorFolder, "augment");
  const { shape: [height, width], data } = vectors.get(official.input);
  const means: number[] = [];
  const squares: number[] = [];
  const black: number[] = [];
  for (let first = 0; first < official.draws; first += 500) {
    const draws = samples.images.slice(first, first + 500);
    const pictures = draws.map(() => data);
    for (const result of await augmentPictures({ height, width, pictures, draws })) {
      const values = Array.from(result);
      means.push(mean(values));
      squares.push(mean(values.map((value) => value ** 2)));
      black.push(mean(values.map((value) => Number(value === -1))));
    }
  }
  const compare = (name: string, ours: readonly number[], theirs: number) =>
    assertWithin(
      name,
      mean(ours),
      theirs,
      deviation(ours) * Math.sqrt(1 / ours.length + 1 / official.draws),
    );
  compare("pixel mean", means, official.pixel_mean);
  compare("pixel mean square", squares, official.pixel_std ** 2 + official.pixel_mean ** 2);
  compare("share of black pixels", black, official["share_of_pixels_at_-1"]);
  const center = mean(means);
  const spread = means.map((value) => (value - center) ** 2);
  compare("variance of the image means", spread, official.per_image_mean_std ** 2);
});
