// What models are called in tables, each by another name.

import { basename, dirname } from "@std/path";

/** A checkpoint file and what its metadata say. */
export interface LabelledFile {
  readonly path: string;
  readonly client: string | null;
  readonly role: string | null;
}

/** Names of models, and the folders they are from. */
export interface ModelLabels {
  /** `A personal`, or the file's name where that is unknown; `2 A personal` if there are several folders */
  readonly labels: readonly string[];
  /** of each model's folder, from 1 */
  readonly numbers: readonly number[];
  /** in the order of their numbers */
  readonly folders: readonly string[];
}

/** Labels for a list of checkpoints, of which no two are the same file. */
export function modelLabels(files: readonly LabelledFile[]): ModelLabels {
  const folders = [...new Set(files.map(({ path }) => dirname(path)))];
  const numbers = files.map(({ path }) => folders.indexOf(dirname(path)) + 1);
  const numbered = (names: readonly string[]) =>
    folders.length === 1 ? names : names.map((name, index) => `${numbers[index]} ${name}`);
  const fileNames = files.map(({ path }) => basename(path, ".safetensors"));
  const names = numbered(
    files.map(({ client, role }, index) =>
      client === null || role === null ? fileNames[index] : `${client} ${role}`
    ),
  );
  const isUnique = new Set(names).size === names.length;
  return { labels: isUnique ? names : numbered(fileNames), numbers, folders };
}
