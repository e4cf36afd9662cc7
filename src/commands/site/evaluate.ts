// The command `site evaluate`: takes a round's mean and tests what it made of the models.

import { resolve } from "@std/path";
import { siteEvaluateFlags } from "../flags/site.ts";
import { resolveOptions } from "../options.ts";
import { readMean } from "./message_file.ts";
import { neededFlag } from "./needed_flag.ts";
import { planEvaluation } from "./plan.ts";
import { printResult, SiteRows } from "./results.ts";
import { SiteFolder } from "./site_folder.ts";
import { SiteRun } from "./site_run.ts";

/**
 * Takes the mean once, evaluates, and prints what came of it. The same round again gives the same, and changes nothing.
 *
 * @param signal ends it after the step under way
 * @throws {UsageError} for a round that is over without it, or a mean that is missing, of another round or not for
 *   this site
 * @throws {DataError | ConfigError | GpuError | RunFolderError} saying what is wrong and what to do
 */
export async function siteEvaluate(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { options } = resolveOptions(args, siteEvaluateFlags);
  const round = neededFlag("site evaluate", "round", options.round);
  using site = await SiteFolder.open(resolve(neededFlag("site evaluate", "state", options.state)));
  using run = await SiteRun.open(site, options);
  const isRecorded = (at: number) => run.rows.isEvaluated(at);
  const plan = planEvaluation(run.standing, round, run.course, isRecorded);
  const { agreement, client } = site.record;
  if (plan.kind === "go") {
    const { takes } = plan;
    const mean = takes === null ? null : await readMean(
      neededFlag("site evaluate", "mean", options.mean),
      { agreement, method: run.method, round: takes },
      await site.sent(takes),
    );
    await run.go({
      plan,
      meanElsewhere: () => Promise.resolve(mean),
      endsAfter: (event) =>
        event.type === "state" && event.state.position.at === "round" &&
        event.state.position.round === round + 1,
    }, signal);
  }
  const rows = plan.kind === "go" ? await SiteRows.read(site.run) : run.rows;
  printResult({
    ...{ type: "evaluate", round, client, agreement, rate: run.rates[round] },
    ...rows.evaluation(round),
  });
}
