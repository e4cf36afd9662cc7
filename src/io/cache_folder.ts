// A folder of bytes that can be made again at any time: bounded in size, and checked whenever they are read.

import { join } from "@std/path";
import { type Clock, systemClock } from "../clock.ts";
import { writeFileAtomic } from "./files.ts";

/** Bytes that a folder may hold by default. */
const defaultCapacity = 2 ** 31;

/** Files that a folder may hold. */
const mostEntries = 2048;

/** Names of entries, finished or left unfinished by a process that was killed; other files are not touched. */
const entryName = /^[0-9a-f]{64}\.bin(\.[0-9a-f-]{36}\.tmp)?$/;

/** Bytes of a SHA-256 digest, with which every entry begins. */
const digestBytes = 32;

/** One file of the folder. */
interface Entry {
  readonly name: string;
  readonly bytes: number;
  /** milliseconds since 1970 */
  readonly lastUse: number;
}

/** No method throws where files cannot be read or written: then there is nothing, or nothing is kept. */
export class CacheFolder {
  readonly #path: string;
  readonly #capacity: number;
  /** Entries that were read or written, which do not make room for others: else a set too large would never be found again. */
  readonly #used = new Set<string>();

  /** @param capacity bytes that it may hold; default 2 GiB */
  constructor(
    path: string,
    capacity = defaultCapacity,
    private readonly clock: Clock = systemClock,
  ) {
    this.#path = path;
    this.#capacity = capacity;
  }

  /**
   * The bytes stored under a key; null where there are none, or they are damaged.
   *
   * @param key SHA-256 of what the bytes depend on, hexadecimal
   */
  async read(key: string): Promise<Uint8Array | null> {
    const path = join(this.#path, nameOf(key));
    const content = await Deno.readFile(path).catch(() => null);
    if (content === null) return null;
    const bytes = content.subarray(digestBytes);
    const digest = await digestOf(bytes);
    const isWhole = digest.every((byte, index) => byte === content[index]);
    if (!isWhole) return null; // whoever makes the bytes again writes over them
    this.#used.add(nameOf(key));
    const now = this.clock.date();
    await Deno.utime(path, now, now).catch(() => {});
    return bytes;
  }

  /** Stores bytes under a key, and removes what has not been used for longest where there is no room for them. */
  async write(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const size = digestBytes + bytes.length;
    try {
      await Deno.mkdir(this.#path, { recursive: true, mode: 0o700 }); // the originals may be secret
      if (!await this.#makeRoom(size)) return;
      const content = new Uint8Array(size);
      content.set(await digestOf(bytes));
      content.set(bytes, digestBytes);
      await writeFileAtomic(join(this.#path, nameOf(key)), content);
      this.#used.add(nameOf(key));
    } catch {
      // No permission, a full disk, a file in the way: the bytes are made again the next time.
    }
  }

  /** Is there room for so many bytes now? If there cannot be, nothing is removed. */
  async #makeRoom(wanted: number): Promise<boolean> {
    const entries = await this.#entries();
    const removable = entries.filter(({ name }) => !this.#used.has(name))
      .sort((a, b) => a.lastUse - b.lastUse);
    let surplus = this.#room(entries) + this.#roomOf(wanted) - this.#capacity;
    if (surplus > this.#room(removable)) return false;
    for (const { name, bytes } of removable) {
      if (surplus <= 0) break;
      await Deno.remove(join(this.#path, name));
      surplus -= this.#roomOf(bytes);
    }
    return true;
  }

  #room(entries: readonly Entry[]): number {
    return entries.reduce((sum, { bytes }) => sum + this.#roomOf(bytes), 0);
  }

  /** What a file counts for: small ones more than their bytes, so that there never are too many to list. */
  #roomOf(bytes: number): number {
    return Math.max(bytes, this.#capacity / mostEntries);
  }

  async #entries(): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const { name } of Deno.readDir(this.#path)) {
      if (!entryName.test(name)) continue;
      const { size, mtime } = await Deno.stat(join(this.#path, name));
      entries.push({ name, bytes: size, lastUse: Number(mtime) });
    }
    return entries;
  }
}

function nameOf(key: string): string {
  return `${key}.bin`;
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
