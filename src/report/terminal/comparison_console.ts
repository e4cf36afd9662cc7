// What a comparison shows on the terminal: a line for every run, one for where it is, tables at the end.

import { type Clock, systemClock } from "../../clock.ts";
import type { RunEvent, SimulationEvent } from "../../federated/events.ts";
import { choiceOf } from "../reading/chosen_round.ts";
import type { Comparison } from "../page/comparison_files.ts";
import type { EarlierEvent } from "../reading/recorded_rows.ts";
import { aucText, change, counted, duration, percent, roughDuration } from "../format.ts";
import type { RecordedRow } from "../reading/recorded_rows.ts";
import type { RecordedHistory } from "../reading/progress.ts";
import { retrogressOf } from "../reading/run_retrogress.ts";
import { resultAt, type ResultView } from "../reading/result_views.ts";
import { divergenceText } from "./run_texts.ts";
import { skippedRounds } from "../reading/skipped_rounds.ts";
import { StatusLine, stdoutTerminal, type Terminal } from "./status_line.ts";
import { ansiStyle, plainStyle, type Style } from "./style.ts";
import { tableText } from "../page/table_text.ts";

/** One run of a comparison. */
export interface PlannedRun {
  readonly method: string;
  readonly seed: number;
  /** how long it takes, relative to the others */
  readonly cost: number;
}

/** Shows a comparison. Dispose of it before printing anything else. */
export class ComparisonConsole implements Disposable {
  readonly #runs: readonly PlannedRun[];
  readonly #quiet: boolean;
  readonly #clock: Clock;
  readonly #style: Style;
  readonly #status: StatusLine;
  readonly #started: number;
  #runStarted: number;
  /** runs that are over */
  #over = 0;
  /** cost of what has been computed here, which the time left is estimated from */
  #computed = 0;
  /** of the current run */
  #rows: RecordedRow[] = [];
  #run: RunEvent | null = null;
  /** share of the current run that was done before it was resumed; null until its first progress tells */
  #doneBefore: number | null = 0;

  constructor(
    runs: readonly PlannedRun[],
    quiet: boolean,
    terminal: Terminal = stdoutTerminal(),
    clock: Clock = systemClock,
  ) {
    this.#runs = runs;
    this.#quiet = quiet;
    this.#clock = clock;
    this.#style = terminal.colour ? ansiStyle : plainStyle;
    this.#status = new StatusLine(terminal, clock);
    this.#started = this.#runStarted = clock.now();
  }

  /** The next run was finished earlier. */
  skip(): void {
    this.#printRun("finished before", "");
    this.#over++;
  }

  /** The next run was begun earlier. */
  resume(run: RunEvent, earlier: readonly EarlierEvent[]): void {
    this.consume(run);
    this.#rows = earlier.filter((event) => event.type !== "round");
    this.#doneBefore = null;
  }

  /** The current run has ended early, and the comparison goes on without it. */
  fail(reason: string): void {
    this.#printRun(
      this.#style.bad(`failed: ${reason}`),
      duration(this.#clock.now() - this.#runStarted),
    );
    this.#over++;
  }

  /** Shows what the current run tells. */
  consume(event: SimulationEvent): void {
    switch (event.type) {
      case "run":
        this.#run = event;
        this.#rows = [];
        this.#doneBefore = 0;
        this.#runStarted = this.#clock.now();
        break;
      case "epoch":
      case "aggregation":
        this.#rows.push(event);
        break;
      case "divergence": {
        this.#rows.push(event);
        const { method, seed } = this.#runs[this.#over];
        const text = divergenceText(event, this.#run!);
        if (!this.#quiet) {
          this.#status.print(`${this.#style.bad(`${method} seed ${seed}: ${text}`)}\n`);
        }
        break;
      }
      case "progress":
        this.#doneBefore ??= event.done / event.total;
        if (!this.#quiet) this.#status.show((columns) => this.#progress(event).slice(0, columns));
        break;
      case "done": {
        const results = outcomeText({ run: this.#run!, rows: this.#rows });
        this.#printRun(results, duration(this.#clock.now() - this.#runStarted));
        this.#computed += this.#runs[this.#over].cost * (1 - (this.#doneBefore ?? 0));
        this.#over++;
        break;
      }
    }
  }

  /** The tables that a page does not fold away, and where everything is. */
  finish({ tables, page }: Comparison): void {
    const took = duration(this.#clock.now() - this.#started);
    const shown = tables.filter(({ name }) => name === undefined); // the page has all
    const lines = shown.map((table) => tableText(table, this.#style));
    this.#status.print(`\n${lines.join("\n")}\nDone in ${took}; look at ${page}\n`);
  }

  [Symbol.dispose](): void {
    this.#status[Symbol.dispose]();
  }

  #printRun(results: string, time: string): void {
    if (this.#quiet) return;
    const { method, seed } = this.#runs[this.#over];
    const widest = Math.max(...this.#runs.map(({ method }) => method.length));
    const count = `${this.#over + 1}/${this.#runs.length}`.padStart(5);
    const name = this.#style.strong(method.padEnd(widest));
    const shown = time === "" ? "" : this.#style.faint(`  (${time})`);
    this.#status.print(`${count}  ${name}  seed ${seed}  ${results}${shown}\n`);
  }

  #progress({ round, epoch, done, total }: SimulationEvent & { type: "progress" }): string {
    const { method, seed, cost } = this.#runs[this.#over];
    const { rounds, localEpochs } = this.#run!;
    const here = cost * done / total;
    const ahead = this.#runs.slice(this.#over).reduce((sum, run) => sum + run.cost, 0) - here;
    const computed = this.#computed + here - cost * (this.#doneBefore ?? 0);
    const passed = this.#clock.now() - this.#started;
    const left = computed <= 0 ? "" : `${roughDuration(passed * ahead / computed)} left`;
    return [
      `run ${this.#over + 1}/${this.#runs.length} ${method} seed ${seed}`,
      `round ${round + 1}/${rounds} epoch ${epoch + 1}/${localEpochs}`,
      `${Math.floor(100 * computed / (computed + ahead))}%`,
      left,
    ].join("  ");
  }
}

/** The three views of a run's result, what its communications did, and what was skipped. */
function outcomeText(history: RecordedHistory): string {
  const { personalRole } = history.run;
  const text = (view: ResultView) => {
    const metrics = resultAt(history, view)?.mean[personalRole];
    return metrics ? [`F1 ${percent(metrics.f1)}`, `AUC ${aucText(metrics)}`] : ["n/a"];
  };
  const after = text("after").join("  ");
  const { chosen } = choiceOf(history);
  const whole = retrogressOf(history);
  const { skipped, begun } = skippedRounds(history.rows);
  return [
    whole === null ? after : `${after}  F1 ${change(whole.meanChange.f1)} per communication`,
    ...(whole === null ? [] : [`before the last: ${text("before").join(", ")}`]),
    ...(chosen === null ? [] : [`chosen round ${chosen.round + 1}: ${text("chosen").join(", ")}`]),
    ...(skipped === 0 ? [] : [`${skipped} of ${counted(begun, "client-round")} skipped`]),
  ].join("; ");
}
