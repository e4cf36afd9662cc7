// The command `report`: a page and pictures of finished and unfinished runs.

import { counted } from "../report/format.ts";
import { createNewFolder, expectNewFile, expectNewFolder } from "../io/files.ts";
import { readRuns } from "../report/reading/labelled_runs.ts";
import { reportFigures, writePage, writePictures } from "../report/page/report.ts";
import { oneLine } from "./expected_error.ts";
import { reportFlags } from "./flags.ts";
import { resolveOptions } from "./options.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads the runs in the folders named and writes their report.
 *
 * @throws {UsageError | RunFolderError} saying what is wrong and what to do
 * @throws {Deno.errors.AlreadyExists} if there is something where page or pictures should go
 */
export async function report(args: readonly string[]): Promise<void> {
  const { options: { out }, operands } = resolveOptions(args, reportFlags, {}, {
    takesOperands: true,
  });
  if (operands.length === 0) {
    throw new UsageError(
      "Cannot report nothing: name the folder of a run or one that holds several, as in report runs",
    );
  }
  if (!out.endsWith(".html")) {
    throw new UsageError(`Cannot use ${out} for --out: expected a name that ends in .html`);
  }
  const folder = out.replace(/\.html$/, "_figures");
  await expectNewFile(out);
  await expectNewFolder(folder);

  const runs = await readRuns(operands);
  for (const notice of runs.flatMap(({ notices }) => notices)) {
    console.error(`note: ${oneLine(notice)}`);
  }
  const figures = reportFigures(runs);
  await writePage(runs, figures, out);
  await createNewFolder(folder);
  const names = await writePictures(figures, folder);
  console.log(
    `${out}: ${counted(runs.length, "run")}\n${folder}: ${
      counted(names.length, "picture")
    } as PNG and SVG`,
  );
}
