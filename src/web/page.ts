// The live page: PRR-FL beside other methods, trained in a worker on the visitor's own GPU.

/// <reference lib="dom" />

import { systemClock } from "../clock.ts";
import type { SimulationEvent } from "../federated/events.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import { roughDuration } from "../report/format.ts";
import { ClientCards } from "./client_cards.ts";
import { Downloads } from "./downloads.ts";
import { FiguresPanel } from "./figures_panel.ts";
import { FolderChoice } from "./folder_choice.ts";
import { type KeptRun, keptRun } from "./kept_run.ts";
import { LiveRuns } from "./live_runs.ts";
import type { News, Order } from "./messages.ts";
import { addressOf, type PageSettings, presetSettings, readSettings } from "./settings.ts";
import { SettingsForm } from "./settings_form.ts";

const element = <T extends HTMLElement = HTMLElement>(id: string) =>
  document.getElementById(id) as T;
const buttons = {
  start: element<HTMLButtonElement>("start"),
  goOn: element<HTMLButtonElement>("goon"),
  pause: element<HTMLButtonElement>("pause"),
  step: element<HTMLButtonElement>("step"),
  reset: element<HTMLButtonElement>("reset"),
};

/** What the page is about to do, or does. */
type State = "ready" | "running" | "paused" | "over" | "replaying";

class Page {
  readonly #form = new SettingsForm(element<HTMLFormElement>("form"), () => this.#showAddress());
  readonly #figures = new FiguresPanel(element("figures"));
  readonly #images = new FolderChoice(element("data"), (problem) => this.#tell(problem));
  readonly #cards = new ClientCards(element("clients"));
  #downloads!: Downloads;
  #runs!: LiveRuns;
  #worker: Worker | null = null;
  #kept: KeptRun | null = null;
  #state: State = "ready";
  #adapter = "";
  /** of the frame that is to be drawn; 0 for none */
  #frame = 0;
  /** of each method: work done and to be done */
  readonly #work = new Map<MethodName, { readonly done: number; readonly total: number }>();
  #methods: readonly MethodName[] = [];
  /** when the run began to train, and for how long it has been paused since; of the host's clock */
  #start: number | null = null;
  #pausedAt = 0;
  #paused = 0;

  constructor() {
    const { settings, problems } = readSettings(new URLSearchParams(location.search));
    this.#form.write(settings);
    if (problems.length > 0) {
      this.#tell(`The address of this page could not be followed: ${problems.join("; ")}.`);
    }
    buttons.start.addEventListener("click", () => this.#begin());
    buttons.goOn.addEventListener("click", () => this.#goOn().catch((e) => this.#tell(e.message)));
    buttons.pause.addEventListener("click", () => this.#order("pause"));
    buttons.step.addEventListener("click", () => this.#order("step"));
    buttons.reset.addEventListener("click", () => this.#reset());
    this.#enterOrReplay().catch((error) => this.#tell(`Cannot show a run: ${error.message}.`));
  }

  /** With the run that was under way when the page was left. */
  async #goOn(): Promise<void> {
    const { settings, folder } = this.#kept!;
    if (folder === null) this.#images.useDemo();
    else if (this.#images.folder?.name !== folder) {
      this.#say(`Choose the folder “${folder}” again: images are not kept with a run.`);
      if (await this.#images.choose() === null) return;
    }
    this.#form.write(settings);
    this.#showAddress();
    this.#begin(this.#kept);
  }

  /** A browser may know WebGPU and yet have no adapter. */
  async #enterOrReplay(): Promise<void> {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) return await this.#replay();
    this.#kept = await keptRun();
    this.#enter("ready");
  }

  #showAddress(): void {
    const settings = this.#form.read();
    if (!settings) return;
    const address = addressOf(settings);
    history.replaceState(null, "", address === "" ? location.pathname : `?${address}`);
  }

  #begin(kept: KeptRun | null = null): void {
    if (this.#state === "paused") return this.#order("resume");
    const settings = this.#form.read();
    if (!settings) {
      element<HTMLDetailsElement>("settings").open = true;
      return this.#tell("Choose a method at least, and numbers within their bounds.");
    }
    this.#clear(settings);
    const worker = new Worker("worker.js", { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<News>) => this.#hear(data);
    worker.onerror = ({ message = "Cannot load worker.js, in which models are trained" }) =>
      this.#hear({ type: "failed", message, ofImages: false });
    this.#worker = worker;
    this.#send({ type: "start", settings, folder: this.#images.folder, kept });
    this.#enter("running");
    this.#say("Looking for a graphics card …");
  }

  #clear(settings: PageSettings): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#figures.clear();
    this.#cards.clear("They come with the start.");
    this.#images.warn([]);
    this.#work.clear();
    this.#methods = settings.methods;
    this.#runs = new LiveRuns(settings);
    this.#downloads = new Downloads(element("downloads"), () => this.#figures.curvePicture());
    this.#downloads.show();
    this.#tell(null);
    element<HTMLProgressElement>("progress").value = 0;
    [this.#start, this.#paused] = [null, 0];
  }

  #send(order: Order): void {
    this.#worker?.postMessage(order);
  }

  #order(type: "pause" | "resume" | "step"): void {
    this.#send({ type });
    if (type === "pause") this.#say("Pausing after the step under way …");
  }

  #reset(): void {
    this.#end();
    this.#clear(presetSettings("A minute"));
    this.#kept = null; // the run was given up
    this.#enter("ready");
    this.#say("Ready.");
  }

  /** The worker gives back the GPU's memory with its end. */
  #end(): void {
    this.#worker?.terminate();
    this.#worker = null;
  }

  #hear(news: News): void {
    switch (news.type) {
      case "adapter":
        this.#adapter = `${news.name} (${
          news.kind === "cpu" ? "a software adapter, slow" : "GPU"
        })`;
        return this.#say(`${this.#adapter}: making images …`);
      case "reading":
        return this.#say(
          `${this.#adapter}: ${thousands(news.done)} of ${thousands(news.total)} images read`,
        );
      case "data":
        this.#images.warn(news.warnings);
        return this.#cards.show(news);
      case "event":
        return this.#take(news.method, news.event);
      case "paused":
        this.#pausedAt = systemClock.now();
        this.#enter("paused");
        return this.#say("Paused.");
      case "going":
        this.#paused += systemClock.now() - this.#pausedAt;
        return this.#enter("running");
      case "finished":
        this.#end();
        this.#enter("over");
        this.#downloads.show();
        return this.#say(`Done on ${this.#adapter}.`);
      case "failed":
        this.#end();
        this.#enter(news.ofImages ? "ready" : "over");
        this.#say(news.ofImages ? "Ready." : "Stopped.");
        return this.#tell(`${news.message}. ${news.ofImages ? remedyOf(news.message) : restart}`);
    }
  }

  #take(method: MethodName, event: SimulationEvent): void {
    if (event.type === "progress") {
      this.#work.set(method, { done: event.done, total: event.total });
      return this.#showProgress(method);
    }
    if (this.#state !== "replaying") this.#downloads.take(method, event);
    if (!this.#runs.take(method, event) || this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => { // what comes until then is drawn together
      this.#frame = 0;
      const runs = this.#runs.labelled();
      this.#figures.show(runs);
      this.#cards.update(runs);
      this.#downloads.show();
    });
  }

  #showProgress(method: MethodName): void {
    const works = [...this.#work.values()];
    const done = works.reduce((sum, work) => sum + work.done, 0);
    const known = works.reduce((sum, work) => sum + work.total, 0);
    const total = known / works.length * this.#methods.length;
    const now = systemClock.now();
    this.#start ??= now;
    const elapsed = now - this.#start - this.#paused;
    element<HTMLProgressElement>("progress").value = done / total;
    if (this.#state === "paused" || elapsed === 0) return;
    const rate = (1000 * done / elapsed).toFixed(done < elapsed / 100 ? 2 : 0);
    const left = roughDuration(elapsed * (total - done) / done);
    this.#say(
      `${method} on ${this.#adapter}: ${rate} batches of a client per second, ${left} left`,
    );
  }

  #enter(state: State): void {
    this.#state = state;
    buttons.start.disabled = state === "running" || state === "over" || state === "replaying";
    buttons.start.textContent = state === "paused" ? "Go on" : "Start";
    const folder = this.#kept?.folder ?? null;
    buttons.goOn.textContent = "Go on with the run of before" +
      (folder === null ? "" : `, whose folder “${folder}” has to be chosen again`);
    buttons.goOn.hidden = state !== "ready" || this.#kept === null;
    buttons.pause.disabled = state !== "running";
    buttons.step.disabled = state !== "paused" && state !== "running";
    buttons.reset.disabled = state === "ready" || state === "replaying";
    this.#form.enable(state === "ready");
    this.#images.enable(state === "ready");
    document.body.dataset.state = state;
  }

  #say(words: string): void {
    element("status").textContent = words;
  }

  /** Null: there is none any more. */
  #tell(problem: string | null): void {
    Object.assign(element("problem"), { hidden: problem === null, textContent: problem ?? "" });
  }

  /** Without WebGPU a run that was recorded is shown. */
  async #replay(): Promise<void> {
    this.#enter("replaying");
    const answer = await fetch("recorded_run.json");
    const { settings, adapter, events } = await answer.json();
    this.#form.write(settings);
    this.#adapter = adapter;
    this.#clear(settings);
    this.#cards.clear("The recorded run holds no images.");
    this.#tell(
      "This browser offers no graphics card (WebGPU), so nothing is trained here: what follows was " +
        `recorded on ${adapter}. Current Chrome, Edge, Safari and Firefox have it on most computers.`,
    );
    for (const { method, event } of events) {
      this.#take(method, event);
      await new Promise(requestAnimationFrame);
    }
    this.#say("The recorded run is over.");
    document.body.dataset.replayed = "";
  }
}

const restart = "Reset, and try again or with smaller settings.";

/** Readers of images speak of the command line's flags. */
function remedyOf(message: string): string {
  const remedy = "Choose the folder again when that is put right, or another one.";
  return / --[a-z]/.test(message)
    ? `${remedy} What begins with -- is for the command line alone.`
    : remedy;
}

function thousands(count: number): string {
  return count.toLocaleString("en");
}

new Page();
