// The command `data prepare` as it is started: HAM10000, ISIC, MedMNIST and ready lists, and what it refuses.

import { fromFileUrl, join } from "@std/path";
import { splitNames } from "../../src/data/dataset.ts";
import { readDatasetFolder } from "../../src/data/folder.ts";
import { areaAverage } from "../../src/data/resize.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { encodePng, pixelsOf, TemporaryFolder } from "../data/tiny_folder.ts";
import { runCli } from "./run_cli.ts";

const prepare = (folder: TemporaryFolder, args: string) =>
  runCli(folder.path, "data", "prepare", "--image-size", "32", ...args.split(" "));

/** A small HAM10000: 60 images of 45 lesions from three sources, in two parts. */
async function writeHam(
  folder: TemporaryFolder,
  table = "ham/HAM10000_metadata.csv",
): Promise<void> {
  const rows = ["lesion_id,image_id,dx,dx_type,age,sex,localization,dataset"];
  for (let index = 0; index < 60; index++) {
    const id = `ISIC_00${index}`;
    const lesion = index % 4 === 3 ? index - 1 : index;
    const dx = ["nv", "nv", "mel", "bkl", "df"][Math.floor(lesion / 2) % 5];
    const source = ["rosendahl", "vidir modern"][Math.floor(lesion / 2) % 2];
    rows.push(`HAM_${lesion},${id},${dx},histo,50,male,back,${source}`);
    const png = await encodePng(pixelsOf(id, 40), 40);
    folder.write(`ham/HAM10000_images_part_${1 + index % 2}/${id}.png`, png);
  }
  folder.write(table, `${rows.join("\r\n")}\r\n`);
}

const placesOf = async (path: string) => {
  const { clients, classNames } = await readDatasetFolder(path, { imageSize: 32 });
  const places = new Map<string, string>();
  for (const client of clients) {
    for (const split of splitNames) {
      const { ids, labels } = client[split];
      ids.forEach((id, index) => {
        assert(!places.has(id));
        places.set(id, `${client.name} ${split} ${classNames[labels[index]]}`);
      });
    }
  }
  return { places, classNames, clients };
};

Deno.test("data prepare makes what train reads from raw HAM10000, lesion by lesion", async () => {
  using folder = new TemporaryFolder();
  await writeHam(folder);
  const args = "--source ham --partition-clients 2 --classes mel,nv,bkl --split 6,2,2 --seed 3";
  const { code, out, err } = await prepare(folder, `${args} --out new/data`);
  assertEquals([code, err], [0, ""]);
  const { places, classNames, clients } = await placesOf(join(folder.path, "new", "data"));
  assertEquals(classNames, ["mel", "nv", "bkl"]);
  assertEquals(places.size, 48);
  for (const [id, place] of places) {
    const index = Number(id.slice("ISIC_00".length));
    assert(
      place.endsWith(` ${["nv", "nv", "mel", "bkl"][Math.floor(index / 2) % 5]}`),
      `${id} ${place}`,
    );
    if (index % 4 === 3) assertEquals(place, places.get(`ISIC_00${index - 1}`));
  }
  const [id] = clients[0].train.ids;
  const image = { width: 40, height: 40, pixels: pixelsOf(id, 40) };
  assertEquals(clients[0].train.images.slice(0, 32 * 32 * 3), areaAverage(image, 32));

  assertStringIncludes(out, "new/data: 48 images of 32×32 pixels, 2 clients");
  assertStringIncludes(out, "the images of each of 36 lesions are in one client and split");
  assertStringIncludes(out, "left out: 12 df");
  assertMatch(out, /Train from it with --data new\/data --image-size 32/);
  assertEquals([...Deno.readDirSync(join(folder.path, "new"))].map(({ name }) => name), ["data"]);

  const again = await prepare(folder, `${args} --out again`);
  assertEquals(again.code, 0);
  assertEquals((await placesOf(join(folder.path, "again"))).places, places);
  const refused = await prepare(folder, `${args} --out again`);
  assertEquals(refused.code, 2);
  assertStringIncludes(refused.err, 'Cannot create folder "again": it exists already');
});

Deno.test("data prepare makes a client for each value of a column", async () => {
  using folder = new TemporaryFolder();
  await writeHam(folder);
  const args = "--source ham --out data --partition column --partition-column";
  assertEquals((await prepare(folder, `${args} dataset`)).code, 0);
  const { places } = await placesOf(join(folder.path, "data"));
  assertEquals(places.size, 60);
  for (const [id, place] of places) {
    const source = ["rosendahl", "vidir_modern"][Math.floor(Number(id.slice(7)) / 2) % 2];
    assertEquals(place.split(" ")[0], source);
  }
  const { err } = await prepare(folder, `${args} site`.replace("data ", "other "));
  assertStringIncludes(
    err,
    "Cannot use site for --partition-column: the columns are lesion_id, image_id",
  );
});

Deno.test("data prepare reads ISIC's labels and metadata from two files", async () => {
  using folder = new TemporaryFolder();
  const [truth, more] = [["image,MEL,NV,BKL"], ["image,lesion_id,anatom_site"]];
  for (let index = 0; index < 40; index++) {
    folder.write(`isic/ISIC_${index}.png`, await encodePng(pixelsOf(`${index}`, 8), 8));
    truth.push(`ISIC_${index},${[0, 1, 2].map((k) => index % 3 === k ? "1.0" : "0.0")}`);
    more.push(`ISIC_${index},${index < 20 ? `IL_${index % 10}` : ""},${index % 2 ? "arm" : "leg"}`);
  }
  folder.write("truth.csv", truth.join("\n"));
  folder.write("more.csv", more.join("\n"));
  const args = "--source isic --labels truth.csv --metadata more.csv --out data";
  const { code, out } = await prepare(
    folder,
    `${args} --partition dirichlet --alpha 5 --partition-clients 2`,
  );
  assertEquals(code, 0);
  assertStringIncludes(
    out,
    "the images of each of 10 lesions are in one client and split; " +
      "20 images without one stand alone",
  );
  const { places, classNames } = await placesOf(join(folder.path, "data"));
  assertEquals([places.size, ...classNames], [40, "nv", "bkl", "mel"]);
  for (let index = 0; index < 10; index++) {
    const [one, other] = [index, index + 10].map((i) =>
      places.get(`ISIC_${i}`)!.split(" ").slice(0, 2)
    );
    assertEquals(one, other);
  }
});

Deno.test("data prepare keeps the splits of a MedMNIST file", async () => {
  using folder = new TemporaryFolder();
  const tiny = fromFileUrl(new URL("../vectors/dermamnist_tiny.npz", import.meta.url));
  const { code, out, err } = await prepare(
    folder,
    `--source ${tiny} --out data --partition-clients 1`,
  );
  assertEquals([code, err], [0, ""]);
  const { places, classNames, clients } = await placesOf(join(folder.path, "data"));
  assertEquals(
    classNames,
    ["nv", "bkl", "mel", "akiec", "bcc", "df", "vasc"].filter((name) =>
      [...places.values()].some((place) => place.endsWith(` ${name}`))
    ),
  );
  assertEquals([...places], [
    ["train_0", "A train bcc"],
    ["train_1", "A train mel"],
    ["train_2", "A train akiec"],
    ["train_3", "A train df"],
    ["train_4", "A train vasc"],
    ["train_5", "A train bkl"],
    ["val_0", "A valid bcc"],
    ["val_1", "A valid mel"],
    ["test_0", "A test bcc"],
    ["test_1", "A test mel"],
    ["test_2", "A test akiec"],
  ]);
  const pixels = Uint8Array.from({ length: 48 }, (_, i) => (37 * (48 + i) + 11) % 251);
  assertEquals(
    clients[0].valid.images.slice(32 * 32 * 3),
    areaAverage({ width: 4, height: 4, pixels }, 32),
  );
  assertStringIncludes(out, "no lesion or patient is known");
});

Deno.test("data prepare follows ready lists", async () => {
  using folder = new TemporaryFolder();
  await writeHam(folder);
  for (const [split, index] of [["train", 3], ["valid", 4], ["test", 5]] as const) {
    const rows = Array.from({ length: 17 }, (_, row) => `ISIC_00${row * 3 + index - 3},${row % 3}`);
    folder.write(`lists/clientX/${split}_clientX.csv`, ["image_id,label", ...rows].join("\n"));
  }
  const { code, out } = await prepare(folder, "--source ham --csv-folder lists --out data");
  assertEquals(code, 0);
  assertMatch(out, /^ +X +train +6 +6 +5 +17$/m);
  assertStringIncludes(out, "--image-size 32 --last-batch join"); // 17 = 16 + 1
  const { clients } = await placesOf(join(folder.path, "data"));
  assertEquals(clients[0].valid.ids.slice(0, 3), ["ISIC_001", "ISIC_004", "ISIC_007"]);
});

Deno.test("data prepare leaves nothing where an image is broken", async () => {
  using folder = new TemporaryFolder();
  await writeHam(folder, "labels.csv");
  folder.write("ham/HAM10000_images_part_1/ISIC_0058.png", "broken");
  const { code, err } = await prepare(folder, "--source ham --labels labels.csv --out data");
  assertEquals(code, 2);
  assertStringIncludes(err, "Cannot decode ham/HAM10000_images_part_1/ISIC_0058.png");
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [
    "ham",
    "labels.csv",
  ]);
});

/** Arguments, and what is said about them. */
const refusals = [
  ["--out x", "Cannot prepare images without --source: folder with images"],
  ["--source ham", "Cannot prepare images without --out: new folder"],
  ["--source ham --out x", "Cannot find labels in ham: there is no HAM10000_metadata.csv"],
  ["--source kinds --out x --label-column dx", "Cannot use columns without a table"],
  [
    "--source ham --labels l.csv --out x --label-column dx --label-columns a,b",
    "Cannot use --label-columns with --label-column",
  ],
  ["--source x --labels ham --out x", "Cannot read the table of labels ham: "],
  ["--source no --labels l.csv --out x", "Cannot read the folder of images no: it does not exist"],
  [
    "--source ham --out x --alpha 1",
    "Cannot use --alpha with --partition iid: it is for dirichlet",
  ],
  [
    "--source ham --out x --partition-column dx",
    "Cannot use --partition-column with --partition iid: it is for column",
  ],
  ["--source ham --out x --partition column", "Cannot prepare images without --partition-column"],
  [
    "--source ham --out x --partition column --partition-column dx --partition-clients 3",
    "Cannot use --partition-clients with --partition column: every value makes a client",
  ],
  ...[
    "--labels l.csv",
    "--id-column a",
    "--drop-unlabelled",
    "--group-column a",
    "--classes nv,mel",
    "--split 1,1,1",
    "--seed 4",
    "--partition iid",
  ].map((
    flag,
  ) => [
    `--source ham --out x --csv-folder lists ${flag}`,
    `Cannot use ${flag.split(" ")[0]} with --csv-folder: the lists decide`,
  ]),
  ...["--labels l.csv", "--metadata l.csv", "--split 1,1,1", "--csv-folder l"].map((flag) => [
    `--source x.npz --out x ${flag}`,
    `Cannot use ${flag.split(" ")[0]} with `,
  ]),
  [
    "--source ham --out x --split 7,0,3",
    "expected 3 numbers above 0 separated by commas, such as 7,1,2",
  ],
  [
    "--source x.npz --out x --partition column",
    "Cannot use --partition column with a MedMNIST file",
  ],
  ["--source ham --out x --split 7,3", "expected 3 numbers above 0"],
  ["--source ham --out ham", 'Cannot create folder "ham": it exists already'],
] as const;

Deno.test("data prepare refuses in one sentence what it cannot do, and writes nothing", async () => {
  using folder = new TemporaryFolder();
  folder.write("ham/readme.txt", "");
  folder.write("l.csv", "image,dx\na,nv\n");
  folder.write("kinds/cat/a.png", "not read");
  folder.write("kinds/dog/b.png", "not read");
  for (const [args, message] of refusals) {
    const { code, out, err } = await prepare(folder, args);
    assertEquals([code, out], [2, ""], args);
    assertStringIncludes(err, `${message}`, args);
    assertMatch(err, /^error: [^\n]+\n$/);
  }
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [
    "ham",
    "kinds",
    "l.csv",
  ]);
});

Deno.test("data prepare reads one folder per class, and keeps folders of splits", async () => {
  using folder = new TemporaryFolder();
  for (const [index, name] of ["Cat", "dog", "Nevus"].entries()) {
    for (let image = 0; image < 12; image++) {
      const png = await encodePng(pixelsOf(`${image}${index}`, 8), 8);
      folder.write(`kinds/${name}/${image}.png`, png);
      folder.write(`parts/${["train", "val", "test"][image % 3]}/${name}/${image}.png`, png);
    }
  }
  const args = "--partition-clients 1 --split 4,1,1";
  const { code, out, err } = await prepare(folder, `--source kinds --out data ${args}`);
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, "classes are named by folders\n");
  const { places, classNames } = await placesOf(join(folder.path, "data"));
  assertEquals(classNames, ["nv", "Cat", "dog"]);
  assertEquals(places.size, 36);
  for (const [id, place] of places) {
    const [kind] = id.split("_");
    assert(place.endsWith(` ${kind === "Nevus" ? "nv" : kind}`), `${id} ${place}`);
  }

  assertEquals((await prepare(folder, `--source parts --out kept --partition-clients 1`)).code, 0);
  for (const [id, place] of (await placesOf(join(folder.path, "kept"))).places) {
    const split = { train: "train", val: "valid", test: "test" }[id.split("_")[0]];
    assertEquals(place.split(" ")[1], split, id);
  }
  folder.remove("parts/val");
  const refused = await prepare(folder, "--source parts --out other");
  assertEquals(refused.code, 2);
  assertStringIncludes(
    refused.err,
    "of train, valid and test it has test, train; add what is missing",
  );
});

Deno.test("data prepare keeps patients together, and says so; data inspect finds none in two splits", async () => {
  using folder = new TemporaryFolder();
  const rows = ["image_name,patient_id,label"];
  for (let index = 0; index < 60; index++) {
    folder.write(`raw/i${index}.png`, await encodePng(pixelsOf(`${index}`, 8), 8));
    rows.push(`i${index},P${index % 15},${index % 2}`);
  }
  folder.write("labels.csv", rows.join("\n"));
  const args = "--source raw --labels labels.csv --out data --partition-clients 2";
  const { code, out } = await prepare(folder, args);
  assertEquals(code, 0);
  assertStringIncludes(out, "the images of each of 15 patients are in one client and split");
  const inspect = (...more: string[]) =>
    runCli(folder.path, "data", "inspect", "--data", "data", "--image-size", "32", ...more);
  const checked = await inspect("--metadata", "labels.csv");
  assertStringIncludes(
    checked.out,
    "Groups: 15 patients in 60 images\n  none in two splits or clients",
  );
  const header = "image_name,Patient ID,visit";
  folder.write("visits.csv", [header, ...rows.slice(1)].join("\n"));
  const visits = await inspect("--metadata", "visits.csv", "--group-column", "visit");
  assertMatch(visits.out, /warning: 2 values of visit of client A in both train and test/);
  assertStringIncludes(visits.out, "column Patient ID is not checked; name it with --group-column");
});

Deno.test("two classes without names are told, and no third output is made for them", async () => {
  using folder = new TemporaryFolder();
  const rows = ["image,label"];
  for (let index = 0; index < 40; index++) {
    folder.write(`raw/i${index}.png`, await encodePng(pixelsOf(`${index}`, 8), 8));
    rows.push(`i${index},${index % 2}`);
  }
  folder.write("labels.csv", rows.join("\n"));
  const args = "--source raw --labels labels.csv --out data --partition-clients 1";
  assertEquals((await prepare(folder, args)).code, 0);
  const inspect = () =>
    runCli(folder.path, "data", "inspect", "--data", "data", "--image-size", "32");
  folder.remove("data/csv_folder/classes.json");
  const { code, err, out } = await inspect();
  assertEquals(code, 0);
  assertMatch(out, /client +split +class 0 +class 1 +all/);
  assertStringIncludes(
    err,
    "warning: the classes are called class 0, class 1: csv_folder/classes.json can",
  );
  folder.write("data/csv_folder/classes.json", '["a", "b", "c"]');
  assertEquals(
    (await inspect()).err,
    "warning: no client has a training image of c: what is never seen is never predicted\n",
  );
});
