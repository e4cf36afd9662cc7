// The folder in which a site keeps all that is its own: settings, models, and how far it has got.

import { join } from "@std/path";
import * as v from "valibot";
import {
  createFolderAtomic,
  readPlainText,
  removeTemporaryFiles,
  writeFileAtomic,
} from "../../io/files.ts";
import { readSafetensors } from "../../io/safetensors.ts";
import { count, held, object, text } from "../../io/schema.ts";
import type { Setting } from "../../report/run_header.ts";
import { UsageError } from "../usage_error.ts";

const recordFile = "site.json";
const lockFile = "lock";
const sentFolder = "sent";
const runFolder = "run";

const setting = object({
  name: text,
  value: v.nullable(v.union([v.string(), v.number(), v.boolean()])),
  decisive: v.boolean(),
  source: v.picklist(["flag", "demo", "official", "ours"]),
});
const schema = object({
  version: v.literal(1, "is of another version of this program"),
  client: text,
  place: count,
  agreement: text,
  settings: v.array(setting, "is no list"),
});

/** What was decided when the site was made. */
export interface SiteRecord {
  /** which client of the data is here */
  readonly client: string;
  /** among all clients of the federation, from 0 */
  readonly place: number;
  /** a digest of what all sites have to agree on */
  readonly agreement: string;
  /** of the flags of `site init` */
  readonly settings: readonly Setting[];
}

/** The folder of a site, held against other processes until it is disposed of. */
export class SiteFolder implements Disposable {
  private constructor(
    readonly path: string,
    readonly record: SiteRecord,
    private readonly lock: Deno.FsFile,
  ) {}

  /**
   * Makes the folder whole or not at all; nobody but its owner may enter it.
   *
   * @param begin makes the run's folder, at the path that it is given
   * @throws {Deno.errors.AlreadyExists} if something is there
   */
  static async create(
    path: string,
    record: SiteRecord,
    begin: (folder: string) => Promise<void>,
  ): Promise<void> {
    await removeEmptyFolder(path);
    await createFolderAtomic(path, async (folder) => {
      if (Deno.build.os !== "windows") await Deno.chmod(folder, 0o700);
      const content = JSON.stringify({ version: 1, ...record }, null, 2);
      await writeFileAtomic(join(folder, recordFile), `${content}\n`);
      await Deno.mkdir(join(folder, sentFolder));
      await begin(join(folder, runFolder));
    });
  }

  /** @throws {UsageError} if there is no site, or another process is at work in it */
  static async open(path: string): Promise<SiteFolder> {
    const record = await readSite(path);
    if (record === null) {
      throw new UsageError(
        `Cannot use --state ${path}: no site is there; make one with site init --state ${path} …`,
      );
    }
    const lock = await Deno.open(join(path, lockFile), { write: true, create: true });
    if (!await lock.tryLock(true)) {
      lock.close();
      throw new UsageError(
        `Cannot use --state ${path}: another process is at work in it; wait for its end or stop it`,
      );
    }
    await removeTemporaryFiles(join(path, sentFolder)); // of a process that was killed; no folder is fine
    return new SiteFolder(path, record, lock);
  }

  /** Where the site's run is stored, as any run is. */
  get run(): string {
    return join(this.path, runFolder);
  }

  /** What it sent in a round; null where that is not kept, for only the last round's is, or is damaged. */
  async sent(round: number): Promise<Uint8Array<ArrayBuffer> | null> {
    try {
      const bytes = await Deno.readFile(this.#sentPath(round));
      const { metadata } = readSafetensors(bytes);
      const isOwn = metadata.round === `${round}` && metadata.agreement === this.record.agreement;
      return isOwn ? bytes : null;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  /** Keeps what it sends in a round, and nothing of earlier ones. */
  async keepSent(round: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const path = this.#sentPath(round);
    await Deno.mkdir(join(this.path, sentFolder), { recursive: true });
    await writeFileAtomic(path, bytes);
    for await (const { name } of Deno.readDir(join(this.path, sentFolder))) {
      const other = join(this.path, sentFolder, name);
      if (other !== path) await Deno.remove(other);
    }
  }

  #sentPath(round: number): string {
    return join(this.path, sentFolder, `round_${round}.safetensors`);
  }

  [Symbol.dispose](): void {
    this.lock.unlockSync(); // a process that is being started at this moment still has the file open
    this.lock.close();
  }
}

/** Somebody may have made it for the site. */
async function removeEmptyFolder(path: string): Promise<void> {
  await Deno.remove(path).catch(() => {}); // what is not empty stays, and is told as being in the way
}

/**
 * What a folder says of its site.
 *
 * @returns null if there is none
 * @throws {UsageError} if its file is damaged
 */
export async function readSite(path: string): Promise<SiteRecord | null> {
  const file = join(path, recordFile);
  let content: string;
  try {
    content = await readPlainText(file);
  } catch (error) {
    const isAbsent = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory;
    if (isAbsent) return null;
    throw error;
  }
  const fail = (problem: string) =>
    new UsageError(`Cannot read ${file}: ${problem}; it is not what site init writes`);
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw fail((error as Error).message);
  }
  return held(schema, value, "the file", fail);
}
