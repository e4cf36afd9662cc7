// Keeping decoded images: never other pixels than the files', and everything that makes them be decoded again.

import { join } from "@std/path";
import { Image } from "imagescript";
import { DataError } from "../../src/data/data_error.ts";
import { openImageDecoder } from "../../src/data/decode.ts";
import { type DatasetFolderOptions, readDatasetFolder } from "../../src/data/folder.ts";
import { type ImageCache, pixelsVersion } from "../../src/data/image_cache.ts";
import { orientationTiff, withExif } from "./exif.ts";
import { pngFile } from "./png_file.ts";
import { areaAverage } from "../../src/data/resize.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { encodePng, pixelsOf, TemporaryFolder, writeTinyData } from "./tiny_folder.ts";

/** Keeps images in memory, and counts. */
class MemoryCache implements ImageCache {
  readonly entries = new Map<string, Uint8Array>();
  found = 0;

  read(key: string): Promise<Uint8Array | null> {
    const bytes = this.entries.get(key) ?? null;
    if (bytes !== null) this.found++;
    return Promise.resolve(bytes);
  }

  write(key: string, bytes: Uint8Array): Promise<void> {
    this.entries.set(key, bytes.slice());
    return Promise.resolve();
  }
}

/** Splits of the tiny data. */
const allSplits = 6;

/** Runs a test on the tiny data; `read` tells how many of its splits came from the cache, after seeing that the images are right. */
async function withCache(
  test: (
    folder: TemporaryFolder,
    read: (options?: Partial<DatasetFolderOptions>) => Promise<number>,
    cache: MemoryCache,
  ) => Promise<void>,
): Promise<void> {
  using folder = new TemporaryFolder();
  await writeTinyData(folder);
  const cache = new MemoryCache();
  const read = async (options: Partial<DatasetFolderOptions> = {}) => {
    cache.found = 0;
    const wanted = { imageSize: 4, ...options };
    const dataset = await readDatasetFolder(folder.path, { cache, ...wanted });
    assertEquals(dataset, await readDatasetFolder(folder.path, wanted));
    return cache.found;
  };
  await test(folder, read, cache);
}

Deno.test("readDatasetFolder() reads from the cache what it has read before", () =>
  withCache(async (folder, read, cache) => {
    assertEquals([await read(), cache.entries.size], [0, allSplits]);
    assertEquals([await read(), cache.entries.size], [allSplits, allSplits]);
    folder.write("clientA/img_resize4/extra.png", "a file that no list names");
    folder.write("csv_folder/clientA/test_clientA.csv", "label,image_id\n1,A_test_0\n0,A_test_1\n");
    assertEquals(await read(), allSplits); // other labels, but the same images in the same order
    assertEquals(await read({ splits: ["test"], clients: ["B"] }), 1);
  }));

const changes: Record<string, [found: number, change: (folder: TemporaryFolder) => unknown]> = {
  "an image of other content and the same size": [allSplits - 1, async (folder) => {
    const path = "clientA/img_resize4/A_valid_1.png";
    const { length } = Deno.readFileSync(join(folder.path, path));
    const png = await encodePng(pixelsOf("another", 4), 4);
    assertEquals(png.length, length);
    folder.write(path, png);
    const later = new Date(Date.now() + 10); // should the clock be coarse
    Deno.utimeSync(join(folder.path, path), later, later);
  }],
  "an image of another size and the same time": [allSplits - 1, async (folder) => {
    const path = join(folder.path, "clientA/img_resize4/A_valid_1.png");
    const { mtime } = Deno.statSync(path);
    Deno.writeFileSync(path, await encodePng(new Uint8Array(4 * 4 * 3), 4));
    Deno.utimeSync(path, mtime!, mtime!);
  }],
  "images in another order": [allSplits - 1, (folder) => {
    folder.write(
      "csv_folder/clientB/train_clientB.csv",
      "image_id,label\nB_train_1,1\nB_train_0,0",
    );
  }],
  "an image less": [allSplits - 1, (folder) => {
    folder.write("csv_folder/clientB/train_clientB.csv", "image_id,label\nB_train_0,0\n");
  }],
  "a JPEG file in place of a PNG file": [allSplits - 1, async (folder) => {
    folder.remove("clientA/img_resize4/A_test_0.png");
    folder.write("clientA/img_resize4/A_test_0.jpg", await new Image(4, 4).encodeJPEG());
  }],
  "a folder of a better size": [allSplits - 3, (folder) => {
    Deno.renameSync(join(folder.path, "clientB/img_resize4"), join(folder.path, "clientB/other"));
  }],
};

for (const [what, [found, change]] of Object.entries(changes)) {
  Deno.test(`readDatasetFolder() decodes again what is not what was kept: ${what}`, () =>
    withCache(async (folder, read) => {
      await read();
      await change(folder);
      assertEquals(await read(), found);
      assertEquals(await read(), allSplits);
    }));
}

Deno.test("readDatasetFolder() keeps images of other sizes, limits and places apart", () =>
  withCache(async (folder, read, cache) => {
    for (const options of [{}, { imageSize: 3 }, { imageSize: 8 }, { limit: 1 }]) {
      assertEquals(await read(options), 0);
    }
    const copy = join(folder.path, "copy");
    for (const name of ["clientA", "clientB", "csv_folder"]) {
      Deno.mkdirSync(copy, { recursive: true });
      Deno.renameSync(join(folder.path, name), join(copy, name)); // same sizes, same times
    }
    cache.found = 0;
    await readDatasetFolder(copy, { imageSize: 4, cache });
    assertEquals(cache.found, 0);
  }));

Deno.test("readDatasetFolder() counts cached images as read, and goes on with the others", () =>
  withCache(async (_, read) => {
    const progress: string[] = [];
    const onProgress = (done: number, total: number) => progress.push(`${done}/${total}`);
    await read({ clients: ["B"], splits: ["valid"] });
    await read({ splits: ["valid"], onProgress });
    // Of A decoded and kept, of B from the cache; then once more without the cache
    assertEquals(progress, ["2/4", "3/4", "4/4", "4/4", "1/4", "2/4", "3/4", "4/4"]);
  }));

Deno.test("readDatasetFolder() names a damaged image with a cache too, and keeps nothing of its split", () =>
  withCache(async (folder, read, cache) => {
    folder.write("clientA/img_resize4/A_test_1.png", "no image");
    const { message } = await assertRejects(() => read(), DataError);
    assertEquals(
      message,
      `Cannot decode ${join(folder.path, "clientA/img_resize4/A_test_1.png")}: ` +
        "it is neither a PNG nor a JPEG file; replace the file",
    );
    assertEquals(cache.entries.size, 0);
  }));

Deno.test({
  name: "readDatasetFolder() says why an image cannot be examined",
  ignore: Deno.build.os === "windows", // links need a permission there
  fn: () =>
    withCache(async (folder, read) => {
      const path = join(folder.path, "clientA/img_resize4/A_test_1.png");
      Deno.removeSync(path);
      Deno.symlinkSync("nowhere", path);
      const { message } = await assertRejects(() => read(), DataError);
      assertEquals(message, `Cannot read ${path}: it does not exist; make it readable`);
    }),
});

Deno.test("readDatasetFolder() does not keep images that change while they are read", () =>
  withCache(async (folder, read, cache) => {
    const touch = () => {
      const later = new Date(Date.now() + 1000);
      Deno.utimeSync(join(folder.path, "clientA/img_resize4/A_test_1.png"), later, later);
    };
    await read({ onProgress: touch });
    assertEquals(cache.entries.size, allSplits - 1);
  }));

Deno.test("pixelsVersion is another one where images become other pixels", async () => {
  const decode = await openImageDecoder();
  const image = new Image(40, 24).fill((x, y) => Image.rgbToColor(3 * x, 9 * y, x * y % 256));
  const jpeg = await image.encodeJPEG(90);
  const deep = { width: 7, height: 7, depth: 16, colourType: 0 } as const;
  const files = [
    await image.encode(),
    jpeg,
    withExif(jpeg, orientationTiff(6, true)),
    pngFile(
      deep,
      Uint8Array.from({ length: 98 }, (_, at) => at % 2 === 0 ? at % 16 : 5 * at % 256),
    ),
  ];
  const pixels = files.flatMap((file) => [...areaAverage(decode(file, "image"), 7)]);
  const digest = await crypto.subtle.digest("SHA-256", Uint8Array.from(pixels));
  const known: Record<number, string> = {
    2: "bbd44750f82e671156e3a93e20467f4090b80dfabc5d57d9940f5ca46b8cc4b4",
  };
  assertEquals(new Uint8Array(digest).toHex(), known[pixelsVersion], "raise pixelsVersion");
});
