// Shows a reader damaged inputs, and reports each that it answers with anything but a result or a documented error.

import process from "node:process";
import { RandomStream } from "../../src/random.ts";
import type { FuzzTarget } from "./targets.ts";

/** How the reader took the inputs. */
export interface FuzzCounts {
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: number;
  /** of the input that took longest, milliseconds of a core */
  readonly slowest: number;
  /** of the input that took most memory, bytes */
  readonly largest: number;
}

/** Which inputs are read, and what one may take. */
export interface FuzzOptions {
  readonly seed?: number;
  readonly first?: number;
  readonly count: number;
  /** milliseconds of a core; the inputs are of some kilobytes */
  readonly mostTime?: number;
  /** bytes */
  readonly mostMemory?: number;
}

/**
 * Reads the inputs `first … first + count − 1` of a seed.
 *
 * @param onInput called before every input, with its number
 * @throws {Error} for the first input that is taken wrongly, with its seed, number and bytes
 */
export async function fuzz(
  target: FuzzTarget,
  { seed = 1, first = 0, count, mostTime = 1000, mostMemory = 64e6 }: FuzzOptions,
  onInput: (number: number) => void = () => {},
): Promise<FuzzCounts> {
  let [accepted, refused, slowest, largest] = [0, 0, 0, 0];
  for (let number = first; number < first + count; number++) {
    onInput(number);
    const input = await target.make(new RandomStream(seed, number));
    const fail = (problem: string, cause?: unknown) =>
      new Error(
        `${target.name}, seed ${seed}, input ${number}: ${problem}\n${input.toBase64()}`,
        { cause },
      );
    const { error, memory, ...spent } = await attempt(target, input);
    if (error === null) accepted++;
    else if (isDocumented(target, error)) refused++;
    else throw fail(`${error}`, error);
    // Time of other threads of this process counts too, so an input is slow only if it always is.
    let { time } = spent;
    for (let again = 0; again < 2 && time > mostTime; again++) {
      time = Math.min(time, (await attempt(target, input)).time);
    }
    if (time > mostTime) throw fail(`it took ${Math.round(time)} ms`);
    if (memory > mostMemory) throw fail(`it took ${Math.round(memory / 1e6)} MB`);
    [slowest, largest] = [Math.max(slowest, time), Math.max(largest, memory)];
  }
  return { inputs: count, accepted, refused, slowest, largest };
}

/** Reads a copy of an input. @returns the error, or null, and what it took */
async function attempt({ read }: FuzzTarget, input: Uint8Array<ArrayBuffer>) {
  let error: unknown = null;
  const [start, before] = [timeSpent(), memoryInUse()];
  try {
    await read(input.slice());
  } catch (thrown) {
    error = thrown;
  }
  return { error, time: timeSpent() - start, memory: memoryInUse() - before };
}

/** Another class that inherits from a documented one is none. */
function isDocumented({ documented }: FuzzTarget, error: unknown): boolean {
  return documented.some((kind) => error instanceof kind && error.name === kind.name);
}

/** Milliseconds of a core: on a busy machine a clock would tell of the others. */
export function timeSpent(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Of JavaScript's values and arrays, bytes; garbage too, so that what was freed at once still shows. */
function memoryInUse(): number {
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
