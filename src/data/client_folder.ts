// The stored images of one client: which pixel sizes there are, which to read, and the file of every image.

import { join } from "@std/path";
import { concurrently } from "./concurrently.ts";
import { DataError } from "./data_error.ts";
import { expectWithin, listFolder } from "./listing.ts";

/** The images of one client, as stored in the pixel size to be read. */
export interface ClientFolder {
  readonly name: string;
  /** height and width of the stored images, pixels */
  readonly storedSize: number;
  /** the folder `img_resize<storedSize>` */
  readonly path: string;
  /** paths of the image files by image identifier */
  readonly files: ReadonlyMap<string, string>;
}

/** File name extensions of images, preferred first should one image be stored in several formats. */
export const imageExtensions = ["png", "jpg", "jpeg"];

/**
 * Finds the images of client `name` in the smallest stored size that is at least `imageSize`.
 *
 * @throws {DataError} when there is none, or a link leads out of the data folder
 */
export async function openClientFolder(
  dataPath: string,
  name: string,
  imageSize: number,
): Promise<ClientFolder> {
  const clientPath = join(dataPath, `client${name}`);
  const sizes = await findSizes(dataPath, clientPath, name);
  const storedSize = sizes.find((size) => size >= imageSize);
  if (storedSize === undefined) {
    throw new DataError(
      `Cannot make images of ${imageSize} pixels for client ${name}: ${clientPath} stores ` +
        `${sizes.join(" and ")} pixels; choose --image-size ${sizes.at(-1)} or less`,
    );
  }
  const path = join(clientPath, `img_resize${storedSize}`);
  return { name, storedSize, path, files: await findImages(dataPath, path, name) };
}

/** All images of a client that are stored in one pixel size. */
export interface StoredSize {
  /** height and width as the folder's name says, pixels */
  readonly size: number;
  readonly images: number;
  /** of their files together */
  readonly bytes: number;
}

/**
 * What is stored for client `name`, smallest images first.
 *
 * @throws {DataError} when there is nothing, or a link leads out of the data folder
 */
export async function findStoredSizes(dataPath: string, name: string): Promise<StoredSize[]> {
  const clientPath = join(dataPath, `client${name}`);
  const stored: StoredSize[] = [];
  for (const size of await findSizes(dataPath, clientPath, name)) {
    const path = join(clientPath, `img_resize${size}`);
    const files = [...(await findImages(dataPath, path, name)).values()];
    let bytes = 0;
    await concurrently(files, async (path) => {
      const { size } = await Deno.stat(path); // not within the sum: others add to it meanwhile
      bytes += size;
    });
    stored.push({ size, images: files.length, bytes });
  }
  return stored;
}

/** The stored pixel sizes, smallest first. */
async function findSizes(dataPath: string, clientPath: string, name: string): Promise<number[]> {
  await expectWithin(dataPath, clientPath, "folder");
  const remedy = "store the images in a folder img_resize<pixels>";
  const entries = await listFolder(clientPath, `folder of client ${name}`, remedy);
  const sizes = entries
    .flatMap((entry) => entry.name.match(/^img_resize([1-9]\d*)$/)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  if (sizes.length > 0) return sizes;
  throw new DataError(`Cannot find images of client ${name} in ${clientPath}: ${remedy}`);
}

async function findImages(
  dataPath: string,
  path: string,
  client: string,
): Promise<Map<string, string>> {
  await expectWithin(dataPath, path, "folder");
  const entries = (await listFolder(path, `images of client ${client}`, "make it readable"))
    .filter(({ isFile, isSymlink }) => isFile || isSymlink);
  for (const { name, isSymlink } of entries) {
    if (isSymlink) await expectWithin(dataPath, join(path, name), "file");
  }
  const files = new Map<string, string>();
  for (const extension of imageExtensions.toReversed()) {
    const suffix = `.${extension}`;
    for (const { name } of entries) {
      if (name.endsWith(suffix)) files.set(name.slice(0, -suffix.length), join(path, name));
    }
  }
  return files;
}
