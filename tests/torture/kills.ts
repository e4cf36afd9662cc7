// The program killed or stopped at random moments and told to go on, until it ends: what it leaves has to be what it
// always leaves.

import { join } from "@std/path";
import type { RandomStream } from "../../src/random.ts";
import { ended, startCli } from "../commands/run_cli.ts";
import { filesOf } from "../commands/run_files.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";

/** Something that is stored as it goes, so that it can be gone on with. */
export interface KillPlan {
  readonly name: string;
  readonly command: "train" | "compare";
  readonly flags: readonly string[];
  /** of every process that goes on; none of them may change a number */
  readonly resumeFlags?: (random: RandomStream) => readonly string[];
}

/** What a plan comes to when nobody disturbs it. */
export interface Undisturbed {
  /** of the fastest process so far that did all of it: the first one may have been compiled, on a busy machine */
  milliseconds: number;
  readonly files: Files;
}

type Files = ReadonlyMap<string, Uint8Array | string | null>;

/** The end of a process. */
export interface Kill {
  /** SIGTERM lets it finish the step under way and store where it was */
  readonly by: "SIGKILL" | "SIGTERM";
  /** milliseconds after its start */
  readonly after: number;
  /** whether it had gone on from a state */
  readonly resumed: boolean;
}

/** What it came to otherwise. */
export interface Killed {
  readonly kills: readonly Kill[];
  /** what is otherwise than undisturbed, in words; null if nothing is */
  readonly problem: string | null;
}

/** The smallest federation there is: a few seconds of training in steps of four images. */
const smallest =
  "--data demo --image-size 32 --limit 10 --batch 4 --width 0.0625 --seed 5 --save_path out"
    .split(" ");

/** In the test; Adam remembers its steps, DET its stages, and who sits out a round moves in the stack. */
export const everyEpoch: KillPlan = {
  name: "train, a state every epoch",
  command: "train",
  flags: [
    ...smallest,
    ..."--iters 2 --wk_iters 2 --optim adam --lr 1e-3 --participation 0.5 --eval-every 2".split(
      " ",
    ),
    ...["--checkpoint-every", "epoch"],
  ],
  // With other groups it does not go on within an epoch; without the flag it has to.
  resumeFlags: (random) =>
    random.integer(2) === 0 ? [] : ["--parallel-clients", String(1 + random.integer(4))],
};

/** All that `deno task torture` kills. */
export const killPlans: readonly KillPlan[] = [
  everyEpoch,
  {
    name: "train, a state every round",
    command: "train",
    flags: [...smallest, ..."--iters 6 --wk_iters 1 --augment none".split(" ")],
  },
  {
    name: "compare",
    command: "compare",
    flags: [
      ...smallest.filter((word, k, all) => ![word, all[k - 1]].includes("--seed")),
      ..."--iters 3 --wk_iters 1 --methods fedprox,prrfl --seeds 5".split(" "),
    ],
  },
];

/** Runs a plan to its end. */
export async function undisturbed({ command, flags }: KillPlan): Promise<Undisturbed> {
  using folder = new TemporaryFolder();
  const start = performance.now();
  const { code, err } = await ended(startCli(folder.path, [command, ...flags]));
  if (code !== 0 || err !== "") throw new Error(`${command} ${flags.join(" ")}: ${code}, ${err}`);
  const milliseconds = performance.now() - start;
  return { milliseconds, files: await leftIn(folder.path) };
}

/**
 * Runs a plan and kills or stops it, so often at most; then, unless it has ended before, it is let go on to its end.
 * It goes on wherever a state was stored, and begins anew elsewhere, as a person would.
 */
export async function killAgainAndAgain(
  plan: KillPlan,
  whole: Undisturbed,
  random: RandomStream,
  most: number,
): Promise<Killed> {
  using temporary = new TemporaryFolder();
  const kills: Killed["kills"][number][] = [];
  while (true) {
    const folder = await storedIn(temporary.path, plan);
    if (folder === null) await removeAll(temporary.path);
    const args = folder === null
      ? [plan.command, ...plan.flags]
      : [plan.command, "--resume", folder, ...plan.resumeFlags?.(random) ?? []];
    const process = startCli(temporary.path, args);
    const after = kills.length < most
      ? Math.round(whole.milliseconds * (0.1 + 0.8 * random.uniform()))
      : null;
    const by = random.integer(2) === 0 ? "SIGKILL" : "SIGTERM";
    const timer = after === null ? undefined : setTimeout(() => kill(process, by), after);
    const start = performance.now();
    const { signal, code, err } = await ended(process);
    clearTimeout(timer);
    if (folder === null && code === 0) {
      whole.milliseconds = Math.min(whole.milliseconds, performance.now() - start);
    }
    // Before it listens to signals, each of them kills it.
    const isKilled = signal === by || by === "SIGTERM" && code === 143;
    if (after !== null && isKilled) kills.push({ by, after, resumed: folder !== null });
    else if (code === 0 || err.includes(": the run is finished;")) {
      return { kills, problem: difference(await leftIn(temporary.path), whole.files) };
    } else return { kills, problem: `"${args.join(" ")}" ended with ${code}: ${err}` };
    if (!expectedWords.test(err)) return { kills, problem: `"${args.join(" ")}" said: ${err}` };
  }
}

/** What a process that is killed or stopped may say: that it has other groups than its state, and where it stopped. */
const expectedWords =
  /^(note: \S+ was taken within a local epoch .*\n)?(Interrupted( (before|after|between) .*)?\n)?$/;

function kill(process: Deno.ChildProcess, signal: Kill["by"]): void {
  try {
    process.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // else it has just ended by itself
  }
}

/** The folder that `--resume` can name, from `cwd`; null if nothing is stored yet. */
async function storedIn(cwd: string, { command }: KillPlan): Promise<string | null> {
  const inside = command === "compare"
    ? ["compare.json"]
    : ["resume/state.safetensors", "resume/previous.safetensors"];
  const [name] = await namesIn(join(cwd, "out"));
  if (name === undefined) return null;
  for (const path of inside) {
    const there = await Deno.stat(join(cwd, "out", name, path)).then(() => true, () => false);
    if (there) return join("out", name);
  }
  return null;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function removeAll(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    await Deno.remove(join(folder, name), { recursive: true });
  }
}

/** All files of a plan that has ended, without what stands aside, and the state of a run killed once it was done. */
async function leftIn(cwd: string): Promise<Files> {
  const [name, ...others] = await namesIn(join(cwd, "out"));
  if (others.length > 0) throw new Error(`out holds ${name} and ${others.join(", ")}`);
  const files = await filesOf(join(cwd, "out", name));
  const counts = (path: string) => !/(^|\/)resume\/|^[^/]+_unfinished(_\d+)?\//.test(path);
  return new Map([...files].filter(([path]) => counts(path)));
}

/** What is not the same in both, in words; null if nothing is. */
export function difference(actual: Files, expected: Files): string | null {
  const names = [...new Set([...actual.keys(), ...expected.keys()])];
  const differing = names.filter((name) => !isSame(actual.get(name), expected.get(name)));
  return differing.length === 0 ? null : `other than undisturbed: ${differing.join(", ")}`;
}

type Content = Uint8Array | string | null | undefined;

function isSame(a: Content, b: Content): boolean {
  if (!(a instanceof Uint8Array && b instanceof Uint8Array)) return a === b;
  return a.length === b.length && a.every((byte, k) => byte === b[k]);
}
