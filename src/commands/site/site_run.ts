// The run of a site: one leg of it after another, each from where the last one ended.

import { sharingByMeans } from "../../federated/server/messages.ts";
import type { SimulationEvent } from "../../federated/events.ts";
import { methodOf, settingsOf } from "../../federated/methods/registry.ts";
import type { RunControl } from "../../federated/control.ts";
import { simulate } from "../../federated/simulation.ts";
import { RunFolder } from "../../report/files/run_folder.ts";
import { RunPosition } from "../../report/interruption.ts";
import { type EarlierRun, isFinished, readEarlierRun } from "../../report/reading/earlier_run.ts";
import { readRunConfig } from "../../report/files/run_config.ts";
import { metricsFile } from "../../report/reading/recorded_run.ts";
import type { RunHeader } from "../../report/run_header.ts";
import type { AdapterChoice } from "../../gpu/adapter.ts";
import type { SimulationConfig } from "../../federated/config.ts";
import type { Gpu } from "../../tensor/gpu.ts";
import { Owned } from "../../owned.ts";
import { Interruption } from "../interruption.ts";
import { loadMethod, ownSettings } from "../own_modules.ts";
import { adapterText, openTunedGpu, versionsWith } from "../tuned_gpu.ts";
import { showNotices } from "../resume.ts";
import { type Course, type Plan, type Standing, standingOf, stateOfAway } from "./plan.ts";
import { SiteRows } from "./results.ts";
import type { SiteFolder, SiteRecord } from "./site_folder.ts";
import { readStoredFlags, siteConfig, type SiteOptions } from "./site_setup.ts";

/** What may be otherwise than when the site was made. */
export interface Changes {
  readonly data: string | null;
  readonly adapter: AdapterChoice | null;
}

/** What a leg is for. */
export interface Leg {
  readonly plan: Extract<Plan, { readonly kind: "go" }>;
  readonly meanElsewhere: NonNullable<RunControl["meanElsewhere"]>;
  /** whether the leg ends after an event; else where `meanElsewhere` gives no mean, or with the run */
  readonly endsAfter: (event: SimulationEvent) => boolean;
}

/** What a site has got to, and how it goes on. */
export class SiteRun implements Disposable {
  private constructor(
    private readonly site: SiteFolder,
    private readonly options: SiteOptions,
    readonly course: Course,
    /** PFA's low-frequency share of each round; null in methods that have none */
    readonly rates: readonly (number | null)[],
    readonly standing: Standing,
    /** what it has told until its state */
    readonly rows: SiteRows,
    /** null: the run is finished, or goes on */
    private earlier: EarlierRun | null,
  ) {}

  /** @throws {UsageError | RunFolderError} if the site's files are not what it wrote */
  static async open(site: SiteFolder, { data, adapter }: Changes): Promise<SiteRun> {
    const stored = await readStoredFlags(site.record);
    const options = { ...stored, data: data ?? stored.data, adapter: adapter ?? stored.adapter };
    const method = methodOf(await loadMethod(options.method));
    const { receivers, rate } = sharingByMeans(method);
    const { rounds, localEpochs } = options;
    const settings = settingsOf(method, {
      ...options,
      methodSettings: ownSettings(method, options),
    });
    const rates = Array.from(
      { length: rounds },
      (_, round) => rate?.(round, rounds, settings) ?? null,
    );
    const course = { rounds, localEpochs, takesAlways: receivers === "all" };
    const isOver = isFinished(await readRunConfig(site.run));
    const earlier = isOver ? null : await readEarlierRun(site.run);
    const position = earlier?.stored.state.position ?? "done";
    const rows = await SiteRows.read(site.run, earlier?.stored.lengths[metricsFile]);
    return new SiteRun(site, options, course, rates, standingOf(position, course), rows, earlier);
  }

  /** The name by which others know the method. */
  get method(): string {
    return this.options.method;
  }

  /** How much the site counts in means. */
  get weight(): number {
    return this.options.clientWeights === "samples" ? this.rows.images.train : 1;
  }

  /**
   * Goes on until the leg's end. What it tells is stored as that of any run; a kill loses what came after the last
   * local epoch, which the next leg does again.
   *
   * @throws {Interruption} if the signal ended it
   * @throws {DataError | GpuError | ConfigError | DivergenceError} saying what is wrong and what to do
   */
  async go({ plan, meanElsewhere, endsAfter }: Leg, signal: AbortSignal): Promise<void> {
    const { site, options } = this;
    const earlier = this.earlier!; // a finished run has no leg left
    const config = await siteConfig(options, site.record, signal);
    using owned = new Owned();
    const gpu = owned.adopt(await openTunedGpu(options), (gpu) => gpu.dispose());
    const state = plan.from === "state"
      ? earlier.stored.state
      : stateOfAway(earlier.stored.state, plan.from);
    const header = headerOf(gpu, site.run, site.record, earlier);
    const folder = await RunFolder.reopen(header, earlier, { pictures: false });
    this.earlier = null; // the folder gives back its lock
    showNotices(earlier, header);
    const run = simulate(gpu, config, {
      ...{ resumeFrom: state, stateEvery: "epoch", stop: signal, meanElsewhere },
    });
    await storeEvents(run, folder, earlier, endsAfter, signal);
  }

  [Symbol.dispose](): void {
    this.earlier?.states[Symbol.dispose]();
  }
}

/** A new site's run, with its state before the first round. */
export async function beginRun(
  gpu: Gpu,
  folder: string,
  config: SimulationConfig,
  record: SiteRecord,
  signal: AbortSignal,
): Promise<void> {
  const files = await RunFolder.open(headerOf(gpu, folder, record, null), { pictures: false });
  const run = simulate(gpu, config, {
    stateEvery: "epoch",
    meanElsewhere: () => Promise.resolve(null),
  });
  await storeEvents(run, files, null, ({ type }) => type === "state", signal);
}

function headerOf(
  gpu: Gpu,
  folder: string,
  { settings }: Pick<SiteRecord, "settings">,
  earlier: EarlierRun | null,
): RunHeader {
  return {
    command: Deno.args,
    settings: settings.filter((setting) => setting.name !== "state"),
    adapter: adapterText(gpu),
    versions: versionsWith(gpu),
    folder,
    elapsedBefore: earlier?.stored.elapsed,
  };
}

/** Hands the events to the folder, which says of a run that is not over where it waits. */
async function storeEvents(
  run: AsyncIterable<SimulationEvent>,
  folder: RunFolder,
  earlier: EarlierRun | null,
  endsAfter: (event: SimulationEvent) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const position = new RunPosition();
  const end = async (cause: string) => {
    if (folder.isBegun) await folder.consume(position.interrupted(cause));
  };
  try {
    for await (const event of run) {
      if (event.type === "run" && earlier) await folder.resume(event, earlier.events);
      else await folder.consume(event);
      position.update(event);
      if (event.type === "run") earlier?.events.forEach((row) => position.update(row));
      if (event.type === "done") return;
      if (endsAfter(event)) break;
    }
  } catch (error) {
    await end((error as Error).message).catch(() => {}); // the first error is the one to report
    throw error;
  }
  await end(signal.aborted ? String(signal.reason) : "the site waits for the others");
  if (!signal.aborted) return;
  throw new Interruption("Interrupted; the same command goes on from the last state of the site");
}
