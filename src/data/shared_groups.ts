// Finds lesions and patients that are photographed both in what is trained on and in what is tested on.

import type { Dataset, SplitName } from "./dataset.ts";
import { type ImagePlace, imagePlaces } from "./image_place.ts";

/** Two splits that should have no lesion or patient in common. */
export const separateSplits = [
  ["train", "test"],
  ["train", "valid"],
  ["valid", "test"],
] as const satisfies readonly (readonly [SplitName, SplitName])[];

/** A group of images (a lesion, a patient), and two of them that should not both be there. */
export interface SharedGroup {
  readonly group: string;
  readonly first: ImagePlace;
  readonly second: ImagePlace;
}

/** What is known about groups tells about a dataset. */
export interface GroupCheck {
  /** images whose group is known */
  readonly images: number;
  /** different groups */
  readonly groups: number;
  /** groups in two splits of one client, by client and by pair of `separateSplits` */
  readonly withinClients: ReadonlyMap<string, readonly (readonly SharedGroup[])[]>;
  /** groups in two clients */
  readonly betweenClients: readonly SharedGroup[];
}

/** @param groups group by image identifier */
export function checkGroups(dataset: Dataset, groups: ReadonlyMap<string, string>): GroupCheck {
  const places = imagePlaces(dataset).filter(({ id }) => groups.has(id));
  const byGroup = Map.groupBy(places, ({ id }) => groups.get(id)!);
  const shared = (
    isFirst: (place: ImagePlace) => boolean,
    isSecond: (place: ImagePlace, first: ImagePlace) => boolean,
  ) =>
    [...byGroup].flatMap(([group, images]) => {
      const first = images.find(isFirst);
      const second = first && images.find((place) => isSecond(place, first));
      return second === undefined ? [] : [{ group, first: first!, second }];
    });
  const inSplit = (client: string, split: SplitName) => (place: ImagePlace) =>
    place.client === client && place.split === split;
  return {
    images: places.length,
    groups: byGroup.size,
    withinClients: new Map(dataset.clients.map(({ name }) => [
      name,
      separateSplits.map(([one, other]) => shared(inSplit(name, one), inSplit(name, other))),
    ])),
    betweenClients: shared(() => true, (place, first) => place.client !== first.client),
  };
}
