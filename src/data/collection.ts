// Collections of labelled images that belong to no client yet: a folder with a table of labels, or a MedMNIST file.

import { DataError } from "./data_error.ts";
import type { SplitName } from "./dataset.ts";
import { openImageDecoder, type RgbImage } from "./decode.ts";
import { findImageFiles, readImageOf } from "./image_tree.ts";
import { parseLabelTable, parseMetadata } from "./label_table.ts";
import { readText } from "./listing.ts";
import { readMedMnist } from "./medmnist.ts";

/** One image of a collection. */
export interface CollectedImage {
  readonly id: string;
  readonly className: string;
  /** null: not known to be of the same lesion as another image */
  readonly lesion: string | null;
  /** where the makers of the collection put it; null: nowhere */
  readonly split: SplitName | null;
  /** what else is known of it, by column */
  readonly fields: Readonly<Record<string, string | undefined>>;
  readonly load: () => Promise<RgbImage>;
}

/**
 * The images below a folder that a table of labels names.
 *
 * @param labels path of the table of labels, which may have `lesion_id` and further columns
 * @param metadata path of a table of further columns; null if there is none
 * @throws {DataError} when a table is unusable or names an image that is not there
 */
export async function readCollection(
  path: string,
  labels: string,
  metadata: string | null,
): Promise<CollectedImage[]> {
  const table = parseLabelTable(
    await readText(labels, "table of labels", "name it with --labels"),
    labels,
  );
  const further = metadata === null
    ? new Map()
    : parseMetadata(await readText(metadata, "table", "name it with --metadata"), metadata);
  const files = await findImageFiles(path);
  const decode = await openImageDecoder();
  return table.map(({ id, className, fields: own, source }) => {
    const fields = { ...further.get(id), ...own };
    const paths = filesOf(files, id, path, source);
    const load = () => readImageOf(paths, decode);
    return { id, className, lesion: fields.lesion_id || null, split: null, fields, load };
  });
}

/**
 * The files of a listed image.
 *
 * @throws {DataError} when there is none
 */
export function filesOf(
  files: ReadonlyMap<string, readonly string[]>,
  id: string,
  path: string,
  source: string,
): readonly string[] {
  const paths = files.get(id);
  if (paths !== undefined) return paths;
  throw new DataError(
    `Cannot find image ${id} of ${source}: there is no ${id}.jpg, .jpeg or .png below ${path} (links are ` +
      "not followed); add the image or remove the line",
  );
}

/** The images of a MedMNIST file, with its splits. */
export async function readMedMnistCollection(path: string): Promise<CollectedImage[]> {
  return (await readMedMnist(path)).map(({ id, split, className, image }) => ({
    ...{ id, className, lesion: null, split, fields: {} },
    load: () => Promise.resolve(image),
  }));
}
