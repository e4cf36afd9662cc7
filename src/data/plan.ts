// Which image goes to which client and split: as a partition says, or as given lists say.

import { readClassNames } from "./class_names.ts";
import { type CollectedImage, filesOf } from "./collection.ts";
import { parseSplitList } from "./csv.ts";
import { DataError } from "./data_error.ts";
import { lesionClasses, type SplitName, splitNames } from "./dataset.ts";
import { openImageDecoder } from "./decode.ts";
import { splitListPath } from "./folder.ts";
import { findImageFiles, readImageOf } from "./image_tree.ts";
import { expectWithin, listFolder, readText } from "./listing.ts";
import { partition, type PartitionOptions, type PartitionRule } from "./partition.ts";
import { type FolderPlan, type PlannedClient, splitListText } from "./write_folder.ts";

/**
 * The classes that occur: the paper's first, in its order, then the others by name.
 *
 * @param wanted the classes to keep, in the order of their labels; null: all
 * @throws {DataError} when a wanted class does not occur, or there are fewer than two
 */
export function chooseClasses(
  images: readonly CollectedImage[],
  wanted: readonly string[] | null,
): readonly string[] {
  const others = new Set(images.map(({ className }) => className));
  const ours = lesionClasses.filter((name) => others.delete(name));
  const all = [...ours, ...[...others].sort(byNumberOrName)];
  const unknown = wanted?.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    throw new DataError(`Cannot keep class ${unknown}: the images are of ${all.join(", ")}`);
  }
  const classes = wanted ?? all;
  const divided = classes.find((name) => name.includes(","));
  if (divided !== undefined) {
    throw new DataError(
      `Cannot use the class "${divided}": its name has a comma, which separates names; rename it in the labels`,
    );
  }
  if (classes.length >= 2) return classes;
  throw new DataError(`Cannot use ${classes.join()} alone: there have to be at least two classes`);
}

function byNumberOrName(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

/** Plans for the images of the given classes; errors as of `partition()`. */
export function planByPartition(
  images: readonly CollectedImage[],
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
      return { list: splitListText(own, classNames), images: own };
    };
    return { name, train: split("train"), valid: split("valid"), test: split("test") };
  });
  return { clients, classNames };
}

/**
 * Plans what the lists `<csvFolder>/client<X>/{train,valid,test}_client<X>.csv` say; they are copied as they are.
 *
 * @param path folder with the images, at any depth
 * @throws {DataError} when a list is missing or unusable, or names an image that is not there
 */
export async function planByLists(path: string, csvFolder: string): Promise<FolderPlan> {
  const classNames = await readClassNames(csvFolder);
  const remedy = "name the folder that holds clientA, clientB and so on with --csv-folder";
  const names = (await listFolder(csvFolder, "folder of the lists", remedy))
    .flatMap(({ name, isDirectory }) => isDirectory ? name.match(/^client(.+)$/)?.[1] ?? [] : [])
    .sort();
  if (names.length === 0) {
    throw new DataError(
      `Cannot find lists in ${csvFolder}: it holds no folder client<name>; ${remedy}`,
    );
  }
  const files = await findImageFiles(path);
  const decode = await openImageDecoder();
  const planSplit = async (client: string, split: SplitName) => {
    const listPath = splitListPath(csvFolder, client, split);
    await expectWithin(csvFolder, listPath, "file");
    const list = await readText(listPath, "split list", "add it");
    const images = parseSplitList(list, listPath, classNames.length).map(
      ({ id, label, source }) => {
        const paths = filesOf(files, id, path, source);
        return { id, label, load: () => readImageOf(paths, decode) };
      },
    );
    return { list, images };
  };
  const clients: PlannedClient[] = [];
  for (const name of names) {
    const [train, valid, test] = await Promise.all(
      splitNames.map((split) => planSplit(name, split)),
    );
    clients.push({ name, train, valid, test });
  }
  return { clients, classNames };
}
