// Files of weights: headers that lie, and tensors that are not the network's.

import { builtInNetworks } from "../../src/nn/networks.ts";
import { join } from "@std/path";
import { readCheckpoint } from "../../src/commands/checkpoints.ts";
import { readInitialState } from "../../src/commands/initial_state.ts";
import { loadModels } from "../../src/federated/checkpoint.ts";
import { writeSafetensors } from "../../src/io/safetensors.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { madeUpWeights } from "../federated/made_up_weights.ts";
import { gpu } from "../gpu.ts";
import type { InputCase } from "./case.ts";

const width = 0.0625;
const weights = await madeUpWeights(1, width);
const [first] = weights.keys();

/** A file of this header, and so many bytes of data. */
function fileOf(header: unknown, dataBytes: number, announced?: bigint): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, announced ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const f32 = (begin: number, end: number, shape: unknown = [(end - begin) / 4]) => ({
  ...{ dtype: "F32", shape, data_offsets: [begin, end] },
});

/** As the file of `--init`, and as a checkpoint: what is wrong is said of both. */
const refused = (what: string, bytes: Uint8Array, ...words: string[]): InputCase[] => [
  {
    what: `--init with ${what}`,
    prepare: (folder) => folder.write("x.safetensors", bytes),
    use: (path) => readInitialState(join(path, "x.safetensors")),
    refused: ["Cannot use FOLDER/x.safetensors for --init", ...words],
  },
  {
    what: `a checkpoint with ${what}`,
    prepare: (folder) => folder.write("x.safetensors", bytes),
    use: (path) => readCheckpoint(join(path, "x.safetensors")),
    refused: ["Cannot use FOLDER/x.safetensors as a checkpoint", ...words],
  },
];

/** Whether a network can be made of the weights, changed. */
const loading = (what: string, change: (tensors: Map<string, HostTensor>) => void) => ({
  what,
  use: () => {
    const tensors = new Map(weights);
    change(tensors);
    const architecture = {
      network: builtInNetworks.vgg_nb,
      networkName: "vgg_nb",
      imageSize: 32 as const,
      width,
      classNames: ["nv", "bkl", "mel"],
    };
    loadModels(gpu, [{ name: "x.safetensors", tensors }], architecture).dispose();
    return "loaded";
  },
});

const nested = "[".repeat(50_000) + "]".repeat(50_000);
const whole = writeSafetensors(new Map([["x", { shape: [2], data: new Float32Array(2) }]]));

export const weightCases: readonly InputCase[] = [
  ...refused("nothing in it", new Uint8Array(0), "at least 8 bytes, got 0"),
  ...refused("text", new TextEncoder().encode("not weights at all"), "only 10 follow"),
  ...refused("a header longer than the file", fileOf({}, 0, 3n), "3 bytes but only 2"),
  ...refused("a header of 2⁶⁴ − 1 bytes", fileOf({}, 0, 2n ** 64n - 1n), "but only 2 follow"),
  ...refused("a header shorter than it is", fileOf({ x: f32(0, 4) }, 4, 5n), "is not JSON"),
  ...refused("no header", fileOf("", 0), "is not JSON"),
  ...refused("a header nested 50,000 deep", fileOf(nested, 0), "not a JSON object"),
  ...refused(
    "a shape nested 50,000 deep",
    fileOf(`{"x":{"dtype":"F32","shape":${nested}}}`, 0),
    "nested",
  ),
  ...refused("a dtype nested 50,000 deep", fileOf(`{"x":{"dtype":${nested}}}`, 0), "nested values"),
  ...refused("tensors that overlap", fileOf({ x: f32(0, 8), y: f32(4, 12) }, 12), "overlaps"),
  ...refused("a tensor twice in one place", fileOf({ x: f32(0, 4), y: f32(0, 4) }, 4), "overlaps"),
  ...refused("offsets out of the file", fileOf({ x: f32(0, 4e9) }, 8), "ends at 4000000000"),
  ...refused("offsets beyond all numbers", fileOf({ x: f32(0, 1e300, [1]) }, 8), "data_offsets"),
  ...refused("negative offsets", fileOf({ x: f32(-4, 0) }, 4), "data_offsets [-4,0]"),
  ...refused(
    "three offsets",
    fileOf({ x: { ...f32(0, 4), data_offsets: [0, 4, 8] } }, 4),
    "[0,4,8]",
  ),
  ...refused(
    "a shape that multiplies to infinity",
    fileOf({ x: f32(0, 4, Array(30).fill(2 ** 52)) }, 4),
    "needs",
  ),
  ...refused("a shape of text", fileOf({ x: f32(0, 4, ["1"]) }, 4), 'has shape ["1"]'),
  ...refused(
    "no dtype",
    fileOf({ x: { shape: [1], data_offsets: [0, 4] } }, 4),
    "has dtype undefined",
  ),
  ...refused(
    "numbers of 8 bits",
    fileOf({ x: { ...f32(0, 4), dtype: "F8_E4M3" } }, 4),
    '"F8_E4M3"',
    "F32",
  ),
  ...refused("metadata of numbers", fileOf({ __metadata__: { round: 1 } }, 0), "object of strings"),
  ...Array.from(
    { length: 19 },
    (_, k) =>
      refused(
        `${k + 1}/20 of its length`,
        whole.slice(0, whole.length * (k + 1) / 20),
        "Cannot read safetensors",
      ),
  )
    .flat(),
  {
    what: "--init with a header of over 100 MB",
    prepare: (folder) => {
      folder.write("x.safetensors", new Uint8Array(new BigUint64Array([100_000_001n]).buffer));
      Deno.truncateSync(join(folder.path, "x.safetensors"), 100_000_009); // without taking so much of the disk
    },
    use: (path) => readInitialState(join(path, "x.safetensors")),
    refused: ["x.safetensors", "100000001 bytes but may have 100000000 at most"],
  },
  {
    what: "--init with a folder",
    use: (path) => readInitialState(path),
    refused: ["Cannot use FOLDER for --init", "it is a folder"],
  },
  ...["readInitialState", "readCheckpoint"].map((reader): InputCase => ({
    what: `a device without end, to ${reader}()`,
    use: () => ({ readInitialState, readCheckpoint })[reader]!("/dev/zero"),
    refused: [
      "Cannot use /dev/zero ",
      "/dev/zero is a pipe or a device and no plain file; expected",
    ],
  })),
  {
    what: "--init with nothing there",
    use: (path) => readInitialState(join(path, "x.safetensors")),
    refused: ["Cannot use FOLDER/x.safetensors for --init: it does not exist"],
  },

  { ...loading("the weights of the network", () => {}), accepted: "loaded" },
  {
    ...loading("weights in double precision", (tensors) => {
      const { shape, data } = tensors.get(first)!;
      tensors.set(first, { shape, data: Float64Array.from(data, Number) });
    }),
    accepted: "loaded",
  },
  {
    ...loading("a missing tensor", (tensors) => tensors.delete(first)),
    refused: ["x.safetensors", `1 missing keys (${first}), no superfluous keys`],
  },
  {
    ...loading("an unknown tensor", (tensors) => tensors.set("fc9.weight", tensors.get(first)!)),
    refused: ["x.safetensors", "1 superfluous keys (fc9.weight)"],
  },
  {
    ...loading("a tensor of another shape", (tensors) => {
      const { shape, data } = tensors.get(first)!;
      tensors.set(first, { shape: shape.toReversed(), data });
    }),
    refused: ["x.safetensors", first, "has shape [3, 3, 3, 2] but the model's is [2, 3, 3, 3]"],
  },
  {
    ...loading("no tensors at all", (tensors) => tensors.clear()),
    refused: ["x.safetensors", "missing keys"],
  },
];
