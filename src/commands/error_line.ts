// An error as the one line that is printed of it.

/** Characters of a message that are shown: it may quote a file, and that may be of any length. */
const longest = 2000;

/**
 * The message without line ends and other control characters, which a quoted file could drive the terminal with, and
 * cut in the middle if it is very long: the remedy stands at its end.
 */
export function errorLine(message: string): string {
  const half = longest / 2;
  const short = message.length <= longest
    ? message
    : `${message.slice(0, half)} … ${message.slice(-half)}`;
  return short.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (c) => c === "\n" ? " " : "\u{fffd}");
}
