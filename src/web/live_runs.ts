// The runs of a page as the figures want them: the same as a report reads from folders, made of events.

import type { SimulationEvent } from "../federated/events.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import type { LabelledRun } from "../report/reading/method_runs.ts";
import type { RecordedRun } from "../report/reading/recorded_run.ts";
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
        ...{ finished: false, notices: [], predictions: null, spectra: null },
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

function newsOf(before: RecordedRun, event: SimulationEvent): Partial<RecordedRun> | null {
  switch (event.type) {
    case "epoch":
    case "evaluation":
    case "aggregation":
    case "divergence":
      return { rows: [...before.rows, event] };
    case "predictions":
      return { predictions: event };
    case "spectra": {
      const { layer, round, rate } = event;
      const clients = event.clients.map(({ client, before, after }) => {
        const [first, second] = [before, after].map(({ rows, columns, amplitudes }) => ({
          ...{ rows, cols: columns, values: amplitudes },
        }));
        return { client, before: first, after: second };
      });
      return { spectra: { layer, round, rate, clients } };
    }
    case "done":
      return { finished: true };
    default:
      return null;
  }
}
