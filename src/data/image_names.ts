// What images are called: which files are images, and how a table's entry is compared with a file's path.

/** File name extensions of images, preferred first should one image be stored in several formats. */
export const imageExtensions = ["png", "jpg", "jpeg"];

const imageEnding = new RegExp(`\\.(${imageExtensions.join("|")})$`, "i");

/** Folders that archives of macOS and NAS systems bring along; what is in them is named like images, but is none. */
const strangeFolders = new Set(["__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information"]);

/** Is a file named like an image? Hidden files are not: macOS writes `._x.jpg` beside `x.jpg`. */
export function isImageName(name: string): boolean {
  return !name.startsWith(".") && imageEnding.test(name);
}

/** May a folder hold images? */
export function isImageFolder(name: string): boolean {
  return !name.startsWith(".") && !strangeFolders.has(name);
}

/**
 * What an image is called in a table, such as `site A\1.JPG`, as a path with slashes and without the ending. Letters
 * are composed: macOS stores "é" as two characters.
 */
export function imageStem(name: string): string {
  return name.trim().normalize("NFC").replaceAll("\\", "/").replace(/^(\.\/+)+/, "")
    .replace(imageEnding, "");
}

/** The last part of a path with slashes. */
export function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * Names without slashes for images named by paths: the last part where these differ, else the whole path with `_` for
 * slashes, numbered where even that is the same for two of them.
 *
 * @param stems different paths, as of `imageStem()`
 */
export function flatNames(stems: readonly string[]): string[] {
  const lasts = stems.map(lastPart);
  if (new Set(lasts.map((name) => name.toLowerCase())).size === stems.length) return lasts;
  const taken = new Set<string>();
  return stems.map((stem) => {
    const flat = stem.replaceAll("/", "_");
    let name = flat;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${flat}_${number}`;
    taken.add(name.toLowerCase());
    return name;
  });
}
