// The live page: PRR-FL beside other methods, trained in a worker on the visitor's own GPU.

/// <reference lib="dom" />

import type { SimulationEvent } from "../federated/events.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import { ClientCards } from "./client_cards.ts";
import { Closely } from "./closely.ts";
import { Downloads } from "./downloads.ts";
import { FiguresPanel } from "./figures_panel.ts";
import { FolderChoice } from "./folder_choice.ts";
import { type KeptRun, keptRun } from "./kept_run.ts";
import { LiveRuns } from "./live_runs.ts";
import type { News, Order } from "./messages.ts";
import { addressOf, type PageSettings, presetSettings, readSettings } from "./settings.ts";
import { Pace } from "./pace.ts";
import { remedyOf, restart } from "./remedies.ts";
import { SettingsForm } from "./settings_form.ts";
import { WindowPanel } from "./window_panel.ts";

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
  readonly #figures = new FiguresPanel(
    element("figures"),
    () => this.#windows.follow(this.#figures.viewOf("spectra")),
  );
  readonly #images = new FolderChoice(element("data"), (problem) => this.#tell(problem));
  readonly #cards = new ClientCards(element("clients"), (client) => this.#closely.look(client));
  readonly #closely = new Closely({
    send: (order) => this.#send(order),
    runs: () => this.#runs.labelled(),
    onClose: (client) => this.#cards.focus(client),
  });
  readonly #windows = new WindowPanel((rate) => this.#send({ type: "aggregate", rate }));
  #downloads!: Downloads;
  #runs!: LiveRuns;
  #worker: Worker | null = null;
  #kept: KeptRun | null = null;
  #state: State = "ready";
  #adapter = "";
  #pace = new Pace(0);
  /** name of the folder that the run has its images from; null: the demo data */
  #folder: string | null = null;

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
      const chosen = await this.#images.choose();
      if (chosen === null) return;
      if (chosen.name !== folder) {
        return this.#tell(
          `The run of before has the folder “${folder}”, not “${chosen.name}”: go on with that one, or start anew.`,
        );
      }
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
    if (this.#state !== "ready") return;
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
    const { folder } = this.#images;
    this.#folder = folder?.name ?? null;
    this.#send({ type: "start", settings, folder, kept });
    this.#enter("running");
    this.#say("Looking for a graphics card …");
  }

  #clear(settings: PageSettings): void {
    this.#figures.clear();
    this.#cards.clear("They come with the start.");
    this.#images.warn([]);
    this.#closely.begin(settings.methods);
    this.#windows.begin(settings.methods.includes("prrfl"));
    this.#pace = new Pace(settings.methods.length);
    this.#runs = new LiveRuns(settings);
    this.#downloads = new Downloads(element("downloads"), {
      settings,
      adapter: () => this.#adapter,
      picture: () => this.#figures.curvePicture(),
    });
    this.#tell(null);
    element<HTMLProgressElement>("progress").value = 0;
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

  /** The worker gives back the GPU's memory with its end; until then its models answer. */
  #end(): void {
    this.#closely.end();
    this.#windows.end();
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
          `${this.#adapter}: ${news.done.toLocaleString("en")} of ${
            news.total.toLocaleString("en")
          } images read`,
        );
      case "data":
        this.#images.warn(news.warnings);
        this.#closely.show(news);
        return this.#cards.show(news);
      case "event":
        return this.#take(news.method, news.event);
      case "paused":
        this.#pace.pause();
        this.#enter("paused");
        return this.#say("Paused.");
      case "going":
        this.#pace.goOn();
        return this.#enter("running");
      case "finished":
        this.#figures.finish();
        this.#enter("over");
        return this.#say(`Done on ${this.#adapter}.`);
      case "failed":
        this.#end();
        return void this.#offerRest(news);
      case "aggregated":
        return this.#windows.show(news.result);
      default:
        this.#windows.hear(news);
        return this.#closely.hear(news);
    }
  }

  /** A card may be lost for good or for a moment: what was kept can be gone on with. */
  async #offerRest({ message, ofImages }: Extract<News, { type: "failed" }>): Promise<void> {
    if (ofImages) {
      this.#enter("ready");
      this.#say("Ready.");
      return this.#tell(`${message}. ${remedyOf(message)}`);
    }
    this.#say("Stopped.");
    if (message.startsWith("Cannot resume")) this.#images.useDemo(); // other images under the same name
    const kept = await keptRun();
    const own = [this.#runs.settings, this.#folder];
    const isOfThis = kept !== null &&
      JSON.stringify([kept.settings, kept.folder]) === JSON.stringify(own);
    this.#kept = isOfThis ? kept : null;
    this.#enter(isOfThis ? "ready" : "over");
    const way = isOfThis
      ? "What was trained until the last communication is kept: go on with it, or start anew."
      : restart;
    this.#tell(`${message}. ${way}`);
  }

  #take(method: MethodName, event: SimulationEvent): void {
    if (event.type === "progress") {
      const { share, words } = this.#pace.take(method, event);
      element<HTMLProgressElement>("progress").value = share;
      if (words !== "") this.#say(`${method} on ${this.#adapter}: ${words}`);
      return;
    }
    if (this.#state !== "replaying") this.#downloads.take(method, event);
    if (this.#runs.take(method, event)) this.#draw();
  }

  #draw(): void {
    const runs = this.#runs.labelled();
    this.#figures.show(runs);
    this.#cards.update(runs);
    this.#downloads.show();
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
    this.#closely.hide();
    this.#windows.begin(false);
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

new Page();
