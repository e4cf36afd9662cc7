// Folders of data and their lists: habits of other programs that are understood, and mistakes that are named.

import { dirname, join } from "@std/path";
import { checkConfig } from "../../src/federated/check_config.ts";
import { defaultConfig } from "../../src/federated/config.ts";
import { allocateImages } from "../../src/data/image_memory.ts";
import { diskFiles } from "../../src/data/disk_files.ts";
import { readText } from "../../src/data/listing.ts";
import type { Split } from "../../src/data/dataset.ts";
import { expectWithin } from "../../src/federated/recovery/state.ts";
import type { TemporaryFolder } from "../data/tiny_folder.ts";
import type { InputCase } from "./case.ts";
import { images, listOf, readList, writeOneClient } from "./one_client.ts";

const usual = [["x0", 0], ["x1", 1]];
const train = listOf("train");

/** The list of the training images is this one. */
const as = (list: string | Uint8Array) => (folder: TemporaryFolder) => {
  writeOneClient(folder);
  folder.write(train, list);
};

const accepted = (what: string, list: string | Uint8Array, rows: unknown = usual): InputCase => ({
  what,
  prepare: as(list),
  use: (path) => readList(path),
  accepted: rows,
});

const refused = (what: string, list: string | Uint8Array, ...words: string[]): InputCase => ({
  what,
  prepare: as(list),
  use: (path) => readList(path),
  refused: [`FOLDER/${train}`, ...words],
});

const refusedFolder = (
  what: string,
  change: (folder: TemporaryFolder) => void,
  ...words: string[]
): InputCase => ({
  what,
  prepare: (folder) => {
    writeOneClient(folder);
    change(folder);
  },
  use: (path) => readList(path),
  refused: words,
});

const label = (text: string) =>
  refused(
    `the label "${text}"`,
    `image_id,label\nx0,0\nx1,${text}\n`,
    "line 3",
    `"${text}"`,
    "0 to 2",
  );

const stray = (what: string, id: string) =>
  refused(
    `an image_id that is ${what}`,
    `image_id,label\n${id},0\n`,
    `Cannot find image ${id}`,
    "line 2",
  );

/** Puts a link in the place of a file or folder. */
const link = (place: string, target: string) => (folder: TemporaryFolder) => {
  const path = join(folder.path, place);
  try {
    folder.remove(place);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  Deno.symlinkSync(target, path);
};

const utf16 = (text: string) =>
  new Uint8Array(Uint16Array.from([..."\ufeff" + text], (c) => c.charCodeAt(0)).buffer);

/** Some file that exists everywhere, and its folder. */
const outside = Deno.execPath();

/** A federation of black images, one for each label in its training split. */
function federation(labels: readonly number[], batchSize = 4) {
  const split = (labels: readonly number[]): Split => ({
    ids: labels.map(String),
    images: new Uint8Array(labels.length * 32 * 32 * 3),
    labels: Int32Array.from(labels),
  });
  const client = { name: "A", train: split(labels), valid: split([0]), test: split([0]) };
  const dataset = { clients: [client], imageSize: 32, classNames: ["nv", "mel"] };
  const config = { ...defaultConfig, dataset, batchSize };
  checkConfig(config);
  return config;
}

export const listCases: readonly InputCase[] = [
  accepted("a list with a byte order mark", "\ufeffimage_id,label\nx0,0\nx1,1\n"),
  accepted("a list with line ends of Windows", "image_id,label\r\nx0,0\r\nx1,1\r\n"),
  accepted("a list with line ends of old Macs", "image_id,label\rx0,0\rx1,1\r"),
  accepted("a list that ends without line end", "image_id,label\nx0,0\nx1,1"),
  accepted("a list with empty lines", "image_id,label\n\nx0,0\n\n\nx1,1\n\n"),
  accepted("a list in quotes", '"image_id","label"\n"x0","0"\n"x1","1"\n'),
  accepted("a list with spaces", "image_id , label\n x0, 0\nx1 ,1 \n"),
  accepted("a list with columns of other programs", ",label,sex,image_id\n0,0,male,x0\n1,1,,x1\n"),
  accepted("a list with an idle column twice", "image_id,label,sex,sex\nx0,0,m,f\nx1,1,m,f\n"),
  accepted("a list in semicolons", "image_id;label\nx0;0\nx1;1\n"),
  accepted("a list in tabs", "image_id\tlabel\nx0\t0\nx1\t1\n"),
  accepted("a list in UTF-16", utf16("image_id,label\r\nx0,0\r\nx1,1\r\n")),
  accepted("a list with headings in capitals", "IMAGE_ID,Label\nx0,0\nx1,1\n"),
  accepted("a list with names of files", "image_id,label\nx0.png,0\n./x1.PNG,1\n"),
  accepted("a list with a column called __proto__", "image_id,label,__proto__\nx0,0,1\nx1,1,1\n"),
  accepted("an image that is listed twice", "image_id,label\nx0,0\nx0,0\n", [["x0", 0], ["x0", 0]]),
  accepted("labels as decimal fractions", "image_id,label\nx0,0.0\nx1,1.0\n"),
  accepted(
    "the columns of client D: values under headings that are not theirs, then empty fields",
    "image_id,label,label_binary,dx,dx_type,age,sex\r\nx0,0,0,0.0,0.0,,\r\nx1,1,0,1.0,0.0,,,,\r\n",
  ),
  accepted("a split of one class", "image_id,label\nx0,1\nx1,1\n", [["x0", 1], ["x1", 1]]),

  refused("an empty list", "", "lists no images"),
  refused("a list without rows", "image_id,label\n", "lists no images"),
  refused("a list without header", "x0,0\nx1,1\n", "no column image_id and no column label"),
  refused("a list without labels", "image_id\nx0\n", "no column label", "columns image_id"),
  refused("a list with labels twice", "image_id,label,label\nx0,2,0\n", "2 columns label"),
  refused("a list with images twice", "image_id,Image ID,label\nx0,x1,0\n", "2 columns image_id"),
  refused(
    "a list in Latin-1",
    Uint8Array.of(0x69, 0x64, 0xe4, 10, 0x78),
    "neither UTF-8 nor UTF-16",
  ),
  refused("a list that is an image", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 10, 3), ""),
  refused("a quote without end", 'image_id,label\n"x0,0\nx1,1\n', "Cannot parse", "save it as"),
  refused("a quote in the middle", 'image_id,label\nx"0,0\n', "Cannot parse"),
  refused("a row without image_id", "image_id,label\n,0\n", "line 2", "no image_id"),
  refused("a row of commas", "image_id,label\n,,,\n", "line 2"),
  ...["", "3", "-1", "0.5", "1e9", "NaN", "mel", "1;0", "٣"].map(label),
  stray("a way out of the folder", "../../../../etc/passwd"),
  stray("a way to an image through the folder above", "../img_resize8/x0"),
  stray("an absolute path", "/etc/passwd"),
  stray("a path of Windows", "C:/windows/win"),
  stray("that of no image", "x9"),

  refusedFolder("a missing list", (folder) => folder.remove(train), train, "does not exist"),
  refusedFolder(
    "a folder in place of a list",
    (folder) => {
      folder.remove(train);
      folder.write(`${train}/x`, "");
    },
    `FOLDER/${train}`,
    "it is not a file",
  ),
  refusedFolder(
    "a pipe in place of a list",
    (folder) => {
      folder.remove(train);
      new Deno.Command("mkfifo", { args: [join(folder.path, train)] }).outputSync();
    },
    `FOLDER/${train}`,
    "it is not a file",
  ),
  refusedFolder(
    "a file in place of the images",
    (folder) => {
      folder.remove(images);
      folder.write(images, "");
    },
    `FOLDER/${images}`,
    "it is not a folder",
  ),
  refusedFolder("a file in place of the client", (folder) => {
    folder.remove("clientA");
    folder.write("clientA", "");
  }, "Cannot find clients in FOLDER"),
  refusedFolder(
    "a file in place of the lists",
    (folder) => {
      folder.remove("csv_folder");
      folder.write("csv_folder", "");
    },
    "Cannot find the split lists",
    "--csv-folder",
  ),
  refusedFolder("a link to a device without end", link(`${images}/x0.png`, "/dev/zero"), images),
  refusedFolder(
    "a link to a file outside",
    link(`${images}/x0.png`, outside),
    "x0.png",
    "out of FOLDER",
  ),
  refusedFolder("a list that is a link outside", link(train, outside), train, "a link leads to"),
  refusedFolder(
    "class names that are a link outside",
    link("csv_folder/classes.json", outside),
    "classes.json",
    "a link leads to",
  ),
  refusedFolder(
    "a client that is a link outside",
    link("clientB", dirname(outside)),
    "clientB",
    "out of FOLDER",
  ),
  refusedFolder("a link to itself", link(`${images}/x0.png`, "x0.png"), `${images}/x0.png`),
  refusedFolder(
    "a link to nothing",
    link(`${images}/x0.png`, "nowhere"),
    `${images}/x0.png`,
    "it does not exist",
  ),
  ...["", "null", "{}", "[]", '["nv"]', '["nv", null]', '["a", "a"]', "[".repeat(1e5)].map((json) =>
    refusedFolder(
      `the class names ${json.slice(0, 20)}`,
      (folder) => folder.write("csv_folder/classes.json", json),
      "FOLDER/csv_folder/classes.json",
      "write the names",
    )
  ),
  {
    what: "more images than there is memory for",
    use: () => allocateImages(1e9, 1024),
    refused: [
      "Cannot hold 1000000000 images of 1024×1024 pixels",
      "3145728 GB",
      "fewer or smaller",
    ],
  },
  {
    what: "larger images than are stored",
    prepare: writeOneClient,
    use: (path) => readList(path, { imageSize: 1024 }),
    refused: ["1024 pixels", "FOLDER/clientA stores 8 pixels", "--image-size 8 or less"],
  },

  {
    what: "a training split of one class",
    use: () => federation([1, 1, 1, 1]).batchSize,
    accepted: 4,
  },
  {
    what: "a last batch of two images",
    use: () => federation([0, 1, 0, 1, 0, 1]).batchSize,
    accepted: 4,
  },
  {
    what: "a client with one image",
    use: () => federation([1]),
    refused: [
      "client A",
      "a single image",
      "1 images in batches of 4",
      "leave the client out",
    ],
  },
  {
    what: "a last batch of one image",
    use: () => federation([0, 1, 0, 1, 0]),
    refused: ["client A", "5 images in batches of 4", "--last-batch drop", "join"],
  },
  {
    what: "one image left over for batch normalization",
    use: () => federation([0, 1, 0, 1, 0]),
    refused: ["client A", "a single image", "5 images in batches of 4"],
  },
  {
    what: "a device without end as a table of labels",
    use: () => readText(diskFiles, "/dev/zero", "table of labels", "name it with --labels"),
    refused: ["Cannot read the table of labels /dev/zero", "a pipe or a device and no plain file"],
  },
  {
    what: "an empty split",
    use: () => federation([]),
    refused: ["the train split of client A is empty"],
  },
  {
    what: "a label beyond the classes",
    use: () => federation([0, 2]),
    refused: ["label 2", "2 classes"],
  },
  {
    what: "a state with the stages of two clients where there is one",
    use: () => {
      const config = federation([0, 1]);
      const position = { at: "round", round: 0 } as const;
      const progress = { position, best: null, stages: [1, 2] as const, skipped: [], kernels: "" };
      const state = { ...progress, configuration: {}, tensors: new Map() };
      expectWithin(state, config, config.dataset.clients.length);
    },
    refused: ["Cannot resume", "stages of 2 clients, but there are 1"],
  },
];
