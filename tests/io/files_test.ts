// Atomic writing, JSON lines, and the refusal to touch what exists.

import { join } from "@std/path";
import {
  appendJsonLine,
  claimFolder,
  createFolderAtomic,
  createNewFolder,
  expectNewFolder,
  toJsonLine,
  writeFileAtomic,
} from "../../src/io/files.ts";
import { assertEquals, assertRejects } from "../assert.ts";

/** Runs a test in a folder that is removed afterwards. */
async function inTemporaryFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name);

Deno.test("writeFileAtomic() writes text or bytes, replaces, and leaves nothing else", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "file");
    await writeFileAtomic(path, "längst");
    await writeFileAtomic(path, new Uint8Array([104, 105]));
    assertEquals(await Deno.readTextFile(path), "hi");
    assertEquals(namesIn(folder), ["file"]);
  }));

Deno.test("writeFileAtomic() keeps the old file and no temporary one where it fails", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "taken");
    await Deno.mkdir(join(path, "inside"), { recursive: true }); // a folder cannot be replaced
    await assertRejects(() => writeFileAtomic(path, "new"), Error);
    assertEquals(namesIn(folder), ["taken"]);
  }));

Deno.test("appendJsonLine() adds one line each time", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "rows.jsonl");
    await appendJsonLine(path, { a: 1 });
    await appendJsonLine(path, { b: "two\nlines" });
    assertEquals(await Deno.readTextFile(path), '{"a":1}\n{"b":"two\\nlines"}\n');
  }));

Deno.test("toJsonLine() keeps numbers that are not finite visible", () => {
  const value = { loss: NaN, list: [Infinity, -Infinity, 1], auc: null };
  assertEquals(toJsonLine(value), '{"loss":"NaN","list":["Infinity","-Infinity",1],"auc":null}');
});

Deno.test("createNewFolder() makes the folders above too", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "runs", "one");
    await expectNewFolder(path);
    assertEquals(namesIn(folder), []);
    await createNewFolder(path);
    assertEquals((await Deno.stat(path)).isDirectory, true);
  }));

Deno.test("createNewFolder() refuses what exists, and a path through a file", () =>
  inTemporaryFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    await assertRejects(() => createNewFolder(folder), Deno.errors.AlreadyExists, "exists already");
    await assertRejects(() => createNewFolder(file), Deno.errors.AlreadyExists);
    await assertRejects(
      () => createNewFolder(join(file, "runs", "one")),
      Deno.errors.NotADirectory,
      `"${file}" is a file`,
    );
  }));

Deno.test("createFolderAtomic() shows the folder only when it is full", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "above", "new");
    await createFolderAtomic(path, async (temporary) => {
      await Deno.writeTextFile(join(temporary, "file"), "content");
      assertEquals(namesIn(join(folder, "above")).includes("new"), false);
    });
    assertEquals(namesIn(join(folder, "above")), ["new"]);
    assertEquals(await Deno.readTextFile(join(path, "file")), "content");
    await assertRejects(() => createFolderAtomic(path, async () => {}), Deno.errors.AlreadyExists);
    assertEquals(namesIn(path), ["file"]);
  }));

Deno.test("createFolderAtomic() leaves nothing where filling fails or somebody else was faster", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "new");
    const failing = async (temporary: string) => {
      await Deno.writeTextFile(join(temporary, "file"), "content");
      throw new RangeError("full");
    };
    await assertRejects(() => createFolderAtomic(path, failing), RangeError, "full");
    assertEquals(namesIn(folder), []);
    const late = async () => await Deno.mkdir(path);
    await assertRejects(() => createFolderAtomic(path, late), Deno.errors.AlreadyExists);
    assertEquals(namesIn(folder), ["new"]);
  }));

Deno.test("claimFolder() gives two processes two folders, and takes back what stays empty", () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "runs", "deep", "one");
    {
      await using first = await claimFolder(path);
      const many = await Promise.all([1, 2, 3].map(() => claimFolder(path)));
      const paths = [first, ...many].map(({ path }) => path).toSorted();
      assertEquals(paths, [path, `${path}_2`, `${path}_3`, `${path}_4`]);
      for (const claim of many) await claim[Symbol.asyncDispose]();
    }
    assertEquals(namesIn(folder), []);
    {
      await using claim = await claimFolder(path);
      await Deno.writeTextFile(join(claim.path, "file"), "");
    }
    assertEquals(namesIn(path), ["file"]);
    await assertRejects(() => claimFolder(join(path, "file", "x")), Deno.errors.NotADirectory);
  }));
