// One client looked at closely: its models' confusion matrices, and the test images that they get wrong.

/// <reference lib="dom" />

import { confusionFigure } from "../report/figures/confusion_figure.ts";
import type { Figure } from "../report/figures/figure.ts";
import { themes } from "../report/figures/theme.ts";
import { figureHtml } from "../report/page/figure_html.ts";
import { FigureView } from "../report/page/figure_view.js";
import type { LabelledRun } from "../report/reading/method_runs.ts";
import type { Look } from "./messages.ts";
import { type Mistake, mistakesOf, mostMistakes } from "./mistakes.ts";
import { byModel, chance, type ModelAnswers } from "./model_names.ts";
import { draw } from "./pixels.ts";

/** What is known of the data. */
interface Images {
  readonly classNames: readonly string[];
  readonly imageSize: number;
}

/** The panel of a page; it shows one client, or is closed. */
export class ClientPanel {
  #client: string | null = null;
  #view: FigureView | null = null;
  #panels = 0;
  readonly #title: HTMLElement;
  readonly #note: HTMLElement;
  readonly #matrices: HTMLElement;
  readonly #mistakes: HTMLElement;

  /** @param onClose is told whose panel it was */
  constructor(private readonly place: HTMLElement, private onClose: (client: string) => void) {
    const find = (name: string) => place.querySelector<HTMLElement>(`.${name}`)!;
    this.#title = place.querySelector("h2")!;
    [this.#note, this.#matrices] = [find("note-line"), find("matrices")];
    this.#mistakes = find("mistakes");
    place.querySelector("button")!.addEventListener("click", () => this.close());
    place.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.close();
    });
  }

  /** Whose panel is open; null: it is closed. */
  get client(): string | null {
    return this.#client;
  }

  /** Opens it, with words for the time until there is an answer. */
  open(client: string, words: string): void {
    if (this.#client !== client) this.#clear();
    this.#client = client;
    this.place.hidden = false;
    this.#title.textContent = `Client ${client}, looked at closely`;
    this.say(words);
    this.#title.focus();
    this.place.scrollIntoView({ block: "start" });
  }

  close(): void {
    const client = this.#client;
    this.#clear();
    this.#client = null;
    this.place.hidden = true;
    if (client !== null) this.onClose(client);
  }

  say(words: string): void {
    this.#note.textContent = words;
  }

  /** Draws what a client's models answered; those of another client than the one looked at by now are left out. */
  show(look: Look, runs: readonly LabelledRun[], images: Images): void {
    if (look.client !== this.#client) return;
    const models = byModel(look.opinions, runs);
    this.place.dataset.shown = models.map(({ name }) => name).join("; ");
    if (models.length === 0) return;
    this.say(
      `${look.labels.length} test images, which no model has trained on. The probability that a model ` +
        "gives each class stands below the images.",
    );
    this.#showMatrices(matricesOf(look, models, images));
    this.#showMistakes(models.map((model) => mistakesElement(look, model, images)));
  }

  /** What the visitor has unfolded, and where the keyboard is, stays. */
  #showMistakes(details: readonly HTMLDetailsElement[]): void {
    const before = [...this.#mistakes.querySelectorAll("details")];
    const focused = before.findIndex((one) => one.contains(document.activeElement));
    details.forEach((one, k) => one.open = before[k]?.open ?? k === 0);
    this.#mistakes.replaceChildren(...details);
    details[focused]?.querySelector("summary")?.focus({ preventScroll: true });
  }

  #showMatrices(figure: Figure): void {
    const { panels } = figure.variants[0];
    if (this.#view && this.#panels === panels.length) return this.#view.update(figure);
    this.#view?.dispose();
    this.#matrices.innerHTML = figureHtml(figure, []);
    this.#view = new FigureView(figure, themes);
    this.#panels = panels.length;
  }

  #clear(): void {
    this.#view?.dispose();
    this.#view = null;
    this.#matrices.replaceChildren();
    this.#mistakes.replaceChildren();
    delete this.place.dataset.shown;
  }
}

/** One matrix for each model, beside each other: the report's, of this client alone. */
function matricesOf(
  { client, labels }: Look,
  models: readonly ModelAnswers[],
  { classNames }: Images,
): Figure {
  const panels = models.map(({ name, run, role, opinions: [{ probabilities, rounds }] }) => {
    const clients = [{ client, labels, probabilities: { [role]: probabilities } }];
    const predictions = { round: rounds - 1, classNames, clients };
    const own = { ...run, run: { ...run.run, roles: [role] }, predictions };
    return { ...confusionFigure([own]).variants[0].panels[0], heading: name };
  });
  const { caption } = confusionFigure([]);
  const title = `Test predictions of client ${client}'s models`;
  return {
    ...{ id: "client-confusion", title: "Confusion matrices", caption, switches: [] },
    ...{ variants: [{ choices: [], title, panels, file: null }], missing: null },
  };
}

/** The images that one model gets wrong, the worst first. */
function mistakesElement(
  { labels, images }: Look,
  { name, opinions: [{ probabilities }] }: ModelAnswers,
  { classNames, imageSize }: Images,
): HTMLDetailsElement {
  const mistakes = mistakesOf(labels, probabilities, classNames.length);
  const shown = mistakes.slice(0, mostMistakes);
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  const worst = shown.length < mistakes.length ? `, the ${shown.length} worst` : "";
  summary.textContent = `${name}: ${mistakes.length} of ${labels.length} wrong${worst}`;
  const list = document.createElement("ul");
  list.className = "thumbnails";
  list.append(...shown.map((mistake) => {
    const { id, pixels } = images.get(mistake.row)!;
    return thumbnail(mistake, id, pixels, classNames, imageSize);
  }));
  details.append(summary, list);
  return details;
}

function thumbnail(
  { label, predicted, probabilities }: Mistake,
  id: string,
  pixels: Uint8Array,
  classNames: readonly string[],
  size: number,
): HTMLLIElement {
  const item = document.createElement("li");
  const canvas = document.createElement("canvas");
  draw(canvas, pixels, size);
  canvas.role = "img";
  canvas.ariaLabel = `Test image ${id}`;
  canvas.title = id;
  const words = document.createElement("p");
  words.textContent = `${classNames[label]}, taken for ${classNames[predicted]}`;
  const chances = document.createElement("p");
  chances.className = "caption";
  chances.textContent = probabilities.map((one, k) => `${classNames[k]}\u00a0${chance(one)}`).join(
    ", ",
  );
  item.append(canvas, words, chances);
  return item;
}
