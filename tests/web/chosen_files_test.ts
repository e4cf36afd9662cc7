// A folder chosen in the browser gives the dataset that the command line reads from the same folder on the disk.

import { join, relative } from "@std/path";
import { readCollection } from "../../src/data/collection.ts";
import { chooseClasses } from "../../src/data/choose_classes.ts";
import { DataError } from "../../src/data/data_error.ts";
import { type Dataset, splitNames } from "../../src/data/dataset.ts";
import { openImageDecoder } from "../../src/data/decode.ts";
import { diskFiles } from "../../src/data/disk_files.ts";
import { readFederationFolder } from "../../src/data/federation_folder.ts";
import { readDatasetFolder } from "../../src/data/folder.ts";
import { defaultShares } from "../../src/data/partition.ts";
import { planByPartition } from "../../src/data/plan.ts";
import { writeDatasetFolder } from "../../src/data/write_folder.ts";
import { ChosenFiles, type ChosenFolder } from "../../src/web/chosen_files.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { side, writeClientClasses, writeOfficial } from "./own_images.ts";

/** What a browser would give for a folder of the disk. */
async function chosen(path: string, name: string): Promise<ChosenFolder> {
  const files = new Map<string, File>();
  const folders = [path];
  for (const folder of folders) {
    for await (const entry of Deno.readDir(folder)) {
      const below = join(folder, entry.name);
      if (entry.isDirectory) folders.push(below);
      else {
        const inside = `${name}/${relative(path, below).replaceAll("\\", "/")}`;
        files.set(inside, new File([await Deno.readFile(below)], entry.name));
      }
    }
  }
  return { name, files };
}

async function readChosen(path: string, name: string, imageSize = side): Promise<Dataset> {
  const decode = await openImageDecoder();
  const source = { files: new ChosenFiles(await chosen(path, name)), decode };
  return await readFederationFolder(source, name, { imageSize, seed: 1 });
}

/** Why a folder is refused. */
async function refusal(path: string, name: string, imageSize = side): Promise<string> {
  return (await assertRejects(() => readChosen(path, name, imageSize), DataError)).message;
}

Deno.test("the official layout gives what readDatasetFolder() reads", async () => {
  using folder = new TemporaryFolder();
  await writeOfficial(folder);
  const path = join(folder.path, "data");
  const { warnings, ...dataset } = await readChosen(path, "data");
  assertEquals(dataset, await readDatasetFolder(path, { imageSize: side }));
  assertEquals(warnings, []);
  assertEquals(dataset.classNames, ["nv", "bcc"]);
});

Deno.test("the official layout is found where the lists are beside the clients' folder", async () => {
  using folder = new TemporaryFolder();
  await writeOfficial(folder);
  const path = join(folder.path, "data");
  const dataset = await readDatasetFolder(path, { imageSize: 16 });
  await Deno.mkdir(join(path, "images"));
  for (const client of ["clientEast", "clientWest"]) {
    await Deno.rename(join(path, client), join(path, "images", client));
  }
  const { warnings: _, ...found } = await readChosen(path, "data", 16);
  assertEquals(found, dataset);
});

Deno.test("folders of clients give the dataset that data prepare makes of a column of clients", async () => {
  using folder = new TemporaryFolder();
  await writeClientClasses(folder);
  const path = join(folder.path, "photos");
  const ours = await readChosen(path, "photos", 16);

  // The same images by a table, in the order of their paths.
  const rows = ["Site B", "siteA"].flatMap((client) =>
    ["mel", "nv"].flatMap((name) =>
      Array.from({ length: 12 }, (_, k) => `${k}.png`).sort()
        .map((file) => `${client}/${name}/${file},${name},${client}`)
    )
  );
  folder.write("labels.csv", ["image,label,client", ...rows].join("\n"));
  const labels = join(folder.path, "labels.csv");
  const { images } = await readCollection(path, { labels });
  const values = images.map(({ fields }) => fields.client!);
  const classes = chooseClasses(images, null);
  const options = { shares: defaultShares, seed: 1 };
  const plan = planByPartition(images, [], classes, { kind: "column", values }, options);
  folder.write("prepared/.keep", "");
  const prepared = join(folder.path, "prepared");
  await writeDatasetFolder(prepared, plan, 16);
  const theirs = await readDatasetFolder(prepared, { imageSize: 16 });

  assertEquals(ours.classNames, ["nv", "mel"]);
  assertEquals(ours.classNames, theirs.classNames);
  assertEquals(ours.clients.map(({ name }) => name), ["Site_B", "siteA"]);
  for (const [index, client] of ours.clients.entries()) {
    for (const split of splitNames) {
      assertEquals(client[split].ids, theirs.clients[index][split].ids);
      assertEquals(client[split].labels, theirs.clients[index][split].labels);
      assertEquals(client[split].images, theirs.clients[index][split].images);
    }
  }
  assertEquals(ours.clients[0].train.ids.length, 17); // of 24: 70%
});

Deno.test("a client's own folders train, valid and test stay its splits, another's images are divided", async () => {
  using folder = new TemporaryFolder();
  await writeClientClasses(folder);
  const photo = await Deno.readFile(join(folder.path, "photos/siteA/nv/0.png"));
  for (const [split, count] of [["train", 3], ["val", 2], ["Test", 1]] as const) {
    for (let k = 0; k < count; k++) {
      folder.write(`photos/own/${split}/nevus/${split}${k}.png`, photo);
    }
  }
  const { clients, warnings } = await readChosen(join(folder.path, "photos"), "photos");
  const own = clients.find(({ name }) => name === "own")!;
  assertEquals(splitNames.map((split) => own[split].ids.length), [3, 2, 1]);
  assert(own.test.ids[0].includes("Test0"));
  assertMatch(warnings!.join(), /one class nv: /);
});

Deno.test("the disk and a chosen folder refuse the same folder in the same words", async () => {
  const decode = await openImageDecoder();
  const changes: [string, (folder: TemporaryFolder) => void, RegExp][] = [
    [
      "a list is missing",
      (f) => f.remove("data/csv_folder/clientEast/valid_clientEast.csv"),
      /list/,
    ],
    ["no lists", (f) => f.remove("data/csv_folder"), /no folder .*csv_folder/],
    ["no image", (f) => f.remove("data/clientWest/img_resize32/West_test_0.png"), /West_test_0/],
    ["no images", (f) => {
      f.remove("data/clientWest/img_resize32");
      f.write("data/clientWest/notes.txt", ""); // a browser does not tell of empty folders
    }, /images of client West/],
    [
      "a label",
      (f) => f.write("data/csv_folder/clientEast/test_clientEast.csv", "image_id,label\nx,7\n"),
      /line 2: its label is "7"/,
    ],
    [
      "damage",
      (f) => f.write("data/clientEast/img_resize32/East_test_1.png", "GIF89a"),
      /Cannot decode .*East_test_1\.png: it is a GIF file/,
    ],
    ["a folder", (f) => {
      f.remove("data/csv_folder/classes.json");
      f.write("data/csv_folder/classes.json/x", "");
    }, /not a file/],
  ];
  for (const [what, change, words] of changes) {
    using folder = new TemporaryFolder();
    await writeOfficial(folder);
    change(folder);
    const path = join(folder.path, "data");
    const browser = await refusal(path, "data");
    const options = { imageSize: side, seed: 1 };
    const disk = await assertRejects(
      () => readFederationFolder({ files: diskFiles, decode }, path, options),
      DataError,
    );
    assertEquals(browser, disk.message.replaceAll(`${folder.path}/`, ""), what);
    assertMatch(browser, words);
  }
});

Deno.test("a folder of neither layout is told what it has and what is expected", async () => {
  using folder = new TemporaryFolder();
  folder.write("a/x.tif", "II*");
  folder.write("b/nv/1.png", "");
  folder.write("c/train/nv/1.png", "");
  folder.write("c/test/nv/1.png", "");
  await Deno.mkdir(join(folder.path, "d"));
  const said = (name: string) => refusal(join(folder.path, name), name);
  assertMatch(
    await said("a"),
    /^Cannot use the folder a: it has no image .* such as a\/x\.tif; it has/,
  );
  assertMatch(await said("b"), /it has 1 image, of which b\/nv\/1\.png is not below two folders/);
  assertMatch(await said("c"), /its folders test, train are those of one client/);
  assertMatch(await said("d"), /d: it is empty; .* \(d\/siteA\/nv\/1\.png\), or .*csv_folder/);
});

Deno.test("a client with too few images is named, and what to do", async () => {
  using folder = new TemporaryFolder();
  await writeClientClasses(folder);
  folder.write(
    "photos/tiny/nv/1.png",
    await Deno.readFile(join(folder.path, "photos/siteA/nv/0.png")),
  );
  const message = await refusal(join(folder.path, "photos"), "photos");
  assertMatch(message, /client tiny had .* add images to its folder in photos, or remove it$/);
});

Deno.test("ChosenFiles says what is not there, and what is something else", async () => {
  const files = new ChosenFiles({
    name: "a",
    files: new Map([["a/b/c.png", new File([], "c.png")]]),
  });
  assertEquals(files.join("a", "..", "x//y", ".", "z"), "x/y/z");
  assertEquals(await files.list("a"), [
    { name: "b", isFile: false, isDirectory: true, isSymlink: false },
  ]);
  assertEquals([await files.kindOf("a/b"), await files.kindOf("a/c")], ["folder", null]);
  const reason = async (act: () => Promise<unknown>) =>
    files.reasonOf(await assertRejects(act, Error));
  assertEquals(await reason(() => files.list("a/x")), "it does not exist");
  assertEquals(await reason(() => files.list("a/b/c.png")), "it is not a folder");
  assertEquals(await reason(() => files.read("a/b")), "it is a folder");
});
