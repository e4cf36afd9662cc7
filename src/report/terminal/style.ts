// Emphasis in text: ANSI codes on a terminal that shows colours, nothing elsewhere.

/** Wraps text that already has its final width. */
export interface Style {
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
}

const same = (text: string) => text;
const ansi = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;

/** For files, pipes and `NO_COLOR`. */
export const plainStyle: Style = { strong: same, faint: same, good: same, bad: same };

/** For terminals. */
export const ansiStyle: Style = {
  strong: ansi(1, 22),
  faint: ansi(2, 22),
  good: ansi(32, 39),
  bad: ansi(31, 39),
};
