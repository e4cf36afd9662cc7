// Reading data folders: the layout, what is picked from it, and every way it can be wrong.

import { join } from "@std/path";
import { DataError } from "../../src/data/data_error.ts";
import { splitNames } from "../../src/data/dataset.ts";
import { type DatasetFolderOptions, readDatasetFolder } from "../../src/data/folder.ts";
import { areaAverage } from "../../src/data/resize.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { encodePng, pixelsOf, TemporaryFolder, writeTinyData } from "./tiny_folder.ts";

/** Runs a test in a folder of its own with the tiny data in it. */
async function withTinyData(test: (folder: TemporaryFolder) => Promise<void>): Promise<void> {
  using folder = new TemporaryFolder();
  await writeTinyData(folder);
  await test(folder);
}

/** Expects a `DataError` with exactly this message, in which `DATA` stands for the data folder. */
async function assertRejected(
  path: string,
  message: string,
  options: Partial<DatasetFolderOptions> = {},
): Promise<void> {
  const read = () => readDatasetFolder(path, { imageSize: 4, ...options });
  const error = await assertRejects(read, DataError);
  assertEquals(error.message.replaceAll(path, "DATA"), message);
}

Deno.test("readDatasetFolder() reads clients in order of their names, images in order of the lists", () =>
  withTinyData(async ({ path }) => {
    const dataset = await readDatasetFolder(path, { imageSize: 8 });
    assertEquals(dataset.imageSize, 8);
    assertEquals(dataset.classNames, ["class 0", "class 1"]);
    assertEquals(dataset.clients.map(({ name }) => name), ["A", "B"]);
    for (const client of dataset.clients) {
      for (const split of splitNames) {
        const { ids, images, labels } = client[split];
        assertEquals(ids, [`${client.name}_${split}_0`, `${client.name}_${split}_1`]);
        assertEquals([...labels], [0, 1]);
        assertEquals([...images], ids.flatMap((id) => [...pixelsOf(id, 8)]));
      }
    }
  }));

Deno.test("readDatasetFolder() averages from the smallest stored size that is large enough", () =>
  withTinyData(async ({ path }) => {
    for (const [imageSize, stored] of [[3, 4], [4, 4], [5, 8]]) {
      const { clients } = await readDatasetFolder(path, { imageSize });
      const pixels = pixelsOf("A_train_0", stored);
      const expected = areaAverage({ width: stored, height: stored, pixels }, imageSize);
      assertEquals(clients[0].train.images.slice(0, expected.length), expected);
    }
  }));

Deno.test("readDatasetFolder() finds the lists beside the data or where it is told", () =>
  withTinyData(async ({ path }) => {
    Deno.mkdirSync(join(path, "images"));
    for (const client of ["clientA", "clientB"]) {
      Deno.renameSync(join(path, client), join(path, "images", client));
    }
    const beside = await readDatasetFolder(join(path, "images"), { imageSize: 4 });
    Deno.renameSync(join(path, "csv_folder"), join(path, "lists"));
    const csvFolder = join(path, "lists");
    const told = await readDatasetFolder(join(path, "images"), { imageSize: 4, csvFolder });
    assertEquals(beside.clients.length, 2);
    assertEquals(told, beside);
  }));

Deno.test("readDatasetFolder() reads only the clients and as many images as wanted", () =>
  withTinyData(async ({ path }) => {
    const progress: string[] = [];
    const { clients } = await readDatasetFolder(path, {
      imageSize: 4,
      clients: ["B"],
      limit: 1,
      onProgress: (done, total) => progress.push(`${done}/${total}`),
    });
    assertEquals(clients.map(({ name, valid }) => [name, valid.ids]), [["B", ["B_valid_0"]]]);
    assertEquals(progress, ["1/3", "2/3", "3/3"]);
  }));

Deno.test("readDatasetFolder() leaves splits that are not wanted empty, and their lists unread", () =>
  withTinyData(async (folder) => {
    const whole = await readDatasetFolder(folder.path, { imageSize: 4 });
    folder.remove("csv_folder/clientA/train_clientA.csv");
    const { clients } = await readDatasetFolder(folder.path, { imageSize: 4, splits: ["test"] });
    assertEquals(clients.map(({ test }) => test), whole.clients.map(({ test }) => test));
    for (const { train, valid } of clients) {
      assertEquals([train.ids, train.images.length, valid.labels.length], [[], 0, 0]);
    }
  }));

Deno.test("readDatasetFolder() ignores files beside the clients' folders", () =>
  withTinyData(async (folder) => {
    folder.write("clientA.zip", "");
    const { clients } = await readDatasetFolder(folder.path, { imageSize: 4 });
    assertEquals(clients.length, 2);
  }));

Deno.test("readDatasetFolder() rejects a missing data folder", () =>
  assertRejected(
    "no/such/folder",
    "Cannot read the data folder DATA: it does not exist; " +
      "pass the folder that holds clientA, clientB and so on with --data, or --data demo",
  ));

Deno.test("readDatasetFolder() rejects a folder without clients", async () => {
  using folder = new TemporaryFolder();
  await assertRejected(
    folder.path,
    "Cannot find clients in DATA: it holds no folder client<name>; " +
      "pass the folder that holds clientA, clientB and so on with --data, or --data demo",
  );
});

Deno.test("readDatasetFolder() rejects a client that is not there", () =>
  withTinyData(({ path }) =>
    assertRejected(path, "Cannot find client E in DATA: choose from A, B", { clients: ["A", "E"] })
  ));

Deno.test("readDatasetFolder() rejects missing lists", () =>
  withTinyData(async (folder) => {
    const { path } = folder;
    folder.remove("csv_folder/clientB/valid_clientB.csv");
    await assertRejected(
      path,
      "Cannot read the split list DATA/csv_folder/clientB/valid_clientB.csv: it does not exist; " +
        "add it, or name the folder of the lists with --csv-folder",
    );
    await assertRejected(
      path,
      "Cannot find the split lists: there is no folder DATA/lists; " +
        "name the folder that holds them with --csv-folder",
      { csvFolder: join(path, "lists") },
    );
    folder.remove("csv_folder");
    await assertRejected(
      path,
      `Cannot find the split lists: there is no folder DATA/csv_folder or ` +
        `${join(path, "..", "csv_folder")}; name the folder that holds them with --csv-folder`,
    );
  }));

Deno.test("readDatasetFolder() rejects sizes above the stored ones", () =>
  withTinyData(({ path }) =>
    assertRejected(
      path,
      "Cannot make images of 9 pixels for client A: DATA/clientA stores 4 and 8 pixels; " +
        "choose --image-size 8 or less",
      { imageSize: 9 },
    )
  ));

Deno.test("readDatasetFolder() rejects a client without images", () =>
  withTinyData((folder) => {
    folder.remove("clientB/img_resize4");
    folder.remove("clientB/img_resize8");
    return assertRejected(
      folder.path,
      "Cannot find images of client B in DATA/clientB: " +
        "store the images in a folder img_resize<pixels>",
    );
  }));

Deno.test("readDatasetFolder() rejects a list that names a missing image", () =>
  withTinyData((folder) => {
    folder.remove("clientA/img_resize4/A_test_1.png");
    return assertRejected(
      folder.path,
      "Cannot find image A_test_1 of DATA/csv_folder/clientA/test_clientA.csv line 3: " +
        "DATA/clientA/img_resize4 holds neither A_test_1.png nor A_test_1.jpg nor A_test_1.jpeg; " +
        "add the image or remove the line",
    );
  }));

Deno.test("readDatasetFolder() rejects an unreadable image", () =>
  withTinyData((folder) => {
    folder.write("clientA/img_resize4/A_test_1.png", "not an image");
    return assertRejected(
      folder.path,
      "Cannot decode DATA/clientA/img_resize4/A_test_1.png: " +
        "it is neither a PNG nor a JPEG file; replace the file",
    );
  }));

Deno.test("readDatasetFolder() rejects an image of another size than its folder's", () =>
  withTinyData(async (folder) => {
    folder.write("clientA/img_resize4/A_test_1.png", await encodePng(pixelsOf("x", 5), 5));
    await assertRejected(
      folder.path,
      "Cannot use DATA/clientA/img_resize4/A_test_1.png: it has 5x5 pixels but its folder " +
        "promises 4x4; resize it",
    );
  }));

Deno.test("readDatasetFolder() rejects options out of range", () =>
  withTinyData(async ({ path }) => {
    const wrong = [
      ...[{ imageSize: 0 }, { imageSize: 4.5 }, { imageSize: 4, limit: 0 }],
      { imageSize: 4, threads: 0 },
    ];
    for (const options of wrong) {
      await assertRejects(() => readDatasetFolder(path, options), RangeError, "positive integer");
    }
  }));

Deno.test("readDatasetFolder() takes the classes of classes.json beside the lists", () =>
  withTinyData(async (folder) => {
    folder.write("csv_folder/classes.json", '["cat", "dog", "cow", "hen"]');
    folder.write("csv_folder/clientA/test_clientA.csv", "image_id,label\nA_test_0,3\n");
    const { classNames, clients } = await readDatasetFolder(folder.path, { imageSize: 4 });
    assertEquals(classNames, ["cat", "dog", "cow", "hen"]);
    assertEquals([...clients[0].test.labels], [3]);

    const remedy = 'write the names in the order of the labels, such as ["nv", "bkl", "mel"]';
    for (
      const text of [
        '["cat"]',
        '["cat", "cat"]',
        '["cat", 2]',
        '["cat", ""]',
        '["a,b", "c"]',
        '{"a": "b"}',
      ]
    ) {
      folder.write("csv_folder/classes.json", text);
      await assertRejected(
        folder.path,
        "Cannot use DATA/csv_folder/classes.json: it is no list of at least two different names " +
          `without commas; ${remedy}`,
      );
    }
    folder.write("csv_folder/classes.json", "cat, dog");
    const read = () => readDatasetFolder(folder.path, { imageSize: 4 });
    const { message } = await assertRejects(read, DataError, "Cannot parse");
    assertEquals(message.endsWith(remedy), true);
  }));

/** Where the paper's data is looked for. */
const realData = Deno.env.get("PRRFL_DATA") ??
  join(import.meta.dirname!, "..", "..", "..", "shared", "dermoscopy");

Deno.test({
  name: "readDatasetFolder() finds the paper's numbers of images and classes",
  ignore: !isFolder(realData),
  fn: async () => {
    const { clients } = await readDatasetFolder(realData, { imageSize: 32 });
    const counts = clients.map((client) =>
      splitNames.map((split) =>
        [0, 1, 2].map((label) => client[split].labels.filter((other) => other === label).length)
      )
    );
    assertEquals(counts, [
      [[1282, 333, 476], [183, 47, 68], [367, 95, 136]],
      [[2604, 87, 17], [372, 12, 2], [744, 25, 5]],
      [[562, 343, 239], [80, 49, 34], [161, 98, 69]],
      [[960, 178, 262], [137, 25, 37], [275, 51, 75]],
    ]);
  },
});

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

Deno.test("readDatasetFolder() takes from the lists which images show one lesion or patient", () =>
  withTinyData(async (folder) => {
    const list = (rows: readonly string[]) => [...rows, ""].join("\r\n");
    folder.write(
      "csv_folder/clientA/test_clientA.csv",
      list(["image_id,label,Lesion ID,patient_id", "A_test_0,0,L1,P1", "A_test_1,1,L2,P1"]),
    );
    folder.write(
      "csv_folder/clientA/valid_clientA.csv",
      list(["image_id,label,lesion_id", "A_valid_0,0,", "A_valid_1,1,L7"]),
    );
    const { clients: [a, b] } = await readDatasetFolder(folder.path, { imageSize: 4 });
    assertEquals(a.test.groups, ["Lesion ID L1", "Lesion ID L1"]); // of one patient
    assertEquals(a.valid.groups, [null, "lesion_id L7"]);
    assertEquals([a.train.groups, b.test.groups], [undefined, undefined]);
    folder.write(
      "csv_folder/clientA/test_clientA.csv",
      list(["image_id,label,lesion_id,lesion id", "A_test_0,0,L1,L2"]),
    );
    await assertRejected(
      folder.path,
      "Cannot use DATA/csv_folder/clientA/test_clientA.csv: it has 2 columns lesion_id and lesion id, which may " +
        "differ; remove or rename all but one",
    );
  }));
