// What `data inspect` says about files, duplicates, lesions and patients, as lines of text.

import type { StoredSize } from "../data/stored_sizes.ts";
import type { ImagePlace } from "../data/image_place.ts";
import { countedGroups } from "../data/groups.ts";
import { type GroupCheck, separateSplits, type SharedGroup } from "../data/shared_groups.ts";
import { counted } from "../report/format.ts";
import { tableLines } from "../report/table_lines.ts";
import type { Style } from "../report/terminal/style.ts";

/** Examples of each kind of finding. */
const examples = 3;

/**
 * The stored images of every client.
 *
 * @param readSize image size that is asked for: the smallest stored one that is large enough is read
 */
export function storedLines(
  stored: ReadonlyMap<string, readonly StoredSize[]>,
  readSize: number,
): string[] {
  const rows = [...stored].flatMap(([client, sizes]) => {
    const read = sizes.find(({ size }) => size >= readSize);
    return sizes.map((stored, index) => [
      index === 0 ? client : "",
      `img_resize${stored.size}`,
      String(stored.images),
      (stored.bytes / 1e6).toFixed(1),
      stored === read ? "read" : "",
    ]);
  });
  return ["Files", ...tableLines([["client", "folder", "images", "MB", ""], ...rows], "llrrl")];
}

/** Groups of equal images by what is wrong with them; an image may be wrong in two ways. */
export function duplicateLines(
  groups: readonly (readonly ImagePlace[])[],
  imageSize: number,
  classNames: readonly string[],
  style: Style,
): string[] {
  const size = `${imageSize}×${imageSize}`;
  const title = `Duplicates: images whose pixels are the same at ${size}`;
  if (groups.length === 0) return [title, "  none"];
  const labelled = (place: ImagePlace) => `${placeText(place)} as ${classNames[place.label]}`;
  const finding = (
    found: readonly (readonly ImagePlace[])[],
    what: string,
    name = placeText,
  ) => {
    const lines = found.map((group) => group.map(name).join(" = "));
    return warning(`${counted(found.length, "image")} ${what}`, lines, style);
  };
  const different = (group: readonly ImagePlace[], key: (place: ImagePlace) => unknown) =>
    new Set(group.map(key)).size;
  const isWithin = (group: readonly ImagePlace[], key: (place: ImagePlace) => unknown) =>
    different(group, key) < group.length;
  const splitOf = ({ client, split }: ImagePlace) => `${client} ${split}`;
  return [
    title,
    ...finding(
      groups.filter((group) =>
        different(group, splitOf) > different(group, ({ client }) => client)
      ),
      "in two splits of one client: tests on what was trained are too favourable",
    ),
    ...finding(
      groups.filter((group) => different(group, ({ client }) => client) > 1),
      "in two clients: they are less independent than they seem",
    ),
    ...finding(
      groups.filter((group) => isWithin(group, splitOf)),
      "more than once in the same split: they weigh more than others",
    ),
    ...finding(
      groups.filter((group) => different(group, ({ label }) => label) > 1),
      "with different labels: one of them is wrong",
      labelled,
    ),
  ];
}

/**
 * Lesions and patients in splits or clients that should have none in common.
 *
 * @param columns that tell them
 */
export function groupLines(
  check: GroupCheck,
  columns: readonly string[],
  total: number,
  file: string,
  style: Style,
): string[] {
  if (check.images === 0) {
    return [`Lesions and patients: not checked; ${file} has none of these images`];
  }
  const unknown = total - check.images;
  const title =
    `Groups: ${countedGroups(check.groups, columns)} in ${counted(check.images, "image")}` +
    (unknown === 0 ? "" : `; of the other ${unknown}, ${file} does not tell it`);
  const finding = (found: readonly SharedGroup[], what: string) => {
    const lines = found.map(({ group, first, second }) =>
      `${group}: ${placeText(first)}, ${placeText(second)}`
    );
    return warning(`${countedGroups(found.length, columns)} ${what}`, lines, style);
  };
  const warnings = [...check.withinClients].flatMap(([client, pairs]) =>
    pairs.flatMap((found, index) => {
      const [one, other] = separateSplits[index];
      return finding(found, `of client ${client} in both ${one} and ${other}`);
    })
  );
  const between = finding(check.betweenClients, "in two clients");
  if (warnings.length + between.length === 0) return [title, "  none in two splits or clients"];
  const moral = "  A model that is tested on what it was trained on looks better than it is.";
  return [title, ...warnings, ...between, ...(warnings.length > 0 ? [moral] : [])];
}

function placeText({ id, client, split }: ImagePlace): string {
  return `${id} (${client} ${split})`;
}

/** What was found and the first examples of it; nothing where there are none. */
function warning(what: string, found: readonly string[], style: Style): string[] {
  if (found.length === 0) return [];
  const rest = found.length - examples;
  return [
    `  ${style.bad("warning")}: ${what}`,
    ...found.slice(0, examples).map((example) => `    ${example}`),
    ...(rest > 0 ? [`    and ${rest} more`] : []),
  ];
}
