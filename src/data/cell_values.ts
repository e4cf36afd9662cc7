// What the cells of a table mean: nothing at all, yes or no, the name of an image.

/** How pandas, R, Excel and Python write that there is no value. */
const missing = new Set([
  ...["", "nan", "na", "n/a", "#n/a", "<na>", "nat", "none", "null", "nil", "-", "--", "?", "."],
]);

/** Does a cell say that there is no value? */
export function isMissing(text: string | undefined): boolean {
  return text === undefined || missing.has(text.trim().toLowerCase());
}

/** Yes (true) or no (false) in a column that marks a class; undefined if it is neither. */
export function readMark(text: string | undefined): boolean | undefined {
  const value = (text ?? "").trim().toLowerCase();
  if (["true", "t", "yes", "y"].includes(value)) return true;
  if (["false", "f", "no", "n"].includes(value)) return false;
  // "0,0" is what a spreadsheet of half of Europe writes.
  const number = value === "" ? NaN : Number(value.replace(",", "."));
  return number === 1 ? true : number === 0 ? false : undefined;
}

/** "2.0" and "2" are the same class: pandas writes integers so where a cell of their column is empty. */
export function withoutZeroFraction(text: string): string {
  return text.match(/^([+-]?\d+)\.0*$/)?.[1] ?? text;
}
