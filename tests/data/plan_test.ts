// From raw collections to clients: classes kept, lists followed, files found, and nothing outside read.

import { join } from "@std/path";
import { chooseClasses } from "../../src/data/choose_classes.ts";
import type { CollectedImage } from "../../src/data/collected_image.ts";
import { readCollection } from "../../src/data/collection.ts";
import { DataError } from "../../src/data/data_error.ts";
import { planByLists, planByPartition } from "../../src/data/plan.ts";
import { assertEquals, assertRejects, assertThrows } from "../assert.ts";
import { encodePng, pixelsOf, TemporaryFolder } from "./tiny_folder.ts";

/** Images `<name>` of 4×4 pixels at these paths. */
async function writeImages(folder: TemporaryFolder, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    folder.write(path, await encodePng(pixelsOf(path.replace(/\.\w+$/, ""), 4), 4));
  }
}

function image(className: string): CollectedImage {
  const load = () => Promise.reject(new Error("not needed"));
  return { id: className, className, group: null, split: null, fields: {}, load };
}

Deno.test("chooseClasses() puts the paper's first, then the others by number or name", () => {
  const classes = (...names: string[]) => chooseClasses(names.map(image), null);
  assertEquals(classes("vasc", "mel", "akiec", "nv"), ["nv", "mel", "akiec", "vasc"]);
  assertEquals(classes("10", "9", "1"), ["1", "9", "10"]);
});

Deno.test("chooseClasses() keeps those wanted, in their order", () => {
  const images = ["nv", "mel", "df"].map(image);
  assertEquals(chooseClasses(images, ["mel", "nv"]), ["mel", "nv"]);
  const message = (wanted: string[]) =>
    assertThrows(() => chooseClasses(images, wanted), DataError).message;
  assertEquals(
    message(["nv", "bkl"]),
    "Cannot keep class bkl: the images are of nv, mel, df",
  );
  assertEquals(chooseClasses(images, ["Melanoma", "NV"]), ["mel", "nv"]);
  assertEquals(message(["nv", "NV"]), "Cannot keep class nv twice; name it once");
  assertEquals(message(["nv"]), "Cannot use nv alone: there have to be at least two classes");
});

Deno.test("readCollection() joins labels, metadata and files at any depth", async () => {
  using folder = new TemporaryFolder();
  await writeImages(folder, "part_1/a.JPG", "part_2/deep/b.png", "part_2/c.jpeg", "notes.png");
  folder.write("labels.csv", "image,dx,site\na.JPG,mel,arm\nb,nv,\n");
  folder.write("more.csv", "image_id,lesion_id,site\nb,L1,leg\nz,L2,leg\n");
  const at = (name: string) => join(folder.path, name);
  const { images } = await readCollection(folder.path, {
    labels: at("labels.csv"),
    metadata: at("more.csv"),
  });
  assertEquals(
    images.map(({ id, className, group, fields: { site } }) => [id, className, group, site]),
    [["a", "mel", null, "arm"], ["b", "nv", "lesion_id L1", ""]],
  );
  assertEquals((await images[1].load()).pixels, pixelsOf("part_2/deep/b", 4));
});

Deno.test("readCollection() takes copies of an image but no choice of two", async () => {
  using folder = new TemporaryFolder();
  const [a, b] = await Promise.all(["a", "b"].map((id) => encodePng(pixelsOf(id, 4), 4)));
  folder.write("one/same.png", a);
  folder.write("two/same.png", a);
  folder.write("one/other.png", a);
  folder.write("two/other.png", b);
  folder.write("labels.csv", "image,dx\nsame,mel\nother,nv\n");
  const { images: [same, other] } = await readCollection(folder.path, {
    labels: join(folder.path, "labels.csv"),
  });
  assertEquals((await same.load()).pixels, pixelsOf("a", 4));
  const error = await assertRejects(() => other.load(), DataError);
  assertEquals(
    error.message.replaceAll(folder.path, "DATA"),
    "Cannot choose between DATA/one/other.png and DATA/two/other.png: they differ; " +
      "remove one of them, or name the folder too where the image is listed",
  );
});

Deno.test("no image outside of the folder is read, by path or by link", async () => {
  using folder = new TemporaryFolder();
  await writeImages(folder, "secret.png", "outside/linked.png");
  folder.write("data/readme.txt", "");
  Deno.symlinkSync(join(folder.path, "outside"), join(folder.path, "data", "folder"));
  Deno.symlinkSync(join(folder.path, "secret.png"), join(folder.path, "data", "file.png"));
  const data = join(folder.path, "data");
  for (const id of ["../secret", join(folder.path, "secret"), "file", "linked", "folder/linked"]) {
    folder.write("labels.csv", `image,dx\n${id},mel\n`);
    folder.write("lists/clientA/train_clientA.csv", `image_id,label\n${id},0\n`);
    folder.write("lists/clientA/valid_clientA.csv", `image_id,label\n${id},0\n`);
    folder.write("lists/clientA/test_clientA.csv", `image_id,label\n${id},0\n`);
    const path = join(folder.path, "labels.csv");
    const error = await assertRejects(() => readCollection(data, { labels: path }), DataError);
    assertEquals(
      error.message,
      `Cannot find image ${id} of ${path} line 2: there is no ${id}.jpg, .jpeg or .png below ${data} (links ` +
        "are not followed); add the image, remove the line, or leave out such images with --skip-missing",
    );
    const lists = join(folder.path, "lists");
    await assertRejects(
      () => planByLists(data, lists, false),
      DataError,
      `Cannot find image ${id} of`,
    );
  }
});

Deno.test("planByPartition() lists the images of each client and split in the collection's order", () => {
  const images = Array.from({ length: 40 }, (_, index): CollectedImage => ({
    ...image(index % 2 === 0 ? "mel" : "nv"),
    id: `image_${index}`,
    group: index < 2 ? null : `L${index}`,
    fields: index < 2 ? {} : { lesion_id: `L${index}` },
  }));
  const shares = [0.7, 0.1, 0.2] as const;
  const rule = { kind: "iid", clients: 2 } as const;
  const { clients } = planByPartition(images, ["lesion_id"], ["nv", "mel"], rule, {
    shares,
    seed: 1,
  });
  assertEquals(clients.map(({ name }) => name), ["A", "B"]);
  const splits = clients.flatMap(({ train, valid, test }) => [train, valid, test]);
  assertEquals(splits.flatMap((split) => split.images).length, 40);
  for (const { list, images } of splits) {
    const indices = images.map(({ id }) => Number(id.slice("image_".length)));
    assertEquals(indices, indices.toSorted((a, b) => a - b));
    const rows = indices.map((index) => {
      const label = index % 2 === 0 ? "1" : "0";
      return `image_${index},${label},${index < 2 ? "" : `L${index}`},${
        label === "1" ? "mel" : "nv"
      }`;
    });
    assertEquals(list, ["image_id,label,lesion_id,dx", ...rows, ""].join("\n"));
  }
});

Deno.test("planByLists() follows the lists and keeps their text", async () => {
  using folder = new TemporaryFolder();
  await writeImages(folder, "raw/part/x.png", "raw/y.png");
  const list = (id: string) => `image_id,label,label_binary\r\n${id},2,1\r\n`;
  for (const split of ["train", "valid", "test"]) {
    folder.write(`lists/clientB/${split}_clientB.csv`, list(split === "test" ? "y" : "x"));
  }
  folder.write("lists/readme.txt", "");
  folder.write("lists/classes.json", '["a", "b", "c"]');
  const { plan: { clients, classNames }, notes } = await planByLists(
    join(folder.path, "raw"),
    join(folder.path, "lists"),
    false,
  );
  assertEquals([classNames, notes], [["a", "b", "c"], []]);
  const [{ name, train, test }] = clients;
  assertEquals([name, train.list, test.list], ["B", list("x"), list("y")]);
  assertEquals([train.images[0].id, train.images[0].label], ["x", 2]);
  assertEquals((await test.images[0].load()).pixels, pixelsOf("raw/y", 4));
});

Deno.test("planByLists() rejects a folder without lists", async () => {
  using folder = new TemporaryFolder();
  const error = await assertRejects(() => planByLists(folder.path, folder.path, false), DataError);
  assertEquals(
    error.message.replaceAll(folder.path, "LISTS"),
    "Cannot find lists in LISTS: it holds no folder client<name>; name the folder that holds clientA, " +
      "clientB and so on with --csv-folder",
  );
});

Deno.test("planByLists() with skipMissing leaves out what is not there, and flattens names with folders", async () => {
  using folder = new TemporaryFolder();
  await writeImages(folder, "raw/siteA/1.png", "raw/siteB/1.png");
  const list = "image_id,label,patient_id\nsiteA/1.png,0,P\nsiteB\\1.png,1,Q\ngone,1,R\n";
  for (const split of ["train", "valid", "test"]) {
    folder.write(`lists/clientA/${split}_clientA.csv`, list);
  }
  const [raw, lists] = ["raw", "lists"].map((name) => join(folder.path, name));
  await assertRejects(
    () => planByLists(raw, lists, false),
    DataError,
    "Cannot find image gone of",
  );
  const { plan: { clients: [{ train }], classNames }, notes } = await planByLists(raw, lists, true);
  assertEquals(classNames, ["class 0", "class 1"]);
  assertEquals(
    train.list,
    "image_id,label,patient_id,dx\nsiteA_1,0,P,class 0\nsiteB_1,1,Q,class 1\n",
  );
  assertEquals(train.images.map(({ id }) => id), ["siteA_1", "siteB_1"]);
  assertEquals((await train.images[1].load()).pixels, pixelsOf("raw/siteB/1", 4));
  assertEquals(notes, ["left out as they are not there: 3 images (gone, gone, gone)"]);
});

Deno.test("readCollection() finds images by path, in any case of the ending, composed or not", async () => {
  using folder = new TemporaryFolder();
  const decomposed = "La\u0308sion.JPG"; // as macOS stores it
  await writeImages(
    folder,
    "raw/siteA/1.PNG",
    "raw/siteB/1.png",
    `raw/${decomposed}`,
    "raw/._x.png",
  );
  const rows = [
    "siteA/1.png,nv",
    "./siteB\\1,mel",
    "L\u00e4sion.jpg,mel",
    "study/raw/siteA/2.png,nv",
  ];
  await writeImages(folder, "raw/siteA/2.png");
  folder.write("labels.csv", ["filename,label", ...rows].join("\n"));
  const labels = join(folder.path, "labels.csv");
  const { images } = await readCollection(join(folder.path, "raw"), { labels });
  assertEquals(images.map(({ id }) => id), [
    "siteA_1",
    "siteB_1",
    "L\u00e4sion",
    "study_raw_siteA_2",
  ]);
  assertEquals((await images[0].load()).pixels, pixelsOf("raw/siteA/1", 4));
  assertEquals((await images[1].load()).pixels, pixelsOf("raw/siteB/1", 4));
  assertEquals((await images[3].load()).pixels, pixelsOf("raw/siteA/2", 4));

  folder.write("labels.csv", "filename,label\nx,nv\n");
  await assertRejects(
    () => readCollection(join(folder.path, "raw"), { labels }),
    DataError,
    "Cannot find image x",
  );
});

Deno.test("readCollection() with skipMissing counts and names what is not there", async () => {
  using folder = new TemporaryFolder();
  await writeImages(folder, "raw/a.png");
  const rows = Array.from({ length: 7 }, (_, index) => `gone${index},mel`);
  folder.write("labels.csv", ["image,dx", "a,nv", ...rows].join("\n"));
  const { images, notes } = await readCollection(join(folder.path, "raw"), {
    labels: join(folder.path, "labels.csv"),
    skipMissing: true,
  });
  assertEquals(images.map(({ id }) => id), ["a"]);
  assertEquals(
    notes.at(-1),
    "left out as they are not there: 7 images (gone0, gone1, gone2, gone3, gone4 and 2 more)",
  );
});

Deno.test("readCollection() warns of a column that tells what belongs together and is not used", async () => {
  using folder = new TemporaryFolder();
  await writeImages(folder, "raw/a.png", "raw/b.png");
  folder.write("labels.csv", "image,dx,Subject ID\na,nv,7\nb,mel,7\n");
  const options = { labels: join(folder.path, "labels.csv") };
  const read = (groupColumn: string | null) =>
    readCollection(join(folder.path, "raw"), { ...options, groupColumn });
  const without = await read(null);
  assertEquals(without.images.map(({ group }) => group), [null, null]);
  assertEquals(
    without.notes.at(-1),
    "warning: column Subject ID looks as if it tells what images belong together, and is not used: with " +
      "--group-column Subject ID none of its values is in two splits",
  );
  const { images, notes } = await read("subject_id");
  assertEquals(images.map(({ group }) => group), ["Subject ID 7", "Subject ID 7"]);
  assertEquals(notes.length, 1);
  await assertRejects(() => read("clinic"), DataError, "Cannot use clinic for --group-column");
});
