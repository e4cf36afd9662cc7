// What helps after a failure, in words.

export const restart = "Reset, and try again or with smaller settings.";

/** Readers of images speak of the command line's flags. */
export function remedyOf(message: string): string {
  const remedy = "Choose the folder again when that is put right, or another one.";
  return / --[a-z]/.test(message)
    ? `${remedy} What begins with -- is for the command line alone.`
    : remedy;
}
