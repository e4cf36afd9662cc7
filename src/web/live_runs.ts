// The runs of a page as the figures want them: the same as a report reads from folders, made of events.

import type { SimulationEvent } from "../federated/events.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import type { LabelledRun } from "../report/reading/method_runs.ts";
import type { RecordedRun } from "../report/reading/recorded_run.ts";
import { newsOf } from "../report/reading/told_run.ts";
import type { PageSettings } from "./settings.ts";

/** Collects what has happened so far. */
export class LiveRuns {
  readonly #runs = new Map<MethodName, RecordedRun>();

  constructor(readonly settings: PageSettings) {}

  /** @returns whether figures have something new to show */
  take(method: MethodName, event: SimulationEvent): boolean {
    if (event.type === "run") {
      this.#runs.set(method, {
        ...{ folder: method, settings: { ...this.settings, method }, decisive: ["method", "seed"] },
        ...{ adapter: "", versions: {}, run: event, rows: [] },
        ...{
          finished: false,
          notices: [],
          predictions: null,
          predictionsBefore: null,
          spectra: null,
        },
      });
      return true;
    }
    const before = this.#runs.get(method)!;
    const news = newsOf(before, event);
    if (news) this.#runs.set(method, { ...before, ...news });
    return news !== null;
  }

  /** In the order of the settings. */
  labelled(): LabelledRun[] {
    return [...this.#runs].map(([name, run]) => {
      const method = run.run.title ?? name;
      return { ...run, method, label: method, seed: this.settings.seed };
    });
  }
}
