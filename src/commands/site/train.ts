// The command `site train`: one round's local training, and what the site sends.

import { dirname, resolve, SEPARATOR } from "@std/path";
import { writeFileAtomic } from "../../io/files.ts";
import { siteTrainFlags } from "../flags/site.ts";
import { resolveOptions } from "../options.ts";
import { UsageError } from "../usage_error.ts";
import { encodeMessage, type MessageFacts, readMean } from "./message_file.ts";
import { neededFlag } from "./needed_flag.ts";
import { planTraining } from "./plan.ts";
import { printResult, SiteRows } from "./results.ts";
import { SiteFolder } from "./site_folder.ts";
import { SiteRun } from "./site_run.ts";

/**
 * Trains, writes the message and prints what came of it. The same round again gives the same, and changes nothing.
 *
 * @param signal ends it after the step under way
 * @throws {UsageError} for a round that is over, or a mean that is missing or of another round
 * @throws {DataError | ConfigError | GpuError | DivergenceError | RunFolderError} saying what is wrong and what to do
 */
export async function siteTrain(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { options } = resolveOptions(args, siteTrainFlags);
  const round = neededFlag("site train", "round", options.round);
  const state = resolve(neededFlag("site train", "state", options.state));
  const out = resolve(neededFlag("site train", "message", options.message));
  await expectPlaceFor(out, state);
  using site = await SiteFolder.open(state);
  using run = await SiteRun.open(site, options);
  const { client, agreement } = site.record;
  const { weight, rows: { images }, rates } = run;
  const kept = await site.sent(round);
  const plan = planTraining(run.standing, round, run.course, kept !== null);
  if (plan.kind === "go") {
    const { takes } = plan;
    const facts: MessageFacts = { agreement, method: run.method, round };
    const mean = takes === null ? null : await readMean(
      neededFlag("site train", "mean", options.mean),
      { ...facts, round: takes },
      await site.sent(takes),
    );
    await run.go({
      plan,
      meanElsewhere: async (sent, { round: at }) => {
        if (at === takes) return mean;
        await site.keepSent(at, encodeMessage(sent!, facts, weight)); // it has trained
        return null;
      },
      endsAfter: () => false,
    }, signal);
  }
  const bytes = kept ?? (await site.sent(round))!;
  const rows = plan.kind === "go" ? await SiteRows.read(site.run) : run.rows;
  await writeFileAtomic(out, bytes);
  printResult({
    ...{ type: "train", round, client, agreement, rate: rates[round], weight },
    trainImages: images.train,
    message: { bytes: bytes.length },
    ...rows.training(round)!,
  });
}

/**
 * Looks at where the message will go before the training.
 *
 * @throws {UsageError} if no file can be there, or the site itself is
 */
async function expectPlaceFor(message: string, state: string): Promise<void> {
  const refuse = (why: string) => new UsageError(`Cannot use --message ${message}: ${why}`);
  if (message === state || message.startsWith(state + SEPARATOR)) {
    throw refuse(`it lies in --state ${state}, which is the site's own; choose another folder`);
  }
  const isFolder = async (path: string) =>
    await Deno.stat(path).then(({ isDirectory }) => isDirectory, () => false);
  if (await isFolder(message)) throw refuse("it is a folder; name a file in it");
  if (!await isFolder(dirname(message))) {
    throw refuse(`there is no folder ${dirname(message)}; make it first`);
  }
}
