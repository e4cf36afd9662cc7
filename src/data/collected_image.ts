// What a collection of labelled images is that belong to no client yet, however it was read.

import type { TableRow } from "./csv.ts";
import type { SplitName } from "./dataset.ts";
import type { RgbImage } from "./rgb_image.ts";

/** One image of a collection. */
export interface CollectedImage {
  /** different for every image, and no path */
  readonly id: string;
  readonly className: string;
  /** images of one group show the same lesion or patient; null: not known to have anything in common with another */
  readonly group: string | null;
  /** where the makers of the collection put it; null: nowhere */
  readonly split: SplitName | null;
  /** what else is known of it, by column */
  readonly fields: TableRow["fields"];
  readonly load: () => Promise<RgbImage>;
}

/** The images of a collection, and how they were found. */
export interface Collection {
  readonly images: readonly CollectedImage[];
  /** columns by which images are kept together */
  readonly groupColumns: readonly string[];
  /** what the user should know about how it was read */
  readonly notes: readonly string[];
}
