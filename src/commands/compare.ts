// The commands `compare` and `demo`: several methods and seeds on the same data, and one report of them.

import { join } from "@std/path";
import { systemClock } from "../clock.ts";
import { checkConfig } from "../federated/check_config.ts";
import { pickSettings } from "../federated/config.ts";
import { DivergenceError } from "../federated/errors.ts";
import type { FederatedMethod } from "../federated/methods/method.ts";
import { type MethodName, methodOf } from "../federated/methods/registry.ts";
import { whyNotResumable } from "../federated/recovery/state.ts";
import { claimFolder, freePath } from "../io/files.ts";
import { checkClientFiles } from "../report/files/client_files.ts";
import { ComparisonConsole } from "../report/terminal/comparison_console.ts";
import { writeComparison } from "../report/page/comparison_files.ts";
import { type EarlierRun, isFinished, readEarlierRun } from "../report/reading/earlier_run.ts";
import {
  type ComparisonPlan,
  PlanFile,
  planFile,
  readPlanFile,
} from "../report/files/comparison_plan.ts";
import { comparisonFolderName } from "../report/files/file_names.ts";
import { counted } from "../report/format.ts";
import { labelled } from "../report/reading/method_runs.ts";
import { readRun, type RecordedRun } from "../report/reading/recorded_run.ts";
import { readRunConfig } from "../report/files/run_config.ts";
import { RunFolder } from "../report/files/run_folder.ts";
import { RunFolderError } from "../report/run_folder_error.ts";
import type { RunPlace } from "../report/live/live_story.ts";
import type { RunHeader, Setting } from "../report/run_header.ts";
import { RunInUseError } from "../report/files/state_files.ts";
import { withAbsolutePaths } from "./absolute_paths.ts";
import { compareFlags, type CompareOptions, demoPreset } from "./flags.ts";
import { readInitialState } from "./initial_state.ts";
import { Interruption } from "./interruption.ts";
import { openLive } from "./live_server.ts";
import { checkDataFlags, showLoading } from "./load_dataset.ts";
import { readGrid, withPoint } from "./grid.ts";
import { checkMethodFlags } from "./method_flags.ts";
import { type ResolvedOptions, resolveOptions } from "./options.ts";
import {
  compareFlagsFor,
  expectImageSize,
  loadMethod,
  loadNetwork,
  ownSettings,
} from "./own_modules.ts";
import { folderOf, type PlannedRun, plannedRuns } from "./planned_runs.ts";
import { RenewableGpu } from "./renewable_gpu.ts";
import { showNotices } from "./resume.ts";
import { type RunConsumers, trainToEnd } from "./train_to_end.ts";
import { openTunedGpu } from "./tuned_gpu.ts";
import { UsageError } from "./usage_error.ts";

/** Defaults of the commands that compare. */
const presets: Readonly<Record<ComparingCommand, Partial<CompareOptions>>> = {
  compare: {},
  demo: demoPreset,
};
export type ComparingCommand = "compare" | "demo";

/** What a stopped comparison can be resumed from. */
type Plan = ComparisonPlan<ComparingCommand>;

/**
 * Runs every method with every seed, each into a folder of its own, and writes tables, figures and a
 * page of all. A run that diverges does not keep the others from being made. With `--resume DIR` it goes on where a
 * comparison stopped: runs that are finished are kept, and one that is not goes on from its last state.
 *
 * @param signal ends the comparison after the step under way
 * @throws {DivergenceError} at the end, naming the runs that diverged
 * @throws {UsageError | DataError | GpuError | RunFolderError} saying what is wrong and what to do
 */
export async function compare(
  command: ComparingCommand,
  args: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const typed = await compareFlagsFor(args, presets[command]);
  const { words } = typed;
  const given = withAbsolutePaths(resolveOptions(words, typed.flags, presets[command]));
  const { resume } = given.options;
  const plan = resume === null
    ? { command, arguments: words, cwd: Deno.cwd() }
    : await readPlan(resume, given);
  const { options, settings, flags } = resume === null
    ? { ...given, flags: typed.flags }
    : await resumedOptions(plan, given);
  const methods = new Map<string, MethodName | FederatedMethod>();
  for (const text of options.methods) methods.set(text, await loadMethod(text));
  const network = await loadNetwork(options.network);
  expectImageSize(network, options.imageSize);
  const runs = plannedRuns(options, methods, readGrid(options.grid, flags));
  checkMethodFlags(
    [...methods.values()],
    { localEpochs: Math.max(...runs.map(({ options }) => options.localEpochs)) },
    withPoint(settings, runs[0].point),
  );
  checkDataFlags(options);
  const initialState = await readInitialState(options.init);
  await using live = await openLive(given.options.live);

  const gpu = await RenewableGpu.open(() => openTunedGpu(options));
  const name = comparisonFolderName(options.theme, systemClock.date());
  await using claim = resume === null ? await claimFolder(join(options.savePath, name)) : null;
  const folder = resume ?? claim!.path;
  const quiet = given.options.quiet;
  const dataset = await showLoading(options, !quiet, signal);
  const roles = new Set([...methods.values()].flatMap((method) => methodOf(method).roles));
  checkClientFiles(dataset.clients.map(({ name }) => name), [...roles]);
  const configs = runs.map(({ text, seed, options }) => {
    const method = methods.get(text)!;
    return {
      ...pickSettings(options),
      ...{ method, seed, network, dataset, initialState },
      methodSettings: ownSettings(method, options),
    };
  });
  configs.forEach(checkConfig); // what cannot be simulated shows before anything is trained
  using console = new ComparisonConsole(runs, quiet);
  const recorded: RecordedRun[] = [];
  const failures: string[] = [];
  const advice = `; to go on: compare --resume ${folder}`;
  const consumers: RunConsumers = {
    create: (header) => [
      new PlanFile({ ...plan, runs: runs.map(folderOf) }, folder),
      console,
      ...live ? [live.follow(header, placeOf(runs, recorded.length))] : [],
    ],
    clear: () => console[Symbol.dispose](),
  };
  for (const [index, planned] of runs.entries()) {
    const { method, seed } = planned;
    const path = join(folder, folderOf(planned));
    const { finished, earlier } = await begunRun(path, planned.options);
    if (finished) {
      console.skip();
      live?.add(finished);
    } else {
      const header = headerOf(gpu, settings, planned, path, earlier);
      const runFolder = earlier
        ? await RunFolder.reopen(header, earlier, options)
        : await RunFolder.open(header, options);
      if (earlier) showNotices(earlier, header);
      const prepared = {
        config: configs[index],
        control: { stateEvery: options.checkpointEvery },
        header,
        folder: runFolder,
        folderOptions: options,
        earlier,
        advice,
      };
      await trainToEnd(gpu, prepared, consumers, signal).catch((error) => {
        const isBetween = error === signal.reason && recorded.length > 0;
        if (isBetween) throw new Interruption(`Interrupted between two runs${advice}`);
        if (signal.aborted || !(error instanceof DivergenceError)) throw error;
        failures.push(`${method} with seed ${seed}`);
        console.fail(error.message);
      });
    }
    recorded.push(finished ?? await readRun(path));
  }
  const written = await writeComparison(labelled(recorded), folder);
  console.finish(written);
  if (failures.length > 0) {
    throw new DivergenceError(
      `${failures.length} of ${counted(runs.length, "run")} failed: ${failures.join(", ")}; ` +
        "the report has them as far as they got",
    );
  }
}

/** Where a run of the comparison stands, for those who watch. */
function placeOf(runs: readonly PlannedRun[], index: number): RunPlace {
  const { method, seed } = runs[index];
  return { index, count: runs.length, name: `${method} seed ${seed}` };
}

/** The settings of one run, as `train` would have them. */
function headerOf(
  { adapter, versions }: RenewableGpu,
  settings: readonly Setting[],
  { text, seed, point }: PlannedRun,
  folder: string,
  earlier: EarlierRun | null,
): RunHeader {
  const own = Object.entries({ method: text, seed })
    .map(([name, value]): Setting => ({ name, value, decisive: true, source: "flag" }));
  const ofComparison = [
    ...[compareFlags.methods, compareFlags.seeds, compareFlags.grid, compareFlags.resume],
  ];
  const shared = withPoint(settings, point).filter(({ name }) =>
    !ofComparison.some((flag) => flag.name === name)
  );
  const elapsedBefore = earlier?.stored.elapsed;
  return {
    ...{ command: Deno.args, settings: [...own, ...shared], adapter, versions },
    ...{ folder, elapsedBefore },
  };
}

/**
 * The run in a folder, whether it is finished or can go on. One that had not got so far is moved aside and will be
 * made anew, which gives the same numbers.
 *
 * @throws {RunFolderError} if a finished run cannot be read
 */
async function begunRun(
  path: string,
  options: CompareOptions,
): Promise<{ finished: RecordedRun | null; earlier: EarlierRun | null }> {
  let isDone = false;
  try {
    isDone = isFinished(await readRunConfig(path));
    if (isDone) return { finished: await readRun(path), earlier: null };
    return {
      finished: null,
      earlier: await readEarlierRun(path, (state) => whyNotResumable(state, options)),
    };
  } catch (error) {
    const isBroken = error instanceof RunFolderError && !(error instanceof RunInUseError);
    if (isDone || !isBroken) throw error;
  }
  const aside = await freePath(`${path}_unfinished`);
  await Deno.rename(path, aside).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  return { finished: null, earlier: null };
}

/** What may be said anew: where the data are by now. Whether they are the same, their fingerprints tell. */
const elsewhere = ["data", "csvFolder"] as const;

/** The options of a comparison that has begun, with the place of the data as it is now. */
async function resumedOptions(
  { command, arguments: words, cwd }: Plan,
  given: ResolvedOptions<typeof compareFlags>,
): Promise<ResolvedOptions<typeof compareFlags> & { readonly flags: typeof compareFlags }> {
  const { flags } = await compareFlagsFor(words, presets[command], cwd);
  const planned = withAbsolutePaths(resolveOptions(words, flags, presets[command]), cwd);
  const isNew = (name: string) =>
    given.settings.some((setting) => setting.name === name && setting.source === "flag") &&
    elsewhere.some((option) => compareFlags[option].name === name);
  const changed = elsewhere.filter((option) => isNew(compareFlags[option].name))
    .map((option) => [option, given.options[option]]);
  return {
    ...planned,
    flags,
    options: { ...planned.options, ...Object.fromEntries(changed) },
    settings: planned.settings.map((setting, index) =>
      isNew(setting.name) ? given.settings[index] : setting
    ),
  };
}

/** The plan of a comparison that has begun; nothing but how it is shown can be said anew. */
async function readPlan(
  folder: string,
  { settings }: { settings: readonly Setting[] },
): Promise<Plan> {
  const allowed = [...elsewhere, "resume" as const, "live" as const, "quiet" as const]
    .map((option) => compareFlags[option].name);
  const other = settings.find(({ name, source }) => source === "flag" && !allowed.includes(name));
  if (other) {
    throw new UsageError(
      `Cannot use --${other.name} with --resume: a comparison goes on with its own settings; ` +
        "leave it out, or start another comparison",
    );
  }
  const path = join(folder, planFile);
  try {
    return await readPlanFile(folder, Object.keys(presets) as ComparingCommand[]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new UsageError(
        `Cannot resume ${folder}: there is no ${path}; name the folder of a comparison`,
      );
    }
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`Cannot resume ${folder}: ${path} is damaged (${error.message})`);
  }
}
