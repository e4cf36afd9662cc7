// The flags of the command `data`: those of `train` about images, and what only it can be told.

import { defaultShares, partitionRules } from "../data/partition.ts";
import { flag, type OptionsOf, trainFlags, underTopic } from "./flags.ts";
import { choice, integer, names, number, shares, text, toggle } from "./values.ts";

const { data, csvFolder, clients, imageSize, limit, seed, adapter, cache } = trainFlags;

/** A column whose images stay together. */
function groupColumn(help: string) {
  return flag<string | null>({
    name: "group-column",
    kind: text("NAME"),
    default: null,
    defaultText: "lesion_id and patient_id",
    source: "ours",
    help,
  });
}

/** Flags of `data inspect` alone. */
export const inspectOnlyFlags = underTopic("Inspecting", {
  metadata: flag<string | null>({
    name: "metadata",
    kind: text("FILE"),
    default: null,
    defaultText: "none",
    source: "ours",
    help: "CSV file with lesion_id or patient_id, to find lesions and patients in two splits",
  }),
  groupColumn: groupColumn("column of --metadata that must differ between splits"),
  augment: flag({
    name: "augment",
    kind: toggle,
    default: false,
    source: "ours",
    help: "draw a contact sheet: images beside what training makes of them",
  }),
  out: flag({
    name: "out",
    kind: text("FILE"),
    default: "contact_sheet.png",
    source: "ours",
    help: "PNG file for the contact sheet; what exists is not overwritten",
  }),
});

/** Flags of `data inspect`. */
export const inspectFlags = {
  ...{ data, csvFolder, clients, imageSize, limit, seed, adapter, cache },
  ...inspectOnlyFlags,
};

/** Everything that `data inspect` can be told. */
export type InspectOptions = OptionsOf<typeof inspectFlags>;

/** A column that is found by its name unless the user names it. */
function column(name: string, help: string) {
  return flag<string | null>({
    name,
    kind: text("NAME"),
    default: null,
    defaultText: "found by name",
    source: "ours",
    help,
  });
}

/** Flags of `data prepare` alone. */
export const prepareOnlyFlags = underTopic("Preparing", {
  source: flag<string | null>({
    name: "source",
    kind: text("PATH"),
    default: null,
    defaultText: "needed",
    source: "ours",
    help: "folder with images at any depth, one folder per class, or a MedMNIST file (.npz)",
  }),
  out: flag<string | null>({
    name: "out",
    kind: text("FOLDER"),
    default: null,
    defaultText: "needed",
    source: "ours",
    help: "new folder for what train reads with --data",
  }),
  labels: flag<string | null>({
    name: "labels",
    kind: text("FILE"),
    default: null,
    defaultText: "HAM10000_metadata.csv, or folders",
    source: "ours",
    help: "CSV file of image_id and dx, label or 0 and 1 in MEL, NV, …",
  }),
  idColumn: column("id-column", "column that names the images, such as filename"),
  labelColumn: column("label-column", "column that names the classes, such as diagnosis_1"),
  labelColumns: flag<readonly string[] | null>({
    name: "label-columns",
    kind: names("a,b,c"),
    default: null,
    defaultText: "found by name",
    source: "ours",
    help: "columns of 0 and 1 or True and False, one for each class",
  }),
  dropUnlabelled: flag({
    name: "drop-unlabelled",
    kind: toggle,
    default: false,
    source: "ours",
    help: "leave out images without a label instead of refusing them",
  }),
  skipMissing: flag({
    name: "skip-missing",
    kind: toggle,
    default: false,
    source: "ours",
    help: "leave out listed images that are not there instead of refusing",
  }),
  groupColumn: groupColumn("column whose images stay in one client and split"),
  metadata: flag<string | null>({
    name: "metadata",
    kind: text("FILE"),
    default: null,
    defaultText: "none",
    source: "ours",
    help: "CSV file with lesion_id and other columns that the labels lack",
  }),
  csvFolder: flag<string | null>({
    ...csvFolder,
    defaultText: "none",
    help: "ready lists clientA/train_clientA.csv, … instead of --labels",
  }),
  classes: flag<readonly string[] | null>({
    name: "classes",
    kind: names("nv,bkl,mel"),
    default: null,
    defaultText: "all",
    source: "ours",
    help: "classes to keep, in the order of their labels",
  }),
  partition: flag({
    name: "partition",
    kind: choice(partitionRules),
    default: partitionRules[0],
    source: "ours",
    help: "clients alike by chance, unlike in classes, or by a column",
  }),
  partitionClients: flag({
    name: "partition-clients",
    kind: integer({ min: 1, max: 1000 }),
    default: 4,
    source: "ours",
    help: "number of clients for iid and dirichlet",
  }),
  alpha: flag({
    name: "alpha",
    kind: number({ min: 1e-6 }), // one client has nearly all of a class long before
    default: 0.5,
    source: "ours",
    help: "for dirichlet: the smaller, the more the clients differ",
  }),
  partitionColumn: flag<string | null>({
    name: "partition-column",
    kind: text("NAME"),
    default: null,
    defaultText: "none",
    source: "ours",
    help: "column whose values make the clients, such as dataset",
  }),
  split: flag<readonly [number, number, number]>({
    name: "split",
    kind: shares([7, 1, 2]),
    default: defaultShares,
    defaultText: "7,1,2",
    source: "official",
    help: "shares of train, valid and test in every client",
  }),
});

/** Flags of `data prepare`. */
export const prepareFlags = { ...prepareOnlyFlags, imageSize, seed };

/** Everything that `data prepare` can be told. */
export type PrepareOptions = OptionsOf<typeof prepareFlags>;

const numberOfImages = (split: "train" | "valid" | "test", count: number) =>
  flag({
    name: `${split}-size`,
    kind: integer({ min: 20, max: 1_000_000 }), // below, the smallest client lacks a class
    default: count,
    source: "ours",
    help: `images for ${split} of all clients together`,
  });

/** Flags of `data synthesize` alone. */
export const synthesizeOnlyFlags = underTopic("Synthesizing", {
  out: flag({
    name: "out",
    kind: text("FOLDER"),
    default: "demo_data",
    source: "ours",
    help: "new folder for what train reads with --data",
  }),
  trainSize: numberOfImages("train", 368),
  validSize: numberOfImages("valid", 160),
  testSize: numberOfImages("test", 240),
});

/** Flags of `data synthesize`. */
export const synthesizeFlags = { ...synthesizeOnlyFlags, clients, imageSize, seed };

/** Everything that `data synthesize` can be told. */
export type SynthesizeOptions = OptionsOf<typeof synthesizeFlags>;
