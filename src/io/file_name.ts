// How long a file's name may be, and what it is called while it is written.

/** Ends of the names under which files are written before they are renamed. */
export const temporaryName = /\.[0-9a-f-]{36}\.tmp$/;

/** Such an end, different every time. */
export function temporaryEnding(): string {
  return `.${crypto.randomUUID()}.tmp`;
}

/** The most bytes of the name of a file that is written whole or not at all: file systems take 255. */
export const mostNameBytes = 255 - temporaryEnding().length;

/** Bytes of a name, as file systems count them. */
export function nameBytes(name: string): number {
  return new TextEncoder().encode(name).length;
}
