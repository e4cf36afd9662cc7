// Deno's functions for files, in Node too, for modules of the package that read files.

import { Deno as inNode } from "@deno/shim-deno";

/** Errors that the shim leaves as Node throws them. */
function errorOf(code) {
  return class extends Error {
    code = code;
    static [Symbol.hasInstance](error) {
      return error?.code === code;
    }
  };
}

const errors = {
  ...inNode.errors,
  NotADirectory: errorOf("ENOTDIR"),
  IsADirectory: errorOf("EISDIR"),
};

export const Deno = globalThis.Deno ?? { ...inNode, errors };
