// Files from outside, held against a schema: the value as the schema has it, or the first thing that is wrong with it.

import * as v from "valibot";
import { isCount, isRecord } from "./json.ts";

/** A whole number of at least 0 that is exact. */
export const count = v.custom<number>(isCount, "is no whole number of at least 0");

export const text = v.string("is no text");

/** What a list of texts has to hold is up to its reader. */
export const texts = v.array(text, "is no list");

const plain = v.custom<Record<string, unknown>>(isRecord, "is no object");

/** An object with these members; what else it has stays. A member that is missing is not what it has to be. */
export function object<const T extends v.ObjectEntries>(entries: T) {
  return v.pipe(
    plain,
    v.looseObject(entries, ({ path }) => wishOf(entries[path?.at(-1)?.key as string])),
  );
}

/** What a schema says of what it does not take. */
function wishOf(schema: object): string {
  const { message, pipe, wrapped } = schema as {
    readonly message?: unknown;
    readonly pipe?: readonly object[];
    readonly wrapped?: object;
  };
  if (typeof message === "string") return message;
  const inner = pipe?.[0] ?? wrapped;
  return inner ? wishOf(inner) : "is missing";
}

/** An object whose members are all alike, whatever they are called. */
export function record<const T extends v.GenericSchema>(member: T) {
  type Members = Record<string, v.InferOutput<T>>;
  return v.custom<Members>(
    (value) => isRecord(value) && Object.values(value).every((item) => v.is(member, item)),
    ({ input }) => isRecord(input) ? `has a member that ${wishOf(member)}` : "is no object",
  );
}

/**
 * The value as the schema has it.
 *
 * @param what the whole of it is called
 * @param fail makes the error of a problem, such as "clients.train is no whole number of at least 0"
 */
export function held<T extends v.GenericSchema>(
  schema: T,
  value: unknown,
  what: string,
  fail: (problem: string) => Error,
): v.InferOutput<T> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const names = (issue.path ?? []).map(({ key }) => key).filter((key) => typeof key === "string");
  throw fail(`${names.length === 0 ? what : names.join(".")} ${issue.message}`);
}
