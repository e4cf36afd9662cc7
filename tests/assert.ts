// The assertions of Deno's standard library that the tests use, with the types its npm package lacks.

import * as untyped from "@std/assert";

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** What this project uses of `@std/assert`, as documented there. */
interface Assertions {
  assert(expr: unknown, msg?: string): asserts expr;
  assertEquals<T>(actual: T, expected: T, msg?: string): void;
  assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
  /** `tolerance` defaults to 1e-7 of `expected` */
  assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void;
  assertStringIncludes(actual: string, expected: string, msg?: string): void;
  assertMatch(actual: string, expected: RegExp, msg?: string): void;
  assertThrows<E extends Error = Error>(
    fn: () => unknown,
    errorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
  assertRejects<E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    errorClass: ErrorClass<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
}

const assertions = untyped as unknown as Assertions;

// An assertion signature narrows only where its type is written out, hence the annotation.
export const assert: Assertions["assert"] = assertions.assert;

export const {
  assertEquals,
  assertNotEquals,
  assertAlmostEquals,
  assertStringIncludes,
  assertMatch,
  assertThrows,
  assertRejects,
} = assertions;
