// What the listeners of runs under way are told: events so far, figures as they stand, where the run is.

import { type Clock, systemClock } from "../../clock.ts";
import type { ProgressEvent, RunEvent, SimulationEvent } from "../../federated/events.ts";
import { interruptionText } from "../interruption.ts";
import { lastName } from "../reading/method_runs.ts";
import type { EarlierEvent } from "../reading/recorded_rows.ts";
import type { RecordedRun } from "../reading/recorded_run.ts";
import { newsOf } from "../reading/told_run.ts";
import type { EventConsumer, RunHeader } from "../run_header.ts";
import { ProgressLine } from "../terminal/progress_line.ts";
import { livePicture } from "./live_picture.ts";

/** Longest line that says where the run is. */
const columns = 160;
/** Drawing figures takes at most one part in so many of the time. */
const restPerDrawing = 25;

/** Where a run stands among those of a comparison. */
export interface RunPlace {
  /** counted from 0 */
  readonly index: number;
  /** of all runs */
  readonly count: number;
  /** what tells it from the others, such as "fedavg seed 1" */
  readonly name: string;
}

/** An event of a run that a late listener is told too. */
interface Told {
  readonly folder: string;
  readonly event: SimulationEvent;
}

/** A message that stands for all before it; `version` tells whether a listener has it. */
interface Latest {
  readonly version: number;
  readonly text: string;
}
const nothing: Latest = { version: 0, text: "" };

/** The story of one run, or of several one after the other. Costs next to nothing while nobody listens. */
export class LiveStory {
  readonly #runs = new Map<string, RecordedRun>();
  #told: Told[] = [];
  #progress = nothing;
  #picture = nothing;
  /** counts changes of what figures show */
  #version = 0;
  /** before this no figures are drawn; of the clock */
  #restsUntil = 0;
  #end: string | null = null;
  #lastWords = "The program has ended.";
  #isDone = false;
  #news = Promise.withResolvers<void>();

  constructor(private readonly clock: Clock = systemClock) {}

  /**
   * A consumer of this run's events; what was told of a run in the same folder is forgotten.
   *
   * @param place null for a run that is alone
   */
  follow(header: RunHeader, place: RunPlace | null = null): EventConsumer {
    const { folder } = header;
    const others = this.#told.filter((one) => one.folder !== folder);
    if (others.length < this.#told.length) this.#told = others;
    const started = this.clock.now() - (header.elapsedBefore ?? 0);
    const line = new ProgressLine();
    let begun: RunEvent | null = null;
    let where: ProgressEvent | null = null;
    const showProgress = ({ type: _, ...event }: ProgressEvent, elapsed: number) => {
      const text = placeText(place) + line.render(elapsed, columns);
      const row = asJson({ run: lastName(folder), ...event, place, text });
      this.#progress = { version: this.#progress.version + 1, text: row };
    };
    const consume = (event: SimulationEvent) => {
      if (event.type === "checkpoint" || event.type === "state") return;
      const elapsed = this.clock.now() - started;
      line.update(event, elapsed);
      if (event.type === "progress") {
        where = event;
        showProgress(event, elapsed);
      } else {
        if (event.type === "run") begun = event;
        this.#told.push({ folder, event });
        this.#record(header, event);
        this.#isDone = event.type === "done";
        if (this.#isDone && where) showProgress({ ...where, done: where.total }, elapsed);
        if (this.#isDone) this.#lastWords = `The run is over; it is in ${folder}.`;
        if (event.type === "interrupted" && begun) {
          this.#lastWords = `${interruptionText(event, begun, header)}.`;
        }
      }
      this.#tell();
    };
    const resume = (run: RunEvent, earlier: readonly EarlierEvent[]) =>
      [run, ...earlier].forEach(consume);
    return { consume, resume };
  }

  /** A run that was finished before: its figures stand beside those of the others. */
  add(run: RecordedRun): void {
    this.#runs.set(run.folder, run);
    this.#change();
  }

  /** Nothing comes any more. */
  end(): void {
    this.#end ??= this.#lastWords;
    this.#tell();
  }

  /** Resolves when there may be something that was not told yet. */
  get news(): Promise<void> {
    return this.#news.promise;
  }

  /** Messages as server-sent events for one listener: the next one at each call, null where there is none yet. */
  listener(): { next(): string | null; isOver(): boolean } {
    let told = this.#told;
    let index = 0;
    let [progress, picture] = [0, 0];
    let isOver = false;
    const next = () => {
      if (told !== this.#told) [told, index] = [this.#told, 0]; // a run has begun anew
      if (index < told.length) {
        const { folder, event } = told[index++];
        return message(null, asJson({ run: lastName(folder), ...event }));
      }
      const drawn = this.#drawn();
      if (picture < drawn.version) {
        picture = drawn.version;
        return message("picture", drawn.text);
      }
      if (progress < this.#progress.version) {
        progress = this.#progress.version;
        return message("progress", this.#progress.text);
      }
      if (this.#end === null || isOver) return null;
      isOver = true;
      return message("over", JSON.stringify({ text: this.#end, isDone: this.#isDone }));
    };
    return { next, isOver: () => isOver };
  }

  #record(header: RunHeader, event: SimulationEvent): void {
    const { folder, settings, adapter, versions } = header;
    if (event.type === "run") {
      this.#runs.set(folder, {
        ...{ folder, adapter, versions, run: event, rows: [], finished: false, notices: [] },
        settings: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
        decisive: settings.filter(({ decisive }) => decisive).map(({ name }) => name),
        ...{ predictions: null, predictionsBefore: null, spectra: null },
      });
      return this.#change();
    }
    const before = this.#runs.get(folder);
    const news = before && newsOf(before, event);
    if (!news) return;
    this.#runs.set(folder, { ...before, ...news });
    this.#change();
  }

  #change(): void {
    this.#version++;
    this.#tell();
  }

  /** The figures, drawn anew if they may be: training shares the thread. */
  #drawn(): Latest {
    const begin = this.clock.now();
    const isRest = begin < this.#restsUntil && this.#end === null;
    if (this.#picture.version === this.#version || isRest) return this.#picture;
    const text = JSON.stringify(livePicture([...this.#runs.values()]));
    this.#picture = { version: this.#version, text };
    const end = this.clock.now();
    this.#restsUntil = end + (end - begin) * restPerDrawing;
    return this.#picture;
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }
}

function placeText(place: RunPlace | null): string {
  return place === null ? "" : `run ${place.index + 1} of ${place.count}, ${place.name}: `;
}

/** Numbers that are not finite stay visible, as in metrics.jsonl; typed arrays are lists. */
function asJson(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (ArrayBuffer.isView(item)) return Array.from(item as Float32Array | Int32Array);
    return typeof item === "number" && !Number.isFinite(item) ? String(item) : item;
  });
}

/** A server-sent event; JSON has no line ends. */
function message(event: string | null, data: string): string {
  return `${event === null ? "" : `event: ${event}\n`}data: ${data}\n\n`;
}
