// Reading images in several threads: the same bytes, the same errors, and no thread where it may not be.

import { join } from "@std/path";
import { DataError } from "../../src/data/data_error.ts";
import { openImageDecoder } from "../../src/data/decode.ts";
import { encodePng } from "../../src/data/encode.ts";
import { readImages, type ReadOptions } from "../../src/data/image_threads.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { pixelsOf, TemporaryFolder } from "./tiny_folder.ts";

await openImageDecoder(); // loads its program, which the tests without permissions could not

/** Tasks for so many square images, each of its own pixels. */
function writeImages(
  folder: TemporaryFolder,
  count: number,
  storedSize: number,
  imageSize: number,
) {
  return Array.from({ length: count }, (_, index) => {
    const id = `image_${String.fromCharCode(65 + index)}`;
    const pixels = pixelsOf(id, storedSize);
    folder.write(`${id}.png`, encodePng({ width: storedSize, height: storedSize, pixels }));
    const path = join(folder.path, `${id}.png`);
    return { path, storedSize, target: new Uint8Array(imageSize ** 2 * 3) };
  });
}

/** How many threads are started while something is done; all of them have to be ended. */
async function countThreads(action: () => Promise<unknown>): Promise<number> {
  const { Worker } = globalThis;
  let [started, ended] = [0, 0];
  globalThis.Worker = class extends Worker {
    constructor(program: string | URL, options?: WorkerOptions) {
      super(program, options);
      started++;
    }
    override terminate(): void {
      super.terminate();
      ended++;
    }
  };
  try {
    await action();
  } finally {
    globalThis.Worker = Worker;
  }
  assertEquals(ended, started);
  return started;
}

for (const threads of [2, 5]) {
  Deno.test(`readImages() gives the same bytes with ${threads} threads as with one`, async () => {
    using folder = new TemporaryFolder();
    const tasks = writeImages(folder, 20, 128, 48); // in portions of four
    await readImages(tasks, 48, { threads: 1 });
    const expected = tasks.map(({ target }) => target.slice());
    for (const { target } of tasks) target.fill(0);
    const progress: string[] = [];
    const onProgress = (done: number, total: number) => progress.push(`${done}/${total}`);
    const started = await countThreads(() => readImages(tasks, 48, { threads, onProgress }));
    assertEquals(started, threads);
    assertEquals(tasks.map(({ target }) => target), expected);
    assertEquals(progress, tasks.map((_, index) => `${index + 1}/20`));
  });
}

Deno.test("readImages() names the image that cannot be read, whatever the threads", async () => {
  using folder = new TemporaryFolder();
  const tasks = writeImages(folder, 6, 8, 8);
  const [{ path }] = tasks;
  const messageOf = async (options: ReadOptions) => {
    let message = "";
    await countThreads(async () => {
      ({ message } = await assertRejects(() => readImages(tasks, 8, options), DataError));
    });
    return message;
  };
  const wrong = {
    "it is neither a PNG nor a JPEG file": () => Deno.writeTextFileSync(path, "no image"),
    "it does not exist": () => Deno.removeSync(path),
  };
  for (const [reason, spoil] of Object.entries(wrong)) {
    spoil();
    const messages = [await messageOf({ threads: 1 }), await messageOf({ threads: 3 })];
    assert(messages[0].includes(path) && messages[0].includes(reason), messages[0]);
    assertEquals(messages[1], messages[0]);
  }
});

Deno.test("readImages() stops soon, and ends its threads, where the progress throws", async () => {
  using folder = new TemporaryFolder();
  const [image] = writeImages(folder, 1, 256, 8);
  const tasks = new Array(3000).fill(image);
  let calls = 0;
  const stop = () => {
    if (++calls > 2) throw new RangeError("enough");
  };
  const started = await countThreads(async () => {
    const read = () => readImages(tasks, 8, { threads: 2, onProgress: stop });
    await assertRejects(read, RangeError, "enough");
  });
  assertEquals(started, 2);
  assert(calls < 10, `${calls} images were read`);
});

Deno.test("readImages() starts threads by itself, but not for little work", async () => {
  using folder = new TemporaryFolder();
  const [image] = writeImages(folder, 1, 1024, 8);
  const read = (count: number, cores: number) =>
    countThreads(() => readImages(new Array(count).fill(image), 8, { cores }));
  assertEquals(await read(8, 1), 0);
  assertEquals(await read(8, 2), 2);
  assertEquals(await read(8, 64), 2);
  assertEquals(await read(7, 64), 0);
});

const own = new TemporaryFolder();
addEventListener("unload", () => own[Symbol.dispose]());
Deno.test({
  name: "readImages() does without threads where it may read nothing but the data",
  permissions: { read: [own.path], write: [own.path] },
  fn: async () => {
    const [image] = writeImages(own, 1, 1024, 8);
    assertEquals(
      await countThreads(() => readImages(new Array(8).fill(image), 8, { cores: 2 })),
      0,
    );
    assert(image.target.some((byte) => byte > 0));
  },
});
