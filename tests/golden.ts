// Reference vectors: numbers that NumPy and PyTorch computed, each safetensors file with its description.

import { join } from "@std/path";
import { readSafetensors } from "../src/io/safetensors.ts";
import type { HostTensor } from "../src/tensor/host_tensor.ts";

/** Where all vectors are: `PRRFL_GOLDEN`, else `../shared/golden` beside the project; null without them. */
export const goldenFolder: string | null = existing(
  Deno.env.get("PRRFL_GOLDEN") ?? join(import.meta.dirname!, "../../shared/golden"),
);

/** The vectors that are part of the project: copies of files of the golden folder or of parts of them, and what the scripts there write. */
export const vectorFolder: string = join(import.meta.dirname!, "vectors");

/** The tensors of one file, by name. */
export interface Vectors {
  /** @throws {TypeError} if there is no such tensor, or it is one of 64-bit integers */
  get(name: string): { shape: readonly number[]; data: readonly number[] };
}

/** `folder/name.json` as it is. */
export async function readDescription<T>(folder: string, name: string): Promise<T> {
  return JSON.parse(await Deno.readTextFile(join(folder, `${name}.json`)));
}

/** The tensors of `folder/name.safetensors`. */
export async function readVectors(folder: string, name: string): Promise<Vectors> {
  const { tensors } = readSafetensors(
    await Deno.readFile(join(folder, `${name}.safetensors`)),
  );
  return { get: (tensor) => numbersOf(tensors.get(tensor), tensor, name) };
}

/** A test against the golden folder, which is reported as ignored where that is missing. */
export function goldenTest(name: string, body: (folder: string) => Promise<void>): void {
  Deno.test({ name, ignore: goldenFolder === null, fn: () => body(goldenFolder!) });
}

function numbersOf(tensor: HostTensor | undefined, name: string, file: string) {
  if (!tensor || tensor.data instanceof BigInt64Array) {
    throw new TypeError(`Cannot find tensor "${name}" of numbers in ${file}.safetensors`);
  }
  return { shape: tensor.shape, data: Array.from(tensor.data) };
}

function existing(folder: string): string | null {
  try {
    return Deno.statSync(folder).isDirectory ? folder : null;
  } catch {
    return null;
  }
}
