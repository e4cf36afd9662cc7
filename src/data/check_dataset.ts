// Whether a dataset in memory is one that can be trained with: images and labels go to the GPU unseen.

import type { Batching } from "./batching.ts";
import { type ClientDataset, type Dataset, type SplitName, splitNames } from "./dataset.ts";

/** @throws {RangeError} naming the client and the split that cannot be trained with, in words that follow a colon */
export function checkDataset(dataset: Dataset): void {
  checkClients(dataset);
  for (const client of dataset.clients) {
    for (const split of splitNames) checkSplit(dataset, client, split);
  }
}

/** Events, checkpoints and files tell clients by their names. */
function checkClients({ clients }: Dataset): void {
  if (clients.length === 0) throw new RangeError("the dataset has no clients");
  const names = new Set<string>();
  for (const { name, place = 0 } of clients) {
    if (!Number.isInteger(place) || place < 0) {
      throw new RangeError(
        `the place of client ${name} is ${place} but has to be a whole number of at least 0`,
      );
    }
    if (typeof name !== "string" || name === "") {
      throw new RangeError(
        `a client's name is ${name || "empty"} but has to be a text`,
      );
    }
    if (names.has(name)) {
      throw new RangeError(
        `two clients are called ${name}; give each a name of its own`,
      );
    }
    names.add(name);
  }
}

function checkSplit(dataset: Dataset, client: ClientDataset, name: SplitName): void {
  const { images, labels, groups } = client[name];
  const subject = `the ${name} split of client ${client.name}`;
  if (!(labels instanceof Int32Array)) {
    throw new RangeError(`${subject} has labels of ${kindOf(labels)} but an Int32Array is needed`);
  }
  if (labels.length === 0) throw new RangeError(`${subject} is empty`);
  if (!(images instanceof Uint8Array)) {
    throw new RangeError(
      `${subject} has images of ${kindOf(images)} but a Uint8Array of RGB bytes is needed`,
    );
  }
  const bytes = labels.length * 3 * dataset.imageSize ** 2;
  if (images.length !== bytes) {
    throw new RangeError(
      `${subject} has ${images.length} bytes of images but ${labels.length} labels ask for ${bytes}`,
    );
  }
  if (groups !== undefined && groups.length !== labels.length) {
    throw new RangeError(
      `${subject} has ${labels.length} labels but ${groups.length} groups`,
    );
  }
  const classes = dataset.classNames.length;
  const wrong = labels.find((label) => label < 0 || label >= classes);
  if (wrong !== undefined) {
    throw new RangeError(
      `${subject} has label ${wrong} but there are ${classes} classes, whose labels are 0 to ${
        classes - 1
      }`,
    );
  }
}

/** The type of an array, for a message. */
function kindOf(array: object | null | undefined): string {
  return array?.constructor.name ?? String(array);
}

/**
 * Batch normalization has no variance of a single image.
 *
 * @throws {RangeError} naming the client whose training images make no batch, or one of a single image
 */
export function checkBatches(dataset: Dataset, batching: Batching): void {
  const { batchSize } = batching;
  for (const { name, train } of dataset.clients) {
    const images = train.labels.length;
    const batches = batching.batches(images);
    if (batches === 0) {
      throw new RangeError(
        `the ${images} training images of client ${name} do not fill a batch of ` +
          `${batchSize}, and --last-batch drop leaves out what does not; choose a smaller batch size`,
      );
    }
    if (batching.imagesOf(batches, images) - batching.imagesOf(batches - 1, images) === 1) {
      const way = images === 1
        ? "leave the client out"
        : "add --last-batch join, which gives it to the batch before, or --last-batch drop, which " +
          "leaves it out (another one in each epoch), or choose another batch size";
      throw new RangeError(
        `the last training batch of client ${name} would hold a single image ` +
          `(${images} images in batches of ${batchSize}), which batch normalization cannot use; ${way}`,
      );
    }
  }
}
