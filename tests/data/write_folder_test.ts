// Writing the layout and reading it back: the demo data to the byte, other sizes and shapes as resized.

import { join } from "@std/path";
import { DataError } from "../../src/data/data_error.ts";
import { splitNames } from "../../src/data/dataset.ts";
import { demoDataset } from "../../src/data/demo.ts";
import { readDatasetFolder } from "../../src/data/folder.ts";
import { areaAverage } from "../../src/data/resize.ts";
import { planOfDataset, splitListText, writeDatasetFolder } from "../../src/data/write_folder.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { TemporaryFolder } from "./tiny_folder.ts";

Deno.test("a dataset that is written is read back to the byte", async () => {
  using folder = new TemporaryFolder();
  const sizes = { trainSize: 40, validSize: 20, testSize: 24 };
  const dataset = await demoDataset({ seed: 3, imageSize: 32, ...sizes });
  const progress: number[] = [];
  await writeDatasetFolder(folder.path, planOfDataset(dataset), 32, (done, total) => {
    assertEquals(total, 84);
    progress.push(done);
  });
  assertEquals(progress, Array.from({ length: 84 }, (_, index) => index + 1));
  assertEquals(await readDatasetFolder(folder.path, { imageSize: 32 }), dataset);
});

Deno.test("writeDatasetFolder() squeezes and enlarges to squares, and names other classes", async () => {
  using folder = new TemporaryFolder();
  const [wide, small] = [[9, 5], [2, 2]].map(([width, height]) => ({
    width,
    height,
    pixels: Uint8Array.from({ length: width * height * 3 }, (_, index) => index * 7 % 256),
  }));
  const classNames = ["a; b", 'say "c"', "d", "e"];
  const split = (id: string, label: number, image: typeof wide) => {
    const list = splitListText([{ id, label, fields: { lesion_id: "L,1" } }], classNames, [
      "lesion_id",
    ]);
    return { list, images: [{ id, label, load: () => Promise.resolve(image) }] };
  };
  const clients = [{
    name: "X-1",
    train: split("wide", 0, wide),
    valid: split("small, one", 1, small),
    test: split("wide", 3, wide), // listed twice, stored once
  }];
  let written = 0;
  await writeDatasetFolder(folder.path, { clients, classNames }, 4, (_, total) => {
    written = total;
  });
  assertEquals(written, 2);
  const read = await readDatasetFolder(folder.path, { imageSize: 4 });
  assertEquals(read.classNames, classNames);
  const [client] = read.clients;
  assertEquals(client.name, "X-1");
  assertEquals(splitNames.map((name) => [...client[name].ids, ...client[name].labels]), [
    ["wide", 0],
    ["small, one", 1],
    ["wide", 3],
  ]);
  assertEquals(client.train.images, areaAverage(wide, 4));
  assertEquals(client.valid.images, areaAverage(small, 4));
  assertEquals(
    await Deno.readTextFile(join(folder.path, "csv_folder", "clientX-1", "valid_clientX-1.csv")),
    'image_id,label,lesion_id,dx\n"small, one",1,"L,1","say ""c"""\n',
  );
});

Deno.test("writeDatasetFolder() rejects names that lead out of the folder, and writes nothing there", async () => {
  using folder = new TemporaryFolder();
  const empty = { list: "", images: [] };
  const load = () => Promise.resolve({ width: 1, height: 1, pixels: new Uint8Array(3) });
  const write = (name: string, id: string) => {
    const train = { list: "", images: [{ id, label: 0, load }] };
    const plan = { clients: [{ name, train, valid: empty, test: empty }], classNames: ["a", "b"] };
    Deno.mkdirSync(join(folder.path, "out"), { recursive: true });
    return writeDatasetFolder(join(folder.path, "out"), plan, 1);
  };
  for (const name of ["../x", "/tmp/x", "a\\b", "../../x"]) {
    await assertRejects(() => write("A", name), DataError, `Cannot name a file ${name}.png`);
    await assertRejects(() => write(name, "x"), DataError, `Cannot name a file client${name}`);
  }
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["out"]);
});
