// Makes docs/RESULTS.md: trains with the paper's images, keeps the rows of the runs, writes tables and pictures of them.
//     deno task results FOLDER    trains with the images in FOLDER, or goes on where it was stopped; then as without it
//     deno task results           writes tables and pictures again, from docs/results

import { join, resolve } from "@std/path";
import { expectMarks, writeDocument } from "./results/document.ts";
import { comparisonsIn, keepRuns } from "./results/kept_runs.ts";

const root = join(import.meta.dirname!, "..");
/** Where runs are while they are made. */
const work = join(root, "runs", "results");
/** What is kept of them. */
const kept = join(root, "docs", "results");

/** Of every run; all else is the official default. */
const setting = ["--image-size", "32", "--width", "0.25", "--iters", "6", "--wk_iters", "3"];

/** Three seeds of what is to be compared, then one of everything else. */
const comparisons = [
  { name: "seeds", methods: ["local", "fedavg", "fedbn", "pfa", "det", "prrfl"], seeds: "1,2,3" },
  { name: "others", methods: ["fedprox", "silobn", "fml", "scaffold"], seeds: "1" },
];

/** Ends this program where a comparison does not come to its end; the next start goes on with it. */
async function train(data: string): Promise<void> {
  for (const { name, methods, seeds } of comparisons) {
    const folder = join(work, name);
    await Deno.mkdir(folder, { recursive: true });
    const begun = (await comparisonsIn(work)).find((comparison) => comparison.name === name);
    const what = begun === undefined
      ? [...setting, "--methods", methods.join(), "--seeds", seeds, "--save_path", folder]
      : ["--resume", begun.folder];
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", join(root, "cli.ts"), "compare", ...what, "--data", data],
      stdin: "null",
    }).spawn().status;
    if (code !== 0) Deno.exit(code);
  }
}

const [data, ...rest] = Deno.args;
if (rest.length > 0) {
  console.error(
    "error: Cannot take more than the folder of the images, as in: deno task results FOLDER",
  );
  Deno.exit(2);
}
const docs = join(root, "docs");
await expectMarks(docs); // before hours of training
if (data !== undefined) await train(resolve(data));
const methods = comparisons.flatMap(({ methods }) => methods);
const folders = (await comparisonsIn(work)).map(({ folder }) => folder);
const added = await keepRuns(folders, kept, methods);
console.log(`${kept}: ${added} runs added`);
await writeDocument(kept, docs);
