// What is stored for a client of a data folder on the disk: its pixel sizes, and how much there is of each.

import { join } from "@std/path";
import { findImages, findSizes } from "./client_folder.ts";
import { concurrently } from "./concurrently.ts";
import { diskFiles } from "./disk_files.ts";

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
  for (const size of await findSizes(diskFiles, dataPath, clientPath, name)) {
    const path = join(clientPath, `img_resize${size}`);
    const files = [...(await findImages(diskFiles, dataPath, path, name)).values()];
    let bytes = 0;
    await concurrently(files, async (path) => {
      const { size } = await Deno.stat(path); // not within the sum: others add to it meanwhile
      bytes += size;
    });
    stored.push({ size, images: files.length, bytes });
  }
  return stored;
}
