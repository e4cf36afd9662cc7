// Where the images of a dataset are, for checks that compare them with each other.

import { type Dataset, type SplitName, splitNames } from "./dataset.ts";

/** One image of a dataset. */
export interface ImagePlace {
  readonly client: string;
  readonly split: SplitName;
  /** its position in the split */
  readonly index: number;
  readonly id: string;
  /** class index */
  readonly label: number;
}

/** All images, client after client and split after split. */
export function imagePlaces({ clients }: Dataset): ImagePlace[] {
  return clients.flatMap((client) =>
    splitNames.flatMap((split) => {
      const { ids, labels } = client[split];
      return ids.map((id, index) => ({
        ...{ client: client.name, split, index, id },
        label: labels[index],
      }));
    })
  );
}
