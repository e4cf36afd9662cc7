// A site as a program: what tests ask of it, and the means that a server would send it.

import { join } from "@std/path";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import { readSafetensors, writeSafetensors } from "../../src/io/safetensors.ts";
import { assertEquals } from "../assert.ts";
import { runCli } from "./run_cli.ts";

/** Sizes with which a round takes seconds. */
export function flags(rounds = 2): string[] {
  const sizes = "--data demo --image-size 32 --limit 24 --batch 8 --width 0.0625 --wk_iters 2";
  return `${sizes} --seed 7 --iters ${rounds}`.split(" ");
}

/** Runs `site` where it has to succeed, and gives the line that it prints. */
// deno-lint-ignore no-explicit-any
export async function site(cwd: string, ...args: string[]): Promise<any> {
  const { code, out, err } = await runCli(cwd, "site", ...args);
  assertEquals({ code, err }, { code: 0, err: "" });
  return JSON.parse(out);
}

/** A mean as whoever drives sites writes it, of messages in this order. */
export async function writeMean(
  path: string,
  messages: readonly string[],
  change: Readonly<Record<string, string>> = {},
): Promise<void> {
  const files = await Promise.all(
    messages.map(async (message) => readSafetensors(await Deno.readFile(message))),
  );
  const { agreement, method, round } = files[0].metadata;
  const mean = new Map<string, HostTensor>();
  for (const [name, { shape }] of files[0].tensors) {
    const parts = files.map(({ tensors }) => tensors.get(name)!.data as Float32Array);
    const data = Float32Array.from(
      parts[0],
      (_, at) => parts.reduce((sum, part) => Math.fround(sum + part[at]), 0) / parts.length,
    );
    mean.set(name, { shape, data });
  }
  const metadata = { kind: "prrfl-mean", agreement, method, round, ...change };
  await Deno.writeFile(path, writeSafetensors(mean, metadata));
}

/** Names of files that are not what they were. */
export function changed(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.filter((name) => before.get(name) !== after.get(name));
}

/** What a site has kept of itself: bytes by path. */
export async function keptBy(folder: string): Promise<Map<string, string>> {
  const kept = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) {
      for (const [inner, text] of await keptBy(path)) kept.set(`${name}/${inner}`, text);
    } else kept.set(name, new TextDecoder("latin1").decode(await Deno.readFile(path)));
  }
  return kept;
}
