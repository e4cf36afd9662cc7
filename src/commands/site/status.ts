// The command `site status`: how far a site has got.

import { resolve } from "@std/path";
import { siteStatusFlags } from "../flags/site.ts";
import { resolveOptions } from "../options.ts";
import { neededFlag } from "./needed_flag.ts";
import { printResult } from "./results.ts";
import { SiteFolder } from "./site_folder.ts";
import { SiteRun } from "./site_run.ts";

/**
 * Prints the round and what comes next of it. Reads no image and needs no GPU.
 *
 * @throws {UsageError | RunFolderError} if no site is there, it is at work, or its files are damaged
 */
export async function siteStatus(args: readonly string[]): Promise<void> {
  const { options } = resolveOptions(args, siteStatusFlags);
  using site = await SiteFolder.open(resolve(neededFlag("site status", "state", options.state)));
  using run = await SiteRun.open(site, { data: null, adapter: null });
  const { client, place, agreement } = site.record;
  const { rounds, localEpochs } = run.course;
  const { round, next } = run.standing;
  const { images } = run.rows;
  printResult({
    ...{ type: "status", client, place, agreement, method: run.method, rounds, localEpochs },
    ...{ round, next: round === rounds ? "done" : next === "train" ? "train" : "evaluate", images },
  });
}
