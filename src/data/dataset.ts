// What a federation's data is: per client three splits of byte images with integer labels.

/** One split of one client's data. */
export interface Split {
  /** image identifiers, `[n]` */
  readonly ids: readonly string[];
  /** RGB bytes, row-major `[n, imageSize, imageSize, 3]` */
  readonly images: Uint8Array;
  /** class indices, `[n]`, each in `[0, classes)` */
  readonly labels: Int32Array;
  /**
   * whose images they are, `[n]`: equal for images of one lesion or patient, which tell less together than as many of
   * others; null where an image's is not known. Without it each counts as independent
   */
  readonly groups?: readonly (string | null)[];
}

/** The classes of the paper's data by label: naevus, benign keratosis, melanoma. */
export const lesionClasses = ["nv", "bkl", "mel"] as const;

/** The names of the splits, in the order in which they are reported. */
export const splitNames = ["train", "valid", "test"] as const;
/** Name of a split. */
export type SplitName = typeof splitNames[number];

/** @throws {TypeError} unless each is one of them */
export function expectSplits(names: readonly unknown[]): void {
  const wrong = Array.isArray(names) ? names.find((name) => !splitNames.includes(name)) : names;
  if (wrong === undefined) return;
  throw new TypeError(`Cannot read the split "${wrong}": choose from ${splitNames.join(", ")}`);
}

/** One client: a name ("A") and its three splits. */
export interface ClientDataset extends Readonly<Record<SplitName, Split>> {
  /** as folders and tables call it; no two clients of a dataset share it */
  readonly name: string;
  /**
   * where it stands among the clients of a federation of which only this one is here, counted from 0: its random
   * numbers go by that; default its place in the data
   */
  readonly place?: number;
}

/** The data of a whole federation. */
export interface Dataset {
  /** in the order of their names */
  readonly clients: readonly ClientDataset[];
  /** height and width of every image, pixels */
  readonly imageSize: number;
  /** class names by index; their number is the number of logits */
  readonly classNames: readonly string[];
  /** what was noticed about the images while they were read, one sentence for each kind of thing */
  readonly warnings?: readonly string[];
}
