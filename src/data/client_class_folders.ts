// A federation in plain folders: one per client, in it one per class, divided as `data prepare` divides a column.

import { grouped } from "../maps.ts";
import { chooseClasses } from "./choose_classes.ts";
import { classifiedImages, isSplitFolder, sortByFolders } from "./class_folders.ts";
import type { CollectedImage } from "./collected_image.ts";
import { concurrently } from "./concurrently.ts";
import type { Dataset, Split, SplitName } from "./dataset.ts";
import { allocateImages } from "./image_memory.ts";
import { type ImageNote, summarizeNotes } from "./image_notes.ts";
import { findImageFiles, type ImageSource, type TreeFile } from "./image_tree.ts";
import { defaultShares, partition } from "./partition.ts";
import { areaAverage } from "./resize.ts";

/** How to read a federation. */
export interface ClientClassOptions {
  /** height and width of the images wanted, pixels */
  readonly imageSize: number;
  /** which images train, validate and test follows from it */
  readonly seed: number;
  /** called after every image, with the numbers of images read and to be read */
  readonly onProgress?: (done: number, total: number) => void;
}

/** An image, and its place in the dataset. */
interface PlacedImage {
  readonly image: CollectedImage;
  readonly label: number;
  readonly client: string;
  readonly split: SplitName;
}

/**
 * Reads `<path>/<client>/<class>/<image>`, at any depth below the class. A client whose folders are train, valid and
 * test, with the classes in them, keeps its splits. Images are squeezed to squares by area averaging.
 *
 * @returns null if the folder is not of this kind: images are not below two folders, or those are of splits
 * @throws {DataError} when a client has too few images, there are fewer than two classes, or an image is unreadable
 */
export async function readClientClassFolders(
  source: ImageSource,
  path: string,
  { imageSize, seed, onProgress }: ClientClassOptions,
): Promise<Dataset | null> {
  const { files } = await findImageFiles(source.files, path);
  const folders = grouped(files, ownerOf);
  if (files.length === 0 || [...folders.keys()].every(isSplitFolder)) return null;
  const parts = [...folders].map(([client, own]) =>
    sortByFolders(own, source.files.join(path, client), 1)
  );
  if (!parts.every((own) => own !== null)) return null;
  const sorted = parts.flat();
  const owners = sorted.map(({ file }) => ownerOf(file));
  const { images, notes } = classifiedImages(source, sorted);
  const classNames = chooseClasses(images, null);
  const placed = place(images, owners, classNames, seed, path);
  const { dataset, targets } = layOut(placed, classNames, imageSize);
  const noted: ImageNote[] = [];
  await concurrently([...targets], async ([{ image }, target]) => {
    const loaded = await image.load();
    for (const text of loaded.notes ?? []) noted.push({ path: image.id, text });
    target.set(areaAverage(loaded, imageSize));
  }, { onProgress });
  return { ...dataset, warnings: [...notes, ...summarizeNotes(noted)] };
}

/** The folder of the client. */
function ownerOf({ stem }: TreeFile): string {
  return stem.split("/")[0];
}

function place(
  images: readonly CollectedImage[],
  owners: readonly string[],
  classNames: readonly string[],
  seed: number,
  path: string,
): PlacedImage[] {
  const items = images.map((image) => ({ ...image, label: classNames.indexOf(image.className) }));
  const remedy = `add images to its folder in ${path}, or remove it`;
  const rule = { kind: "column", values: owners } as const;
  const placements = partition(items, rule, { shares: defaultShares, seed, remedy });
  return images.map((image, index) => ({
    ...{ image, label: items[index].label, ...placements[index] },
  }));
}

/** Memory for the pixels, and the part of each image. */
function layOut(
  placed: readonly PlacedImage[],
  classNames: readonly string[],
  imageSize: number,
): { readonly dataset: Dataset; readonly targets: ReadonlyMap<PlacedImage, Uint8Array> } {
  const targets = new Map<PlacedImage, Uint8Array>();
  const bytes = imageSize ** 2 * 3;
  const splitOf = (all: readonly PlacedImage[], wanted: SplitName): Split => {
    const own = all.filter(({ split }) => split === wanted);
    const images = allocateImages(own.length, imageSize);
    own.forEach((one, k) => targets.set(one, images.subarray(k * bytes, (k + 1) * bytes)));
    return {
      ids: own.map(({ image }) => image.id),
      images,
      labels: Int32Array.from(own, ({ label }) => label),
    };
  };
  const clients = [...grouped(placed, ({ client }) => client)].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([name, own]) => ({
      name,
      train: splitOf(own, "train"),
      valid: splitOf(own, "valid"),
      test: splitOf(own, "test"),
    }));
  return { dataset: { clients, imageSize, classNames }, targets };
}
