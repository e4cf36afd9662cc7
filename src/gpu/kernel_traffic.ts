// How often a kernel passes over each storage variable, read from the WGSL itself.

import type { KernelFile } from "./kernel.ts";

const cache = new WeakMap<KernelFile, Map<string, ReadonlyMap<number, number>>>();

/**
 * Passes over each storage variable of an entry point, by binding: 1 where it is only read or only
 * written, 2 where it is both. Functions that the entry point calls count as part of it.
 */
export function passesOver(file: KernelFile, entryPoint: string): ReadonlyMap<number, number> {
  const ofFile = cache.get(file) ?? new Map<string, ReadonlyMap<number, number>>();
  cache.set(file, ofFile);
  const cached = ofFile.get(entryPoint);
  if (cached) return cached;
  const code = file.source.replaceAll(/\/\/.*$/gm, "");
  const body = reachableCode(code, entryPoint);
  const passes = new Map(
    [...file.bindings].map(([name, binding]) => [
      binding,
      isDeclaredWritable(code, name) && isReadAndWritten(body, name) ? 2 : 1,
    ]),
  );
  ofFile.set(entryPoint, passes);
  return passes;
}

function isDeclaredWritable(code: string, name: string): boolean {
  return new RegExp(`var<\\s*storage\\s*,\\s*read_write\\s*>\\s*${name}\\b`).test(code);
}

function isReadAndWritten(code: string, name: string): boolean {
  let reads = false;
  let writes = false;
  for (const { index } of code.matchAll(new RegExp(`(?<![\\w.])${name}\\b`, "g"))) {
    const rest = code.slice(behindPlace(code, index + name.length)).trimStart();
    const assigned = /^(=(?!=)|([-+*/%&|^]|<<|>>)=|\+\+|--)/.exec(rest)?.[0];
    if (assigned !== undefined) writes = true;
    if (assigned !== "=") reads = true;
  }
  return reads && writes;
}

/** Where indices and members such as `[i * 2u].x` end that begin at a position. */
function behindPlace(code: string, start: number): number {
  let end = start;
  while (true) {
    const member = /^\s*\.\w+/.exec(code.slice(end))?.[0];
    if (member !== undefined) end += member.length;
    else if (code[end] === "[") end = behindBracket(code, end, "[]");
    else return end;
  }
}

/** The bodies of a function and of all that it calls. */
function reachableCode(code: string, entryPoint: string): string {
  const bodies = functionBodies(code);
  const reached = new Set([entryPoint]);
  for (const name of reached) { // grows while it is walked over
    for (const [word] of (bodies.get(name) ?? "").matchAll(/\w+/g)) {
      if (bodies.has(word)) reached.add(word);
    }
  }
  return [...reached].map((name) => bodies.get(name) ?? "").join("\n");
}

function functionBodies(code: string): Map<string, string> {
  return new Map(
    [...code.matchAll(/\bfn\s+(\w+)/g)].map(({ index, 1: name }) => {
      const start = code.indexOf("{", index);
      return [name, code.slice(start, behindBracket(code, start, "{}"))];
    }),
  );
}

/** Where the bracket that opens at a position has closed. */
function behindBracket(code: string, start: number, [open, close]: string): number {
  let depth = 0;
  for (let end = start; end < code.length; end++) {
    if (code[end] === open) depth++;
    else if (code[end] === close && --depth === 0) return end + 1;
  }
  return code.length;
}
