// Collections of labelled images that belong to no client yet: a folder with a table of labels, or a MedMNIST file.

import type { Collection } from "./collected_image.ts";
import { DataError } from "./data_error.ts";
import { openImageDecoder } from "./decode.ts";
import { diskFiles } from "./disk_files.ts";
import { chooseGroupColumns, groupsBy } from "./groups.ts";
import { filesOf, findImageFiles, readImageOf, sortMissing } from "./image_tree.ts";
import {
  type LabelTableOptions,
  type Metadata,
  metadataOf,
  parseLabelTable,
  parseMetadata,
} from "./label_table.ts";
import { readText } from "./listing.ts";
import { readMedMnist } from "./medmnist.ts";

/** How to read a folder with a table of labels. */
export interface CollectionOptions extends LabelTableOptions {
  /** path of the table of labels, which may have further columns */
  readonly labels: string;
  /** path of a table of further columns; default none */
  readonly metadata?: string | null;
  /** column by which images are kept together; default `lesion_id` and `patient_id`, as far as they are there */
  readonly groupColumn?: string | null;
  /** leave out listed images that are not there, instead of refusing */
  readonly skipMissing?: boolean;
}

/**
 * The images below a folder that a table of labels names.
 *
 * @throws {DataError} when a table is unusable or names an image that is not there
 */
export async function readCollection(
  path: string,
  options: CollectionOptions,
): Promise<Collection> {
  const { labels, metadata = null, idColumn } = options;
  const text = await readText(diskFiles, labels, "table of labels", "name it with --labels");
  const table = parseLabelTable(text, labels, options);
  const further: Metadata | null = metadata === null ? null : parseMetadata(
    await readText(diskFiles, metadata, "table", "name it with --metadata"),
    metadata,
    idColumn,
  );
  const tree = await findImageFiles(diskFiles, path);
  const source = { files: diskFiles, decode: await openImageDecoder() };
  const skip = options.skipMissing ?? false;
  const { kept, missing } = sortMissing(tree, table.images, ({ stem }) => stem, skip);
  if (kept.length === 0) throw new DataError(`Cannot find any image of ${labels} below ${path}`);
  const all = kept.map(({ id, stem, className, fields, source: line }) => {
    const paths = filesOf(tree, stem, line);
    return {
      ...{ id, className, fields: { ...further && metadataOf(further, stem), ...fields } },
      load: () => readImageOf(source, paths),
    };
  });
  const headers = [{ header: table.header, path: labels }];
  if (further !== null) headers.push({ header: further.header, path: metadata! });
  const groups = chooseGroupColumns(headers, options.groupColumn ?? null);
  const names = groupsBy(all.map(({ fields }) => fields), groups.used);
  return {
    images: all.map((image, index) => ({ ...image, group: names[index], split: null })),
    groupColumns: groups.used,
    notes: [
      ...table.notes,
      ...missingNote(missing.map(({ id }) => id)),
      ...groups.unused.map((column) =>
        `warning: column ${column} looks as if it tells what images belong together, and is not used: ` +
        `with --group-column ${column} none of its values is in two splits`
      ),
    ],
  };
}

/** So many of the images that were left out are named. */
const namedAtMost = 5;

/** One line for the images that a list names and that are not there; none if there are none. */
export function missingNote(ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const rest = ids.length - namedAtMost;
  const names = ids.slice(0, namedAtMost).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  return [`left out as they are not there: ${ids.length} images (${names})`];
}

/** The images of a MedMNIST file, with its splits. */
export async function readMedMnistCollection(path: string): Promise<Collection> {
  const images = (await readMedMnist(path)).map(({ id, split, className, image }) => ({
    ...{ id, className, group: null, split, fields: {} },
    load: () => Promise.resolve(image),
  }));
  return { images, groupColumns: [], notes: [] };
}
