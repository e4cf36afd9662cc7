// What a comparison writes beside its runs: tables as Markdown and CSV, pictures and the page.

import { join } from "@std/path";
import { stringify } from "csv-stringify/sync";
import type { BestRound } from "../../metrics/selection.ts";
import { writeFileAtomic } from "../../io/files.ts";
import { spread } from "../many_clients.ts";
import { summarizeFalls } from "../../metrics/falls.ts";
import type { Retrogress } from "../../metrics/retrogress.ts";
import { choiceTable } from "./choice_table.ts";
import { choiceOf } from "../reading/chosen_round.ts";
import type { LabelledRun } from "../reading/method_runs.ts";
import { communicationsOf } from "../reading/progress.ts";
import { retrogressOf } from "../reading/run_retrogress.ts";
import { intervalTables } from "./interval_tables.ts";
import { resultDraws } from "../reading/result_draws.ts";
import { intervalOfDraws } from "../../metrics/bootstrap.ts";
import { reportFigures, writePage, writePictures } from "./report.ts";
import { clientsWithAuc, resultOf, type ResultView, resultViews } from "../reading/result_views.ts";
import { retrogressTable } from "./retrogress_table.ts";
import { sharingTable } from "../terminal/sharing.ts";
import { skippedRounds } from "../reading/skipped_rounds.ts";
import { tableMarkdown } from "./table_text.ts";
import { resultTables, type Table, tableMetrics } from "./tables.ts";

/** What was written, and what a person wants to see of it at once. */
export interface Comparison {
  readonly tables: readonly Table[];
  /** path of the page */
  readonly page: string;
}

/** Writes `results.md`, `results.csv`, `report.html` and the pictures; what was there of them is gone. */
export async function writeComparison(
  runs: readonly LabelledRun[],
  folder: string,
): Promise<Comparison> {
  const tables = comparisonTables(runs);
  const markdown = `# Results\n\n${tables.map(tableMarkdown).join("\n")}`;
  await writeFileAtomic(join(folder, "results.md"), markdown);
  await writeFileAtomic(join(folder, "results.csv"), resultsCsv(runs));
  const figures = reportFigures(runs);
  await removeOtherPictures(folder, await writePictures(figures, folder));
  const page = join(folder, "report.html");
  await writePage(runs, figures, page);
  return { tables, page };
}

/** What pictures are called, with the run's label where there are several. */
const pictureName =
  /^(?<name>(?:retrogress|intervals|curve|stage-timeline|spectrum|confusion|roc)(?:-.*)?)\.(?:png|svg)$/;

/** Of runs that were called otherwise or not yet finished, or that the comparison no longer has. */
async function removeOtherPictures(folder: string, written: readonly string[]): Promise<void> {
  for await (const { name: file, isFile } of Deno.readDir(folder)) {
    const name = pictureName.exec(file)?.groups?.name;
    if (isFile && name !== undefined && !written.includes(name)) {
      await Deno.remove(join(folder, file));
    }
  }
}

/** All that a comparison has to say in numbers. */
export function comparisonTables(runs: readonly LabelledRun[]): Table[] {
  const results = [...resultTables(runs), ...intervalTables(runs)];
  const tables = [...results, retrogressTable(runs), choiceTable(runs)];
  return [...tables.filter((table) => table !== null), sharingTable(runs)];
}

/**
 * A row for each client of each run and for their average, after so many rounds; metrics in percent, empty where
 * n/a or where nothing was communicated.
 */
export function resultsCsv(runs: readonly LabelledRun[]): string {
  const rows = runs.flatMap((run) => {
    const { clients } = run.run;
    const skipped = skippedRounds(run.rows);
    const whole = retrogressOf(run);
    return [...clients.keys(), null].map((client) => {
      const name = client === null ? null : clients[client].name;
      return {
        method: run.settings.method,
        seed: run.seed,
        rounds: communicationsOf(run),
        client: name ?? "average",
        ...resultCells(run, client),
        ...intervalCells(run, client, "before"),
        ...intervalCells(run, client, "after"),
        ...spreadCells(run, client),
        ...changeCells(whole, name),
        chosen_round: roundNumber(choiceOf(run).chosen),
        best_of_all_rounds: roundNumber(choiceOf(run).bestOfAll),
        skipped_rounds: name === null ? skipped.skipped : skipped.byClient.get(name) ?? 0,
        label: run.label, // tells variants of one method apart
      };
    });
  });
  return stringify(rows, { header: true });
}

/** `f1_before`, `f1_after`, `f1_chosen` and the like, and how many clients an AUC is over. */
function resultCells(run: LabelledRun, client: number | null) {
  return Object.fromEntries([
    ...tableMetrics.flatMap(([metric]) =>
      resultViews.map(({ view }) => [`${metric}_${view}`, resultOf(run, client, metric, view)])
    ),
    ...resultViews.map(({ view }) => [`auc_clients_${view}`, clientsWithAuc(run, client, view)]),
  ]);
}

/** `f1_after_low` and the like: 95 % over the test images, empty where the run stored no predictions. */
function intervalCells(run: LabelledRun, client: number | null, view: ResultView) {
  const draws = resultDraws(run, view);
  return Object.fromEntries(tableMetrics.flatMap(([metric]) => {
    const found = draws?.[metric];
    const drawn = client === null ? found?.average : found?.clients[client];
    const interval = drawn && intervalOfDraws(drawn);
    return (["low", "high"] as const).map((end) =>
      [`${metric}_${view}_${end}`, interval?.[end] ?? null] as const
    );
  }));
}

/** Where the clients lie after the last communication; in the row of their average alone. */
function spreadCells({ rows, run }: LabelledRun, client: number | null) {
  return Object.fromEntries(tableMetrics.flatMap(([metric]) => {
    const values = client !== null
      ? []
      : run.clients.map((_, each) => resultOf({ rows, run }, each, metric, "after"));
    return Object.entries(spread(values))
      .map(([name, value]) => [`${metric}_after_${name}`, value]);
  }));
}

/** @param client null: the mean over those that trained and received */
function changeCells(whole: Retrogress | null, client: string | null) {
  const changes = (whole?.communications ?? []).flatMap(({ mean, clients }) =>
    client === null ? [mean] : clients.filter((changes) => changes.client === client)
  );
  return Object.fromEntries(tableMetrics.flatMap(([metric]) => {
    const all = summarizeFalls(changes.map((change) => change[metric]));
    const isKnown = all.communications > 0;
    return Object.entries({
      change_per_communication: all.meanChange,
      change_low: all.low,
      change_high: all.high,
      communications: isKnown ? all.communications : null,
      falls: isKnown ? all.falls : null,
      worst_fall: all.worst,
      regained: isKnown ? all.regained : null,
      not_regained: isKnown ? all.notRegained : null,
      no_epochs_left: isKnown ? all.unknown : null,
      median_epochs: all.medianEpochs,
    }).map(([name, value]) => [`${metric}_${name}`, value]);
  }));
}

/** Counted from 1, as people do. */
function roundNumber(best: BestRound | null): number | null {
  return best === null ? null : best.round + 1;
}
