// What is noticed about images reaches whoever reads them: from files, threads and the cache.

import { join } from "@std/path";
import { readDatasetFolder } from "../../src/data/folder.ts";
import { summarizeNotes } from "../../src/data/image_notes.ts";
import { assertEquals } from "../assert.ts";
import { flatPng, images, size, writeOneClient } from "../bad_inputs/one_client.ts";
import { TemporaryFolder } from "./tiny_folder.ts";

const text = "only 12 of 16 bits are used, so these were taken for all there are";

Deno.test("summarizeNotes() counts each kind and names one image", () => {
  const notes = [{ path: "b", text: "x" }, { path: "a", text: "x" }, { path: "c", text: "y" }];
  assertEquals(summarizeNotes(notes), ["2 images (a and others): x", "1 image (c): y"]);
});

Deno.test("notes are told again where the pixels come from the cache", async () => {
  using folder = new TemporaryFolder();
  writeOneClient(folder);
  for (const id of ["x0", "x3"]) folder.write(`${images}/${id}.png`, flatPng(16, 0, [0x0f, 0xff]));
  const path = join(folder.path, images, "x0.png");
  const expected = [`2 images (${path} and others): ${text}`];
  const kept = new Map<string, Uint8Array>();
  const cache = {
    read: (key: string) => Promise.resolve(kept.get(key) ?? null),
    write: (key: string, bytes: Uint8Array) => Promise.resolve(void kept.set(key, bytes.slice())),
  };
  const read = (options = {}) => readDatasetFolder(folder.path, { imageSize: size, ...options });
  const first = await read({ cache });
  assertEquals(first.warnings, expected);
  assertEquals(first.clients[0].train.images[0], 255);
  Deno.writeTextFileSync(path, "", { append: true });
  assertEquals(await read({ cache }), first);
  assertEquals((await read({ threads: 2 })).warnings, expected);
  folder.remove(`${images}/x0.png`);
  folder.remove(`${images}/x3.png`);
  for (const id of ["x0", "x3"]) folder.write(`${images}/${id}.png`, flatPng(16, 0, [0xff, 0xff]));
  assertEquals("warnings" in await read({ cache }), false);
});
