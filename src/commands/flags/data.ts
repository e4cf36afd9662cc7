// The flags of `train` about the images.

import { augmentations, defaultConfig } from "../../federated/config.ts";
import { choice, integer, names, text, toggle } from "../values.ts";
import { flag, underTopic } from "./flag.ts";

/** Under "Data" in the help. */
export const dataFlags = underTopic("Data", {
  data: flag({
    name: "data",
    kind: text("FOLDER|FILE.ts|demo"),
    default: "data",
    source: "official",
    help: "folder with clientA, clientB, …, a module of your own, or the demo data",
  }),
  csvFolder: flag<string | null>({
    name: "csv-folder",
    kind: text("FOLDER"),
    default: null,
    defaultText: "csv_folder in or beside it",
    source: "ours",
    help: "folder of the split lists",
  }),
  clients: flag<readonly string[] | null>({
    name: "clients",
    kind: names("A,B"),
    default: null,
    defaultText: "all",
    source: "ours",
    help: "clients that take part",
  }),
  imageSize: flag({
    name: "image-size",
    kind: integer({ min: 1, max: 1024 }), // above, an activation takes gigabytes
    default: 128,
    source: "official",
    help: "images are reduced to this height and width",
  }),
  limit: flag<number | null>({
    name: "limit",
    kind: integer({ min: 1 }),
    default: null,
    defaultText: "all",
    source: "ours",
    help: "use at most N images of every split",
  }),
  augment: flag({
    name: "augment",
    kind: choice(augmentations),
    default: defaultConfig.augment,
    source: "official",
    help: "vary training images at random, as the authors do, or not",
  }),
  shuffle: flag({
    name: "shuffle",
    kind: toggle,
    default: defaultConfig.shuffle,
    source: "official",
    help: "a new order of the training images in every epoch",
  }),
});
