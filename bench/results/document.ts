// The tables and pictures of docs/RESULTS.md: what stands between its marks is written anew.

import { join } from "@std/path";
import { writeFileAtomic } from "../../src/io/files.ts";
import { resultsFigure } from "../../src/report/figures/results_figure.ts";
import { retrogressFigure } from "../../src/report/figures/retrogress_figure.ts";
import { intervalTables } from "../../src/report/page/interval_tables.ts";
import { writePictures } from "../../src/report/page/report.ts";
import { retrogressTable } from "../../src/report/page/retrogress_table.ts";
import { tableMarkdown } from "../../src/report/page/table_text.ts";
import { resultTables, type Table } from "../../src/report/page/tables.ts";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { byMethod, type LabelledRun } from "../../src/report/reading/method_runs.ts";
import { sharingTable } from "../../src/report/terminal/sharing.ts";

/** What the document has marks for. */
const names = [
  ...["views", "clients", "intervals", "differences", "retrogress", "all methods", "sharing"],
] as const;

/** @throws {Error} naming the marks that the document lacks */
export async function expectMarks(docs: string): Promise<void> {
  const text = await Deno.readTextFile(join(docs, "RESULTS.md"));
  for (const name of names) replaced(text, name, "");
}

/**
 * Writes `RESULTS.md` and `images/dermoscopy-*.png`.
 *
 * @param kept folder of the runs
 * @param docs where both are
 * @throws {Error} if the document lacks one of the marks
 */
export async function writeDocument(kept: string, docs: string): Promise<void> {
  const runs = await readRuns([kept]);
  const repeated = byMethod(runs).filter(({ runs }) => runs.length > 1).flatMap(({ runs }) => runs);
  const compared = repeated.length > 0 ? repeated : runs;
  const path = join(docs, "RESULTS.md");
  const tables = tablesOf(runs, compared);
  const text = names.reduce(
    (text, name) => replaced(text, name, tables[name].map(tableMarkdown).join("\n")),
    await Deno.readTextFile(path),
  );
  await writeFileAtomic(path, text);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", path] }).spawn().status;
  await writeImages(compared, join(docs, "images"));
}

/** What the document's marks stand for. */
function tablesOf(
  runs: readonly LabelledRun[],
  compared: readonly LabelledRun[],
): Readonly<Record<typeof names[number], Table[]>> {
  const first = runs.filter(({ seed }) => seed === runs[0].seed);
  const [views, ...clients] = resultTables(compared);
  const uncertainty = intervalTables(compared); // those of differences last
  const intervals = uncertainty.filter(({ head }) => head[0] === "Method");
  const differences = uncertainty.slice(intervals.length).map((table) => ({
    ...table,
    rows: table.rows.filter(([{ text }]) => /(^|− )PRR-FL/.test(text)),
  }));
  const retrogress = retrogressTable(compared);
  return {
    ...{ views: [views], clients, intervals, differences },
    retrogress: retrogress === null ? [] : [retrogress],
    "all methods": resultTables(first).slice(0, 1),
    sharing: [sharingTable(first)],
  };
}

function replaced(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`RESULTS.md has no place between ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${content}\n${text.slice(to)}`;
}

/** As PNG alone: documents show no others. */
async function writeImages(runs: readonly LabelledRun[], folder: string): Promise<void> {
  const temporary = await Deno.makeTempDir();
  try {
    const figures = [retrogressFigure(runs), resultsFigure(runs)];
    for (const name of await writePictures(figures, temporary)) {
      await Deno.copyFile(join(temporary, `${name}.png`), join(folder, `dermoscopy-${name}.png`));
    }
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}
