// What a comparison writes beside its runs: tables as Markdown and CSV, pictures and the page.

import { join } from "@std/path";
import { stringify } from "csv-stringify/sync";
import { writeFileAtomic } from "../io/files.ts";
import { retrogress } from "../metrics/retrogress.ts";
import { meanOfDefined } from "../metrics/statistics.ts";
import type { LabelledRun } from "./labelled_runs.ts";
import { communicationsOf } from "./recorded_run.ts";
import { reportFigures, writePage, writePictures } from "./report.ts";
import { tableMarkdown } from "./table_text.ts";
import { resultOf, resultTables, retrogressTable, type Table } from "./tables.ts";

/** What was written, and what a person wants to see of it at once. */
export interface Comparison {
  readonly tables: readonly Table[];
  /** path of the page */
  readonly page: string;
}

/** Writes `results.md`, `results.csv`, `report.html` and the pictures; what is there is replaced. */
export async function writeComparison(
  runs: readonly LabelledRun[],
  folder: string,
): Promise<Comparison> {
  const retrogress = retrogressTable(runs);
  const tables = [...resultTables(runs), ...retrogress === null ? [] : [retrogress]];
  const markdown = `# Results\n\n${tables.map(tableMarkdown).join("\n")}`;
  await writeFileAtomic(join(folder, "results.md"), markdown);
  await writeFileAtomic(join(folder, "results.csv"), resultsCsv(runs));
  const figures = reportFigures(runs);
  await writePictures(figures, folder);
  const page = join(folder, "report.html");
  await writePage(runs, figures, page);
  return { tables, page };
}

/**
 * A row for each client of each run and for their average, after so many rounds; metrics in percent, empty where
 * n/a.
 */
export function resultsCsv(runs: readonly LabelledRun[]): string {
  const rows = runs.flatMap((run) => {
    const { personalRole, sharedRole, clients } = run.run;
    const events = run.rows.filter((row) => row.type !== "evaluation");
    const { communications } = retrogress(events, { role: sharedRole ?? personalRole });
    return [...clients.keys(), null].map((client) => {
      const drops = communications.flatMap((communication) =>
        client === null
          ? [communication.mean]
          : communication.clients.filter((drops) => drops.client === clients[client].name)
      );
      const lost = (metric: "f1" | "auc") =>
        sharedRole === null ? null : meanOfDefined(drops.map((drop) => drop[metric].depth));
      return {
        method: run.settings.method,
        seed: run.seed,
        rounds: communicationsOf(run),
        client: client === null ? "average" : clients[client].name,
        f1: resultOf(run, client, "f1"),
        auc: resultOf(run, client, "auc"),
        f1_lost_per_communication: lost("f1"),
        auc_lost_per_communication: lost("auc"),
      };
    });
  });
  return stringify(rows, { header: true });
}
