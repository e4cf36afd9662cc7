// What a value of JSON from a file is: it may be anything.

/** Whether it is an object that is no list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether it is a list of texts, and nothing but texts. */
export function isListOfTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** Whether it is a whole number of at least 0 that is exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** For a message; not what is nested, which may be deeper than the stack. */
export function shown(value: unknown): string {
  const isPlain = (item: unknown) => typeof item !== "object" || item === null;
  const isFlat = Array.isArray(value) ? value.every(isPlain) : isPlain(value);
  return isFlat ? String(JSON.stringify(value)) : "nested values";
}
