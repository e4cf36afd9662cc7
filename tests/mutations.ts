// Breaks kernels and sources in one way after another and sees that a test notices. Slow, so no test itself:
//   deno task mutations [PATH-PART …]     only files whose path contains one of the parts
// Tests run in a copy that has no ../shared beside it, so what they notice a clean clone notices too.

import { dirname, join } from "@std/path";
import { findMistakes } from "./mutant_mistakes.ts";
import { type Mutant, mutants as kernelMutants } from "./mutants.ts";
import { sourceMutants } from "./source_mutants.ts";

const mutants = [...kernelMutants, ...sourceMutants];

const root = join(import.meta.dirname!, "..");
/** Seconds after which a mutant's tests are ended, for it may loop for ever: these, or so many times as long as unbroken. */
const leastPatience = 120;
const patience = 5;

/** "refused": the GPU takes no such kernel, which tells nothing about the tests. */
type Outcome = "passed" | "failed" | "timed out" | "refused" | "crashed";

const verdicts: Readonly<Record<Outcome, string>> = {
  "failed": "caught",
  "timed out": "timed out",
  "passed": "SURVIVED",
  "refused": "invalid",
  "crashed": "crashed",
};

/** One run of test files. */
interface Run {
  readonly outcome: Outcome;
  readonly output: string;
  readonly seconds: number;
}

/** Runs test files of a checkout until one test fails, or for so many seconds. */
async function runTests(folder: string, tests: readonly string[], limit: number): Promise<Run> {
  const start = performance.now();
  const timeout = AbortSignal.timeout(1000 * limit);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", "--fail-fast", ...tests.map((file) => `tests/${file}`)],
    cwd: folder,
    env: { NO_COLOR: "1", PRRFL_GOLDEN: join(folder, "no golden folder") },
    signal: timeout,
  }).output();
  const output = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n");
  const seconds = (performance.now() - start) / 1000;
  return { outcome: timeout.aborted ? "timed out" : outcomeOf(output), output, seconds };
}

/** From what was printed, because a driver may crash the process behind the last test. */
function outcomeOf(output: string): Outcome {
  if (output.includes("GpuError")) return "refused";
  const failed = output.match(/\| (\d+) failed/);
  if (!failed) return "crashed";
  return Number(failed[1]) > 0 ? "failed" : "passed";
}

async function runMutant(folder: string, mutation: Mutant, limit: number): Promise<Run> {
  const { file, original, mutant, tests } = mutation;
  const path = join(folder, file);
  const source = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, source.replace(original, () => mutant));
  const run = await runTests(folder, tests, limit);
  await Deno.writeTextFile(path, source);
  return run;
}

/**
 * The tests have to pass while nothing is broken, or their failures tell nothing.
 *
 * @returns the seconds that each set of tests may take, by its name; null if one fails
 */
async function checkBaseline(
  folder: string,
  chosen: readonly Mutant[],
): Promise<ReadonlyMap<string, number> | null> {
  const sets = new Map(chosen.map(({ tests }) => [nameOf(tests), tests]));
  const limits = new Map<string, number>();
  for (const [name, tests] of sets) {
    const { outcome, output, seconds } = await runTests(folder, tests, 10 * leastPatience);
    console.log(`${outcome.padEnd(9)}  ${time(seconds)}  unbroken: ${name}`);
    limits.set(name, Math.max(leastPatience, patience * seconds));
    if (outcome === "passed") continue;
    console.error(output);
    return null;
  }
  return limits;
}

function nameOf(tests: readonly string[]): string {
  return tests.join(" ");
}

/** Runs all mutants; whether the tests noticed every one. */
async function checkMutants(
  folder: string,
  chosen: readonly Mutant[],
  limits: ReadonlyMap<string, number>,
): Promise<boolean> {
  const counts = new Map(Object.values(verdicts).map((verdict) => [verdict, 0]));
  const width = Math.max(...chosen.map(({ file }) => file.length));
  const start = performance.now();
  for (const [index, mutation] of chosen.entries()) {
    const { outcome, seconds } = await runMutant(
      folder,
      mutation,
      limits.get(nameOf(mutation.tests))!,
    );
    const verdict = verdicts[outcome];
    counts.set(verdict, counts.get(verdict)! + 1);
    const done = index + 1;
    const left = (performance.now() - start) / 60_000 / done * (chosen.length - done);
    console.log(
      `${verdict.padEnd(9)}  ${time(seconds)}  ${`${done}/${chosen.length}`.padStart(7)}  ` +
        `${left.toFixed(0).padStart(2)} min left  ${mutation.file.padEnd(width)}  ` +
        `${onOneLine(mutation.original)} → ${onOneLine(mutation.mutant)}`,
    );
  }
  console.log([...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", "));
  return counts.get("caught")! + counts.get("timed out")! === chosen.length;
}

/** Copies what git tracks and what it would track, with all changes. */
async function copyCheckout(folder: string): Promise<void> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  const { stdout } = await new Deno.Command("git", { args, cwd: root }).output();
  for (const path of new TextDecoder().decode(stdout).split("\0").filter(Boolean)) {
    await Deno.mkdir(dirname(join(folder, path)), { recursive: true });
    await Deno.copyFile(join(root, path), join(folder, path));
  }
}

function time(seconds: number): string {
  return `${seconds.toFixed(1).padStart(5)} s`;
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ") || "nothing";
}

const mistakes = await findMistakes(root, mutants);
const chosen = mutants.filter(({ file }) =>
  Deno.args.length === 0 || Deno.args.some((part) => file.includes(part))
);
if (chosen.length === 0) mistakes.push(`No file's path contains ${Deno.args.join(" or ")}`);
for (const mistake of mistakes) console.error(mistake);
if (mistakes.length > 0) Deno.exit(1);

const folder = await Deno.makeTempDir({ prefix: "mutations-" });
try {
  await copyCheckout(folder);
  const limits = await checkBaseline(folder, chosen);
  Deno.exitCode = limits && await checkMutants(folder, chosen, limits) ? 0 : 1;
} finally {
  await Deno.remove(folder, { recursive: true });
}
