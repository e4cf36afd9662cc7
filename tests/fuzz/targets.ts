// The readers that take whatever is in a file, each with damaged inputs and the errors that it documents.

import { join } from "@std/path";
import { unzipSync, zipSync } from "fflate";
import { parseSplitList } from "../../src/data/split_list.ts";
import { decodeText } from "../../src/data/text_encoding.ts";
import { DataError } from "../../src/data/data_error.ts";
import { parseLabelTable } from "../../src/data/label_table.ts";
import { parseMedMnist } from "../../src/data/medmnist.ts";
import { parseNpy } from "../../src/data/npy.ts";
import { scalarsRecord, versionRecord } from "../../src/io/event_file.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import type { RandomStream } from "../../src/random.ts";
import { labelled } from "../../src/report/reading/method_runs.ts";
import { readRows, readRun } from "../../src/report/reading/recorded_run.ts";
import { reportFigures } from "../../src/report/page/report.ts";
import { parseRunConfig } from "../../src/report/files/run_config.ts";
import { RunFolderError } from "../../src/report/run_folder_error.ts";
import { runsTable, settingsTable } from "../../src/report/page/tables.ts";
import { comparisonTables, resultsCsv } from "../../src/report/page/comparison_files.ts";
import {
  decodeState,
  encodeCounters,
  encodeState,
  type StoredState,
} from "../../src/report/files/stored_state.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { npyBytes } from "../data/npy_bytes.ts";
import { readEventFile } from "../report/event_reader.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { addPredictions, addSpectra, madeUpRows } from "../report/made_up_folder.ts";
import { concatenated, mutateBytes, mutateText, pick } from "./mutate.ts";

/** A reader under fire. */
export interface FuzzTarget {
  readonly name: string;
  /** an input: whole ones are damaged, so that many get past the first check */
  readonly make: (random: RandomStream) => Bytes | Promise<Bytes>;
  readonly read: (bytes: Bytes) => unknown;
  /** the errors that it may throw */
  readonly documented: readonly (new (message: string) => Error)[];
}

type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const tensors = new Map<string, HostTensor>([
  ["fc1.linear.weight", { shape: [2, 3], data: new Float32Array([1, 2, 3, 4, 5, NaN]) }],
  ["fc1.bn.num_batches_tracked", { shape: [], data: new BigInt64Array([7n]) }],
  ["labels", { shape: [3], data: new Int32Array([0, 1, 2]) }],
  ["bytes", { shape: [1, 2], data: new Uint8Array([1, 2]) }],
  ["double", { shape: [1], data: new Float64Array([Math.PI]) }],
]);

/** Damages the header alone, and says its new length: or nearly nothing would get past that. */
function mutateHeader(random: RandomStream, file: Uint8Array): Bytes {
  const end = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
  const text = decoder.decode(file.subarray(8, end));
  const header = encoder.encode(mutateText(random, text));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return concatenated(length, header, file.subarray(end));
}

const safetensors = writeSafetensors(tensors, { format: "pt", round: "3" });

const storedState: StoredState = {
  state: {
    position: { at: "step", round: 2, epoch: 1, parallelClients: 3, steps: [7, 2] },
    best: { f1: 40.5, round: 1 },
    stages: [1, 2, 0, 4],
    skipped: [2],
    kernels: "by the rules",
    configuration: { method: "prrfl", classes: "nævus, mel" },
    tensors,
  },
  elapsed: 1234.5,
  lengths: { "log.txt": 10, "metrics.jsonl": 20, "tensorboard/events.1": 3 },
};

/** A state whose checksum is right, whatever it says. */
function mutateState(random: RandomStream): Promise<Bytes> {
  const { state: { tensors, position: _, ...others }, ...rest } = storedState;
  const amid = { parallelClients: 3, steps: [7, 2] };
  const counters = { round: 2, epoch: 1, communicated: false, amid, ...others };
  const change = (value: unknown) => {
    try {
      return JSON.parse(mutateText(random, JSON.stringify(value)));
    } catch {
      return pick(random, [null, 1, [], {}, "x"]); // it was no JSON any more
    }
  };
  const changed = random.integer(2) ? change(counters) : counters;
  return encodeCounters(tensors, changed, { ...rest, ...change(rest) }) as Promise<Bytes>;
}

const csv = "image_id,label,label_binary,sex,age\r\n" +
  'ISIC_0024310,2,1,"male, 60",60\r\nISIC_0024313,0,0,female,\r\nISIC_0024315,1,0,0,1,,,\r\n';
const labelTable = "lesion_id,image_id,dx\nHAM_1,ISIC_1,mel\nHAM_2,ISIC_2,nv\n" +
  'HAM_2,"ISIC_3.jpg",bkl\n';
const flagTable = "image,MEL,NV,BKL\nISIC_1,1,0,0\nISIC_2,0.0,1.0,0.0\n";

const npyFiles = [
  npyBytes({ descr: "|u1", shape: "2, 3", values: new Uint8Array(6) }),
  npyBytes({ descr: "<i8", shape: "2,", values: new BigInt64Array([1n, 2n]), version: 2 }),
  npyBytes({ descr: "<u2", shape: "", values: new Uint16Array(1), version: 3 }),
];

/** Damages the header alone, and says its new length. */
function mutateNpyHeader(random: RandomStream, file: Uint8Array): Bytes {
  const start = file[6] === 1 ? 10 : 12;
  const end = start + new DataView(file.buffer).getUint16(8, true);
  const header = encoder.encode(mutateText(random, decoder.decode(file.subarray(start, end))));
  const prefix = file.slice(0, start);
  new DataView(prefix.buffer).setUint16(8, header.length & 0xffff, true);
  return concatenated(prefix, header, file.subarray(end));
}

/** Arrays of a MedMNIST file of one image in each split. */
const arrays: Record<string, Uint8Array> = Object.fromEntries(
  ["train", "val", "test"].flatMap((split) => [
    [
      `${split}_images.npy`,
      npyBytes({ descr: "|u1", shape: "1, 2, 2", values: new Uint8Array(4) }),
    ],
    [`${split}_labels.npy`, npyBytes({ descr: "|u1", shape: "1, 1", values: new Uint8Array(1) })],
  ]),
);
const archive = zipSync(arrays) as Bytes;

function mutateArchive(random: RandomStream): Bytes {
  if (random.integer(2)) return mutateBytes(random, archive);
  const name = pick(random, Object.keys(arrays));
  const changed = pick(random, [mutateBytes, mutateNpyHeader])(random, arrays[name]);
  return zipSync({ ...arrays, [name]: changed }, { level: 0 }) as Bytes;
}

const config = JSON.stringify({
  status: { state: "running" },
  command: ["train", "--data", "demo"],
  settings: { method: "prrfl", seed: 1, lr: 0.01, shuffle: true, csv_folder: null },
  decisive: ["method", "seed"],
  flags: ["data"],
  adapter: "llvmpipe",
  versions: { deno: "2.9.6" },
});

const metrics = madeUpRows({ rounds: 1, localEpochs: 1, clients: ["A", "B"], evaluated: true })
  .map((row) => `${JSON.stringify(row)}\n`).join("");

const eventFile = concatenated(
  versionRecord(1.5),
  scalarsRecord({ wallTime: 2.5, step: 3, scalars: new Map([["test/f1/A", 40], ["loss", 1]]) }),
);

/** A run folder of four files, as an archive. */
const runFolder: Record<string, Uint8Array> = await madeUpRunFolder();

async function madeUpRunFolder(): Promise<Record<string, Uint8Array>> {
  using folder = new TemporaryFolder();
  await addPredictions(folder.path, ["A", "B"]);
  await addSpectra(folder.path, { rows: 3, cols: 4, clients: ["A", "B"] });
  folder.write("config.json", config);
  folder.write("metrics.jsonl", metrics);
  const names = Array.from(Deno.readDirSync(folder.path), ({ name }) => name);
  return Object.fromEntries(
    names.map((name) => [name, Deno.readFileSync(join(folder.path, name))]),
  );
}

function mutateRunFolder(random: RandomStream): Bytes {
  const name = pick(random, ["metrics.jsonl", ...Object.keys(runFolder)]);
  const change = name.endsWith(".safetensors")
    ? mutateHeader
    : (random: RandomStream, file: Uint8Array) =>
      encoder.encode(mutateText(random, decoder.decode(file)));
  return zipSync({ ...runFolder, [name]: change(random, runFolder[name]) }, { level: 0 }) as Bytes;
}

/** What the command `report` makes of a run folder, without drawing it. */
async function reportOf(archive: Bytes) {
  using folder = new TemporaryFolder();
  for (const [name, file] of Object.entries(unzipSync(archive))) folder.write(name, file);
  const runs = labelled([await readRun(folder.path)]);
  return [
    reportFigures(runs),
    comparisonTables(runs),
    resultsCsv(runs),
    runsTable(runs),
    settingsTable(runs),
  ];
}

/** Text, damaged as text or as bytes. */
function text(original: string): (random: RandomStream) => Bytes {
  return (random) =>
    random.integer(4) === 0
      ? mutateBytes(random, encoder.encode(original))
      : encoder.encode(mutateText(random, original));
}

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "safetensors",
    make: (random) => pick(random, [mutateBytes, mutateHeader])(random, safetensors),
    read: readSafetensors,
    documented: [SyntaxError],
  },
  {
    name: "stored state",
    make: async (random) =>
      random.integer(2)
        ? await mutateState(random)
        : pick(random, [mutateBytes, mutateHeader])(random, await encodeState(storedState)),
    read: decodeState,
    documented: [SyntaxError],
  },
  {
    name: "split list",
    make: text(csv),
    read: (bytes) => parseSplitList(decodeText(bytes, "list.csv"), "list.csv", 3),
    documented: [DataError],
  },
  {
    name: "table of labels",
    make: (random) => text(pick(random, [labelTable, flagTable]))(random),
    read: (bytes) => parseLabelTable(decodeText(bytes, "labels.csv"), "labels.csv"),
    documented: [DataError],
  },
  {
    name: ".npy",
    make: (random) => pick(random, [mutateBytes, mutateNpyHeader])(random, pick(random, npyFiles)),
    read: (bytes) => parseNpy(bytes, "x.npy"),
    documented: [DataError],
  },
  {
    name: ".npz",
    make: mutateArchive,
    read: (bytes) => parseMedMnist(bytes, "dermamnist.npz"),
    documented: [DataError],
  },
  {
    name: "config.json",
    make: text(config),
    read: (bytes) => parseRunConfig(decoder.decode(bytes), "config.json"),
    documented: [RunFolderError],
  },
  {
    name: "metrics.jsonl",
    make: text(metrics),
    read: (bytes) => readRows(decoder.decode(bytes), "metrics.jsonl"),
    documented: [RunFolderError],
  },
  { name: "run folder", make: mutateRunFolder, read: reportOf, documented: [RunFolderError] },
  {
    name: "event file",
    make: (random) => mutateBytes(random, eventFile),
    read: readEventFile,
    documented: [SyntaxError],
  },
];
