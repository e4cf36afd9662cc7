// Every step of the augmentation with given parameters, against albumentations' own results.

import augmentSource from "../../kernels/augment.wgsl" with { type: "text" };
import { kernelFile } from "../../src/gpu/kernel.ts";
import { emptyTensor } from "../../src/tensor/tensor.ts";
import { assertEquals } from "../assert.ts";
import { assertAllClose } from "../close.ts";
import { goldenTest, readDescription, readVectors, vectorFolder, type Vectors } from "../golden.ts";
import { gpu } from "../gpu.ts";
import { augmentPictures, packPixels, unpackPixels } from "./augment_pictures.ts";
import { type Draw, unchanged } from "./draws.ts";

/** One result of the reference. */
interface Case {
  readonly name: string;
  readonly input: string;
  readonly op: keyof typeof drawOfCase | "GaussNoise";
  readonly params: Readonly<Record<string, number>>;
  readonly exact_bilinear_minus_opencv?: { readonly max: number; readonly mean: number };
}

/** The reference's parameters in our terms. */
const drawOfCase = {
  VerticalFlip: () => ({ vertical: true }),
  HorizontalFlip: () => ({ horizontal: true }),
  RandomBrightness: ({ beta }: Case["params"]) => ({ brightness: 255 * beta }),
  MedianBlur: ({ ksize }: Case["params"]) => ({ smoothing: "median", kernelSize: ksize }),
  GaussianBlur: ({ ksize }: Case["params"]) => ({ smoothing: "gaussian", kernelSize: ksize }),
  ShiftScaleRotate: ({ angle, scale, dx, dy }: Case["params"]) => ({
    angle,
    scale,
    shiftX: dx,
    shiftY: dy,
  }),
  Normalize: () => ({}),
} as const;

/** What the last step makes of a byte; single rounding, as both are in f32. */
const normalize = (byte: number) => Math.fround((byte - 127.5) * Math.fround(1 / 127.5));

async function checkCases(folder: string): Promise<void> {
  const { cases } = await readDescription<{ cases: Case[] }>(folder, "augment");
  const vectors = await readVectors(folder, "augment");
  const groups = Map.groupBy(cases.filter(({ op }) => op !== "GaussNoise"), ({ input }) => input);
  for (const [input, members] of groups) {
    const { shape: [height, width], data } = vectors.get(input);
    const draws = members.map(({ op, params }): Draw => ({
      ...unchanged,
      ...drawOfCase[op as keyof typeof drawOfCase](params),
    }));
    const pictures = members.map(() => data);
    const results = await augmentPictures({ height, width, pictures, draws });
    members.forEach((member, row) => checkCase(member, results[row], vectors));
  }
  for (const member of cases.filter(({ op }) => op === "GaussNoise")) {
    await checkNoiseField(member, vectors);
  }
}

function checkCase(member: Case, actual: Float32Array, vectors: Vectors): void {
  const { data } = vectors.get(member.name);
  if (member.op === "ShiftScaleRotate") return checkWarp(member, actual, vectors);
  const expected = member.op === "Normalize" ? data : data.map(normalize);
  assertAllClose(member.name, actual, expected, 0, {
    ...{ op: "augmentBatch", result: member.op, oracle: "albumentations" },
    reason: "bytes, and one rounding at the end: exact",
  });
}

/** Bytes nearest to exact interpolation, hence as near to OpenCV's as that is, and half a grey level. */
function checkWarp(member: Case, actual: Float32Array, vectors: Vectors): void {
  const exact = vectors.get(`${member.name}.bilinear`).data;
  const official = vectors.get(member.name).data;
  const bytes = Array.from(actual, (value) => value * 127.5 + 127.5);
  const byte = 0.5 + 3e-3; // positions in f32 are off by 1e-5 pixels at most, which cost 255e-5 grey levels
  const compared = { op: "augmentBatch", result: member.op } as const;
  assertAllClose(member.name, bytes, exact, byte, {
    ...{ ...compared, oracle: "f64 loop" },
    reason: "half a grey level, for rounding to a byte",
  });
  const { max } = member.exact_bilinear_minus_opencv!;
  assertAllClose(member.name, bytes, official, max + byte, {
    ...{ ...compared, oracle: "albumentations" },
    reason: "half a grey level, and what OpenCV's fixed-point warp is off itself",
  });
}

/** Runs the kernel's function that adds noise on the reference's noise. */
async function checkNoiseField(member: Case, vectors: Vectors): Promise<void> {
  using _scope = gpu.scope();
  const input = gpu.tensor(Uint32Array.from(packPixels(vectors.get(member.input).data)));
  const field = gpu.tensor(Float32Array.from(vectors.get(`${member.name}.field`).data));
  const output = emptyTensor(gpu, input.shape, "u32");
  gpu.dispatch({
    file: withNoiseField,
    entryPoint: "add_field",
    buffers: { input, field, output },
    params: { width: input.size, height: 1, images: 1, rows: 1, roles: 1, views: 1, seed: 0 },
    workgroups: [Math.ceil(input.size / 64)],
  });
  const result = unpackPixels(await output.read());
  assertEquals(result, [...vectors.get(member.name).data], member.name);
}

/** The kernel file with an entry point that takes the noise from memory. */
const withNoiseField = kernelFile(
  "augment.wgsl with given noise",
  `${augmentSource}
  @group(0) @binding(9) var<storage, read> field: array<f32>;
  @compute @workgroup_size(64)
  fn add_field(@builtin(global_invocation_id) id: vec3u) {
    if (id.x >= params.width) { return; }
    let levels = vec3f(field[3u * id.x], field[3u * id.x + 1u], field[3u * id.x + 2u]);
    output[id.x] = add_grey_levels(input[id.x], levels);
  }`,
);

Deno.test("each step gives albumentations' bytes with its parameters", () =>
  checkCases(vectorFolder));

goldenTest(
  "each step gives albumentations' bytes with its parameters, in all cases",
  (folder) => checkCases(`${folder}/augment`),
);
