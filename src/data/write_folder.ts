// Writes a federation's images and lists in the layout that `readDatasetFolder()` reads.

import { join } from "@std/path";
import { stringify } from "csv-stringify/sync";
import { classNamesPath } from "./class_names.ts";
import { concurrently } from "./concurrently.ts";
import { DataError } from "./data_error.ts";
import { type Dataset, type SplitName, splitNames } from "./dataset.ts";
import { diskFiles } from "./disk_files.ts";
import type { RgbImage } from "./rgb_image.ts";
import type { ImageNote } from "./image_notes.ts";
import { encodePng } from "./encode.ts";
import { splitListPath } from "./official_folder.ts";
import { areaAverage } from "./resize.ts";

/** An image to be written. */
export interface PlannedImage {
  /** becomes the name of its file */
  readonly id: string;
  /** class index */
  readonly label: number;
  readonly load: () => Promise<RgbImage>;
}

/** One split to be written. */
export interface PlannedSplit {
  /** text of the list; it names the images in their order */
  readonly list: string;
  readonly images: readonly PlannedImage[];
}

/** One client to be written. */
export interface PlannedClient extends Readonly<Record<SplitName, PlannedSplit>> {
  readonly name: string;
}

/** A federation to be written. */
export interface FolderPlan {
  readonly clients: readonly PlannedClient[];
  /** class names by index */
  readonly classNames: readonly string[];
}

/**
 * Fills an existing folder with `client<X>/img_resize<px>/<id>.png` and `csv_folder`. Images are squeezed to squares
 * by area averaging; smaller ones are enlarged.
 *
 * @param imageSize height and width of the files, pixels
 * @param onProgress called after every image, with the numbers of images written and to be written
 * @returns what was noticed about the images
 * @throws {DataError} for a client or image whose name would lead elsewhere
 */
export async function writeDatasetFolder(
  path: string,
  { clients, classNames }: FolderPlan,
  imageSize: number,
  onProgress?: (done: number, total: number) => void,
): Promise<ImageNote[]> {
  const csvFolder = join(path, "csv_folder");
  const files = new Map<string, PlannedImage>(); // lists may name an image twice
  for (const client of clients) {
    const { name } = client;
    const folder = join(path, fileName(`client${name}`), `img_resize${imageSize}`);
    await Deno.mkdir(folder, { recursive: true });
    await Deno.mkdir(join(csvFolder, `client${name}`), { recursive: true });
    for (const split of splitNames) {
      const { list, images } = client[split];
      await Deno.writeTextFile(splitListPath(diskFiles, csvFolder, name, split), list);
      for (const image of images) {
        files.set(join(folder, fileName(`${image.id}.png`)), image);
      }
    }
  }
  await Deno.writeTextFile(classNamesPath(diskFiles, csvFolder), `${JSON.stringify(classNames)}\n`);
  const notes: ImageNote[] = [];
  await concurrently([...files], async ([file, { id, load }]) => {
    const image = await load();
    for (const text of image.notes ?? []) notes.push({ path: id, text });
    const pixels = areaAverage(image, imageSize);
    await Deno.writeFile(file, encodePng({ width: imageSize, height: imageSize, pixels }));
  }, { onProgress });
  return notes;
}

/** The name itself, if it is no path. */
function fileName(name: string): string {
  if (!/[\\/\0]/.test(name)) return name;
  throw new DataError(`Cannot name a file ${name}: rename the client or image without slashes`);
}

/** One row of a list that this program makes. */
export interface ListRow {
  readonly id: string;
  readonly label: number;
  /** what else is known, by column */
  readonly fields: Readonly<Record<string, string | undefined>>;
}

/**
 * A list with the columns of the official ones that are known here.
 *
 * @param groupColumns columns that tell what images belong together
 */
export function splitListText(
  rows: readonly ListRow[],
  classNames: readonly string[],
  groupColumns: readonly string[],
): string {
  // These two are written from what is known by now, whatever the collection's own columns of these names hold.
  const further = groupColumns.filter((column) => !["image_id", "label", "dx"].includes(column));
  return stringify([
    ["image_id", "label", ...further, "dx"],
    ...rows.map(({ id, label, fields }) => [
      id,
      String(label),
      ...further.map((column) => fields[column] ?? ""),
      classNames[label],
    ]),
  ]);
}

/** The plan that writes a dataset as it is. */
export function planOfDataset({ clients, classNames, imageSize }: Dataset): FolderPlan {
  const bytes = imageSize ** 2 * 3;
  const planSplit = (client: Dataset["clients"][number], split: SplitName): PlannedSplit => {
    const { ids, labels, images } = client[split];
    const rows = ids.map((id, index) => ({ id, label: labels[index], fields: {} }));
    const load = (index: number): Promise<RgbImage> =>
      Promise.resolve({
        width: imageSize,
        height: imageSize,
        pixels: images.subarray(index * bytes, (index + 1) * bytes),
      });
    return {
      list: splitListText(rows, classNames, []),
      images: rows.map(({ id, label }, index) => ({ id, label, load: () => load(index) })),
    };
  };
  return {
    classNames,
    clients: clients.map((client) => ({
      name: client.name,
      train: planSplit(client, "train"),
      valid: planSplit(client, "valid"),
      test: planSplit(client, "test"),
    })),
  };
}
