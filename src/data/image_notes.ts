// What was noticed about images while they were read, put together by kind.

import { grouped } from "../maps.ts";

/** One thing about one image. */
export interface ImageNote {
  readonly path: string;
  /** completes "3 images: …" */
  readonly text: string;
}

/** One sentence for each kind of thing, with the number of images and one of them. */
export function summarizeNotes(notes: readonly ImageNote[]): string[] {
  return [...grouped(notes, ({ text }) => text)].map(([text, all]) => {
    const paths = all.map(({ path }) => path).sort(); // threads report in any order
    return `${paths.length} ${paths.length === 1 ? "image" : "images"} (${paths[0]}${
      paths.length === 1 ? "" : " and others"
    }): ${text}`;
  });
}
