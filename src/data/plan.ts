// Which image goes to which client and split: as a partition says, or as given lists say.

import { namesOfLabels, readClassNames } from "./class_names.ts";
import type { CollectedImage } from "./collected_image.ts";
import { missingNote } from "./collection.ts";
import { DataError } from "./data_error.ts";
import { type SplitName, splitNames } from "./dataset.ts";
import { openImageDecoder } from "./decode.ts";
import type { RgbImage } from "./rgb_image.ts";
import { diskFiles } from "./disk_files.ts";
import { flatNames } from "./image_names.ts";
import { filesOf, findImageFiles, readImageOf, sortMissing } from "./image_tree.ts";
import { listFolder, readText } from "./listing.ts";
import { splitListPath } from "./official_folder.ts";
import { type ListedImage, parseSplitList } from "./split_list.ts";
import { partition, type PartitionOptions, type PartitionRule } from "./partition.ts";
import { type FolderPlan, type PlannedClient, splitListText } from "./write_folder.ts";

/**
 * Plans for the images of the given classes; errors as of `partition()`.
 *
 * @param groupColumns columns to be written into the lists, so that `data inspect` can check them
 */
export function planByPartition(
  images: readonly CollectedImage[],
  groupColumns: readonly string[],
  classNames: readonly string[],
  rule: PartitionRule,
  options: PartitionOptions,
): FolderPlan {
  const items = images.map((image) => ({ ...image, label: classNames.indexOf(image.className) }));
  const placements = partition(items, rule, options);
  const names = [...new Set(placements.map(({ client }) => client))].sort();
  const clients = names.map((name): PlannedClient => {
    const split = (wanted: SplitName) => {
      const own = items.filter((_, index) =>
        placements[index].client === name && placements[index].split === wanted
      );
      return { list: splitListText(own, classNames, groupColumns), images: own };
    };
    return { name, train: split("train"), valid: split("valid"), test: split("test") };
  });
  return { clients, classNames };
}

/** What ready lists plan, and what the user should know. */
export interface ListedPlan {
  readonly plan: FolderPlan;
  readonly notes: readonly string[];
}

/**
 * Plans what the lists `<csvFolder>/client<X>/{train,valid,test}_client<X>.csv` say. They are copied as they are,
 * unless images are left out or are called something with folders.
 *
 * @param path folder with the images, at any depth
 * @param skipMissing leave out listed images that are not there, instead of refusing
 * @throws {DataError} when a list is missing or unusable, or names an image that is not there
 */
export async function planByLists(
  path: string,
  csvFolder: string,
  skipMissing: boolean,
): Promise<ListedPlan> {
  const remedy = "name the folder that holds clientA, clientB and so on with --csv-folder";
  const names = (await listFolder(diskFiles, csvFolder, "folder of the lists", remedy))
    .flatMap(({ name, isDirectory }) => isDirectory ? name.match(/^client(.+)$/)?.[1] ?? [] : [])
    .sort();
  if (names.length === 0) {
    throw new DataError(
      `Cannot find lists in ${csvFolder}: it holds no folder client<name>; ${remedy}`,
    );
  }
  const given = await readClassNames(diskFiles, csvFolder);
  const tree = await findImageFiles(diskFiles, path);
  const source = { files: diskFiles, decode: await openImageDecoder() };
  const missing: string[] = [];
  const readSplit = async (client: string, split: SplitName): Promise<SplitOfList> => {
    const listPath = splitListPath(diskFiles, csvFolder, client, split);
    await diskFiles.expectWithin(csvFolder, listPath, "file");
    const text = await readText(diskFiles, listPath, "split list", "add it");
    const all = parseSplitList(text, listPath, given?.length ?? null);
    const sorted = sortMissing(tree, all, ({ id }) => id, skipMissing);
    missing.push(...sorted.missing.map(({ id }) => id));
    const images = sorted.kept.map((image): ListedFile => {
      const paths = filesOf(tree, image.id, image.source);
      return { ...image, load: () => readImageOf(source, paths) };
    });
    return { client, split, text, images, isWhole: sorted.missing.length === 0 };
  };
  const splits: SplitOfList[] = [];
  for (const name of names) {
    splits.push(...await Promise.all(splitNames.map((split) => readSplit(name, split))));
  }
  const classNames = given ?? namesOfLabels(
    diskFiles,
    splits.flatMap(({ images }) => images.map(({ label }) => label)),
    csvFolder,
  );
  const clients = names.map((name) => planOfLists(name, splits, classNames));
  return { plan: { clients, classNames }, notes: missingNote(missing) };
}

/** An image of a list, and how to read its file. */
interface ListedFile extends ListedImage {
  readonly load: () => Promise<RgbImage>;
}

/** A list, read. */
interface SplitOfList {
  readonly client: string;
  readonly split: SplitName;
  readonly text: string;
  readonly images: readonly ListedFile[];
  /** is no image of it left out? */
  readonly isWhole: boolean;
}

/** A client's lists, its images under names without folders. */
function planOfLists(
  name: string,
  all: readonly SplitOfList[],
  classNames: readonly string[],
): PlannedClient {
  const own = all.filter(({ client }) => client === name);
  const stems = [...new Set(own.flatMap(({ images }) => images.map(({ id }) => id)))];
  const flat = flatNames(stems);
  const idOf = new Map(stems.map((stem, index) => [stem, flat[index]]));
  const isFlat = stems.every((stem) => idOf.get(stem) === stem);
  const planned = (wanted: SplitName) => {
    const { text, images, isWhole } = own.find(({ split }) => split === wanted)!;
    const renamed = images.map((image) => ({ ...image, id: idOf.get(image.id)! }));
    const columns = ["lesion_id", "patient_id"].filter((column) =>
      images.some(({ fields }) => Object.hasOwn(fields, column))
    );
    const list = isWhole && isFlat ? text : splitListText(renamed, classNames, columns);
    return { list, images: renamed };
  };
  return { name, train: planned("train"), valid: planned("valid"), test: planned("test") };
}
