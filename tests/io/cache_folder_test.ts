// The cache: what comes back, what damage does, what makes room, and that nothing is an error.

import { join } from "@std/path";
import { CacheFolder } from "../../src/io/cache_folder.ts";
import { assertEquals } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";

const [one, two, three] = ["1", "2", "3"].map((digit) => digit.repeat(64));
const bytesOf = (start: number, count = 100) =>
  Uint8Array.from({ length: count }, (_, index) => start + index);
const namesIn = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

/** Pretends that an entry was last used so many hours ago. */
function age(path: string, hours: number): void {
  const time = new Date(Date.now() - hours * 3_600_000);
  Deno.utimeSync(path, time, time);
}

Deno.test("CacheFolder gives back what was written, and null for what was not", async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "not", "there", "yet");
  const cache = new CacheFolder(path);
  assertEquals(await cache.read(one), null);
  await cache.write(one, bytesOf(1));
  await cache.write(two, bytesOf(2, 0));
  await cache.write(one, bytesOf(3));
  const again = new CacheFolder(path);
  assertEquals(await again.read(one), bytesOf(3));
  assertEquals(await again.read(two), bytesOf(2, 0));
  assertEquals(await again.read(three), null);
  assertEquals(namesIn(path), [`${one}.bin`, `${two}.bin`]); // nothing temporary
});

Deno.test({
  name: "CacheFolder keeps others from looking into it",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    using folder = new TemporaryFolder();
    const path = join(folder.path, "cache");
    await new CacheFolder(path).write(one, bytesOf(1));
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o700);
  },
});

Deno.test("CacheFolder takes a damaged entry for none, wherever it is damaged, and writes over it", async () => {
  using folder = new TemporaryFolder();
  const cache = new CacheFolder(folder.path);
  await cache.write(one, bytesOf(1));
  const path = join(folder.path, `${one}.bin`);
  const whole = Deno.readFileSync(path);
  const flipped = (at: number) => whole.map((byte, index) => index === at ? byte ^ 1 : byte);
  const damaged = [
    ...[0, 31, 32, 80, whole.length - 1].map(flipped),
    ...[0, 10, 32, whole.length - 1].map((length) => whole.slice(0, length)),
    Uint8Array.of(...whole, 0),
  ];
  for (const content of damaged) {
    Deno.writeFileSync(path, content);
    assertEquals(await cache.read(one), null, `${content}`);
  }
  await cache.write(one, bytesOf(1));
  assertEquals(await cache.read(one), bytesOf(1));
});

Deno.test("CacheFolder removes what was not used for longest, and its own files alone", async () => {
  using folder = new TemporaryFolder();
  const pathOf = (name: string) => join(folder.path, name);
  const unfinished = `${three}.bin.${crypto.randomUUID()}.tmp`;
  const earlier = new CacheFolder(folder.path);
  for (const key of [one, two]) await earlier.write(key, bytesOf(0, 400));
  for (const name of [unfinished, "notes.bin"]) Deno.writeFileSync(pathOf(name), bytesOf(0, 400));
  age(pathOf(`${one}.bin`), 1);
  age(pathOf(`${two}.bin`), 2);
  age(pathOf(unfinished), 3);
  age(pathOf("notes.bin"), 4);

  await new CacheFolder(folder.path, 1300).write(three, bytesOf(0, 400));
  assertEquals(namesIn(folder.path), [`${one}.bin`, `${two}.bin`, `${three}.bin`, "notes.bin"]);
  age(pathOf(`${three}.bin`), 1.5);
  await new CacheFolder(folder.path).read(two); // used again
  await new CacheFolder(folder.path, 900).write("4".repeat(64), bytesOf(0, 400));
  assertEquals(namesIn(folder.path), [`${two}.bin`, `${"4".repeat(64)}.bin`, "notes.bin"]);
});

Deno.test("CacheFolder removes nothing for what has no room anyway, nor what this process uses", async () => {
  using folder = new TemporaryFolder();
  await new CacheFolder(folder.path).write(one, bytesOf(0, 400));
  const cache = new CacheFolder(folder.path, 1000);
  await cache.write(two, bytesOf(0, 1000)); // with its digest it is larger
  assertEquals(namesIn(folder.path), [`${one}.bin`]);
  await cache.read(one);
  await cache.write(two, bytesOf(0, 400));
  await cache.write(three, bytesOf(0, 400));
  assertEquals(namesIn(folder.path), [`${one}.bin`, `${two}.bin`]);
});

Deno.test("CacheFolder holds a limited number of the smallest files", async () => {
  using folder = new TemporaryFolder();
  const keys = Array.from({ length: 2100 }, (_, index) => index.toString(16).padStart(64, "0"));
  for (const key of keys) Deno.writeFileSync(join(folder.path, `${key}.bin`), bytesOf(0, 0));
  await new CacheFolder(folder.path).write(one, bytesOf(1));
  assertEquals([namesIn(folder.path).length, namesIn(folder.path).at(-1)], [2048, `${one}.bin`]);
});

Deno.test("CacheFolder keeps nothing where it cannot, without an error", async () => {
  using folder = new TemporaryFolder();
  folder.write("file", "");
  const cache = new CacheFolder(join(folder.path, "file", "cache"));
  await cache.write(one, bytesOf(1));
  assertEquals(await cache.read(one), null);
  Deno.mkdirSync(join(folder.path, `${one}.bin`)); // in the way
  const blocked = new CacheFolder(folder.path);
  await blocked.write(one, bytesOf(1));
  assertEquals(await blocked.read(one), null);
});
