// The table of bad inputs: each gets one clear sentence and changes nothing, and what is merely unusual is understood.

import { errorLine, isExpected } from "../src/commands/expected_error.ts";
import { assert, assertEquals, assertStringIncludes } from "./assert.ts";
import { archiveCases } from "./bad_inputs/archives.ts";
import type { InputCase } from "./bad_inputs/case.ts";
import { flagCases } from "./bad_inputs/flags.ts";
import { imageCases } from "./bad_inputs/images.ts";
import { listCases } from "./bad_inputs/lists.ts";
import { runFolderCases } from "./bad_inputs/run_folders.ts";
import { weightCases } from "./bad_inputs/weights.ts";
import { runCli } from "./commands/run_cli.ts";
import { TemporaryFolder } from "./data/tiny_folder.ts";

/** What goes on for so long, in milliseconds, would go on for ever: none takes a second, and a busy machine is not 600 times slower. */
const patience = 600_000;

const table: Readonly<Record<string, readonly InputCase[]>> = {
  images: imageCases,
  lists: listCases,
  flags: flagCases,
  archives: archiveCases,
  weights: weightCases,
  "run folders": runFolderCases,
};

/** Names and sizes of all files below a folder. */
function filesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? filesIn(path) : [`${path} ${Deno.lstatSync(path).size}`];
  }).toSorted();
}

/** @throws {Error} which no input is refused with, if it goes on and on */
async function endingInTime<T>(result: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("it goes on and on")), patience);
  return await Promise.race([result, promise]).finally(() => clearTimeout(timer));
}

async function check(input: InputCase): Promise<void> {
  using folder = new TemporaryFolder();
  await input.prepare?.(folder);
  const before = filesIn(folder.path);
  const outcome = await endingInTime(Promise.try(() => input.use(folder.path)))
    .then((result) => ({ result }), (error: unknown) => ({ error }));
  if ("accepted" in input) {
    if ("error" in outcome) throw outcome.error;
    return assertEquals(outcome.result, input.accepted);
  }
  if (!("error" in outcome)) throw new Error(`accepted: ${JSON.stringify(outcome.result)}`);
  const { error } = outcome;
  if (!isExpected(error)) throw error;
  const line = errorLine(error).replaceAll(folder.path, "FOLDER");
  for (const word of input.refused) assertStringIncludes(line, word);
  assert(/^[A-Z].*[^.]$/.test(line), line); // one sentence, without a stop
  const after = filesIn(folder.path).filter((file) => !/resume\/lock 0$/.test(file)); // which says nothing
  assertEquals(after, before);
}

for (const [kind, cases] of Object.entries(table)) {
  Deno.test(`each of ${cases.length} ${kind} is refused in one sentence, or understood`, async () => {
    for (const input of cases) {
      await check(input).catch((cause) => {
        throw new Error(input.what, { cause });
      });
    }
  });
}

/** Through the program itself, with the exit code. */
const commands: [
  what: string,
  prepare: (folder: TemporaryFolder) => void,
  args: string,
  message: string,
][] = [
  [
    "a list that would drive the terminal",
    (folder) => {
      folder.write("data/clientA/img_resize32/x.png", "");
      folder.write(
        "data/csv_folder/clientA/train_clientA.csv",
        'image_id,label\nx,"\x1b[2J\nmel"\n',
      );
    },
    "train --data data --image-size 32",
    'its label is "\ufffd[2J mel"; write a whole number such as',
  ],
  [
    "a width that no adapter has",
    () => {},
    "train --data demo --limit 2 --image-size 32 --width 1e300",
    "make one of them smaller",
  ],
  [
    "a batch that kernels cannot count",
    () => {},
    "train --data demo --limit 2 --image-size 32 --batch 9007199254740991",
    "2147483647",
  ],
  [
    "settings that are null",
    (folder) => {
      folder.write("run/config.json", "null");
      folder.write("run/metrics.jsonl", "");
    },
    "report run",
    "run/config.json: it is not the settings of a run",
  ],
  [
    "a file where runs should go",
    (folder) => folder.write("runs", ""),
    "demo --save_path runs",
    '"runs" is a file; choose a folder',
  ],
  [
    "a run that cannot go on",
    (folder) => folder.write("run/config.json", '{"settings":{"method":"prrfl"},"adapter":"x"}'),
    "train --resume run",
    "Cannot resume run: it holds no resume/state.safetensors",
  ],
];

for (const [what, prepare, args, message] of commands) {
  Deno.test(`cli.ts ends with code 2 and one sentence for ${what}`, async () => {
    using folder = new TemporaryFolder();
    prepare(folder);
    const before = filesIn(folder.path);
    const { code, out, err } = await runCli(folder.path, ...args.split(" "));
    assertStringIncludes(err, message);
    assertEquals({ code, out, lines: err.trimEnd().split("\n").length }, {
      code: 2,
      out: "",
      lines: 1,
    });
    assertEquals(filesIn(folder.path), before);
  });
}
