// Finds lesions that are photographed both in what is trained on and in what is tested on.

import type { Dataset, SplitName } from "./dataset.ts";
import { type ImagePlace, imagePlaces } from "./image_place.ts";

/** Two splits that should have no lesion in common. */
export const separateSplits = [
  ["train", "test"],
  ["train", "valid"],
  ["valid", "test"],
] as const satisfies readonly (readonly [SplitName, SplitName])[];

/** A lesion, and two of its images that should not both be there. */
export interface SharedLesion {
  readonly lesion: string;
  readonly first: ImagePlace;
  readonly second: ImagePlace;
}

/** What lesion identifiers tell about a dataset. */
export interface LesionCheck {
  /** images whose lesion is known */
  readonly images: number;
  /** different lesions */
  readonly lesions: number;
  /** lesions in two splits of one client, by client and by pair of `separateSplits` */
  readonly withinClients: ReadonlyMap<string, readonly (readonly SharedLesion[])[]>;
  /** lesions in two clients */
  readonly betweenClients: readonly SharedLesion[];
}

/** @param lesions lesion by image identifier */
export function checkLesions(dataset: Dataset, lesions: ReadonlyMap<string, string>): LesionCheck {
  const places = imagePlaces(dataset).filter(({ id }) => lesions.has(id));
  const byLesion = Map.groupBy(places, ({ id }) => lesions.get(id)!);
  const shared = (
    isFirst: (place: ImagePlace) => boolean,
    isSecond: (place: ImagePlace, first: ImagePlace) => boolean,
  ) =>
    [...byLesion].flatMap(([lesion, images]) => {
      const first = images.find(isFirst);
      const second = first && images.find((place) => isSecond(place, first));
      return second === undefined ? [] : [{ lesion, first: first!, second }];
    });
  const inSplit = (client: string, split: SplitName) => (place: ImagePlace) =>
    place.client === client && place.split === split;
  return {
    images: places.length,
    lesions: byLesion.size,
    withinClients: new Map(dataset.clients.map(({ name }) => [
      name,
      separateSplits.map(([one, other]) => shared(inSplit(name, one), inSplit(name, other))),
    ])),
    betweenClients: shared(() => true, (place, first) => place.client !== first.client),
  };
}
