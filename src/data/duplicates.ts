// Finds images that a dataset has more than once.

import type { Dataset } from "./dataset.ts";
import { type ImagePlace, imagePlaces } from "./image_place.ts";

/**
 * Groups of two and more images whose pixels are all the same, at the size in which they were read. Copies that were
 * cropped, turned or compressed anew are not found.
 */
export async function findDuplicates(dataset: Dataset): Promise<ImagePlace[][]> {
  const bytes = dataset.imageSize ** 2 * 3;
  const splits = new Map(dataset.clients.map((client) => [client.name, client]));
  const groups = new Map<string, ImagePlace[]>();
  for (const place of imagePlaces(dataset)) {
    const { images } = splits.get(place.client)![place.split];
    const pixels = images.slice(place.index * bytes, (place.index + 1) * bytes);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", pixels)).toHex();
    const group = groups.get(digest);
    if (group === undefined) groups.set(digest, [place]);
    else group.push(place);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}
