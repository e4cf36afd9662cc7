// Proves and measures everything on the adapter at hand within nine minutes, and writes docs/gpu/ADAPTER.md and .json:
// its limits, all tests of the engine, kernels and training steps beside the measured ceilings and beside PyTorch, and a
// minute of the paper's setting. Each part is a process of its own: where one fails, the others still tell.
//     deno task gpu-report [FOLDER]     writes there instead

import { join } from "@std/path";
import { writeFileAtomic } from "../src/io/files.ts";
import { type Part, type PartResult, reportText, type Row } from "./gpu_report/report_text.ts";

const root = join(import.meta.dirname!, "..");
const here = join(import.meta.dirname!, "gpu_report");

/** In their order, with the seconds after which they are ended; together less than nine minutes. */
const parts: readonly (Part & {
  readonly command: readonly string[];
  /** what ends the command, by the kind of adapter */
  readonly lastWord?: (kind: string) => string;
})[] = [
  {
    name: "kernels before tuning",
    limit: 110,
    command: [...deno("run", join(here, "kernels.ts")), "80", "--no-tuned"],
  },
  {
    name: "tests",
    limit: 140,
    command: deno("test", "tests/ops", "tests/tensor", "tests/gpu", "tests/nn"),
  },
  {
    name: "tuning",
    limit: 60,
    command: [...deno("run", "cli.ts"), "tune", "--models", "8", "--image-size"],
    lastWord: (kind) => kind === "cpu" ? "32" : "128",
  },
  { name: "kernels", limit: 70, command: [...deno("run", join(here, "kernels.ts")), "50"] },
  {
    name: "PyTorch",
    limit: 60,
    command: ["python3", "bench/pytorch_reference.py", "--repetitions", "3", "--least", "100"],
  },
  {
    name: "the paper's setting",
    limit: 90,
    command: [...deno("run", join(here, "paper_minute.ts")), "60"],
  },
];

function deno(command: "run" | "test", ...words: readonly string[]): string[] {
  const flags = command === "test" ? ["-A", "--no-check", "--parallel"] : ["-A", "--no-check"];
  return [Deno.execPath(), command, ...flags, ...words];
}

/** Runs a part to its end, or until its time is over; what it has printed by then counts. */
async function resultOf(
  { name, limit, command, lastWord }: typeof parts[number],
  kind: string,
): Promise<PartResult> {
  const [program, ...args] = lastWord ? [...command, lastWord(kind)] : command;
  const start = performance.now();
  const decoder = new TextDecoder();
  let out = "";
  try {
    const process = new Deno.Command(program, {
      args,
      cwd: root,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let isOver = false;
    const timer = setTimeout(() => {
      isOver = true;
      process.kill("SIGKILL");
    }, 1000 * limit);
    const errors = new Response(process.stderr).text();
    for await (const bytes of process.stdout) out += decoder.decode(bytes, { stream: true });
    const { code } = await process.status;
    clearTimeout(timer);
    const seconds = (performance.now() - start) / 1000;
    const lines = (await errors).trim().split("\n");
    const cause = lines.find((line) => /error/i.test(line)) ?? lines.at(-1);
    const problem = isOver
      ? `ended after its ${limit} s`
      : code === 0
      ? null
      : `failed (${code}): ${cause}`;
    return { name, limit, seconds, problem, out };
  } catch (error) {
    const seconds = (performance.now() - start) / 1000;
    return { name, limit, seconds, problem: (error as Error).message, out };
  }
}

/** Lines of JSON that a part has printed; others are of people's. */
function rowsOf(out: string): Row[] {
  return out.split("\n").flatMap((line) => {
    try {
      return line.startsWith("{") ? [JSON.parse(line)] : [];
    } catch {
      return []; // the last line of a part that was ended
    }
  });
}

function adapterIn(rows: readonly Row[]): Row | undefined {
  return rows.find(({ type }) => type === "adapter");
}

const folder = folderIn(Deno.args);
const results: PartResult[] = [];
let written: string | null = null;
for (const part of parts) {
  console.log(`${part.name} …`);
  const { kind = "" } = adapterIn(results.flatMap(({ out }) => rowsOf(out))) ?? {};
  const result = await resultOf(part, kind);
  results.push(result);
  console.log(`  ${Math.round(result.seconds)} s${result.problem ? `, ${result.problem}` : ""}`);
  written = await write(results); // after every part, so that what is measured stays if this is ended
}
if (written === null) {
  console.error("Cannot report: there is no adapter, or it fails; see cli.ts info");
  Deno.exit(1);
}
console.log(`written: ${join(folder, written)}.md and ${written}.json`);

/** The folder to write to; ends the program for anything but one folder. */
function folderIn(words: readonly string[]): string {
  const [folder = join(root, "docs", "gpu"), ...more] = words;
  if (more.length === 0 && !folder.startsWith("-")) return folder;
  console.error(
    `Cannot report for ${words.join(" ")}: one folder to write to is expected, or none`,
  );
  Deno.exit(2);
}

/** The name of the files; null while no part has told the adapter. */
async function write(results: readonly PartResult[]): Promise<string | null> {
  const rows = Object.fromEntries(results.map(({ name, out }) => [name, rowsOf(out)]));
  const adapter = adapterIn(Object.values(rows).flat());
  if (adapter === undefined) return null;
  const name = adapter.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-|-$/g, "");
  await Deno.mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFileAtomic(`${path}.json`, `${JSON.stringify(rows, null, 1)}\n`);
  await writeFileAtomic(`${path}.md`, reportText(results, rows));
  return name;
}
