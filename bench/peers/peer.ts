// What an engine has to offer to be compared.

import type { Workload } from "./workloads.ts";

/** An engine with a backend of it. */
export interface Peer {
  readonly version: string;
  /** all cases of a workload; none if the engine cannot do it */
  cases(workload: Workload): Case[];
}

/** One line of a workload's table. */
export interface Case {
  readonly name: string;
  prepare(): Prepared | Promise<Prepared>;
}

/** Inputs are on the device, and what compiles before the first run has compiled. */
export interface Prepared {
  /** does the work so many times, and waits for the device once */
  run(times: number): Promise<void>;
  /** the largest error of some results against double precision, as a share */
  error(): number | Promise<number>;
}

/** The interface of a package. The project's own checks do without the packages, hence no types of theirs. */
// deno-lint-ignore no-explicit-any
export type Untyped = any;

/** Loads a package of this folder. */
export function load(name: string): Promise<Untyped> {
  return import(name);
}

/** The version of a package of this folder. */
export async function versionOf(name: string): Promise<string> {
  const file = new URL(`./node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(await Deno.readTextFile(file)).version;
}
