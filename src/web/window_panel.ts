// Another window for PFA: the visitor chooses one, by a slider or on the spectrum, and sees what it would have come to.

/// <reference lib="dom" />

import { change, percent } from "../report/format.ts";
import type { News } from "./messages.ts";
import type { Reaggregation } from "./other_windows.ts";
import type { FigureView } from "../report/page/figure_view.js";
import { WindowFrame } from "./window_frame.ts";

const element = <T extends HTMLElement = HTMLElement>(id: string) =>
  document.getElementById(id) as T;

/** The panel. */
export class WindowPanel {
  readonly #place = element("windows");
  readonly #rate = element<HTMLInputElement>("window-rate");
  readonly #shown = element<HTMLOutputElement>("window-shown");
  readonly #button = element<HTMLButtonElement>("window-again");
  readonly #status = element("window-status");
  readonly #rows = element("window-rows");
  readonly #frame = new WindowFrame({
    onMove: (rate) => this.#take(rate),
    onRelease: () => this.#ask(),
  });

  /** @param ask for what a window would come to */
  constructor(private readonly ask: (rate: number) => void) {
    this.#rate.addEventListener("input", () => this.#showRate());
    this.#rate.addEventListener("change", () => this.#ask());
    this.#button.addEventListener("click", () => this.#ask());
    this.#showRate();
  }

  /** Without PRR-FL among the methods there is nothing to ask. */
  begin(hasDeputies: boolean): void {
    this.#place.hidden = !hasDeputies;
    element("figures").after(this.#place); // until there are spectra to stand beneath
    this.#frame.follow(null);
    this.#rows.replaceChildren();
    element("window-head").replaceChildren();
    this.#status.textContent = "After the first round there is something to aggregate.";
    this.#enable(false);
  }

  /** Whether there are models to aggregate. */
  #enable(isPossible: boolean): void {
    this.#rate.disabled = this.#button.disabled = !isPossible;
    this.#frame.enable(isPossible);
  }

  /** Stands beneath the spectra, once they are drawn, and lays the window on them. */
  follow(spectra: FigureView | null): void {
    const section = spectra?.element ?? null;
    if (section !== null && section.nextElementSibling !== this.#place) section.after(this.#place);
    this.#frame.follow(spectra);
  }

  /** The models are there no more. */
  end(): void {
    if (this.#button.disabled) return;
    this.#enable(false);
    this.#status.textContent = "The models are gone with the run.";
  }

  /** News that say whether there is something to ask, or that there is no answer. */
  hear(news: News): void {
    if (news.type === "models" && news.method === "prrfl" && this.#button.disabled) {
      this.#enable(true);
      this.#status.textContent = "";
    }
    if (news.type === "unanswered" && news.inquiry === "aggregate") {
      this.#status.textContent = `Cannot aggregate: ${news.message}.`;
    }
  }

  /** Adds what came of a window, the newest first. */
  show({ rate, round, clients }: Reaggregation): void {
    const mean = (of: "before" | "after") =>
      clients.reduce((sum, client) => sum + client[of], 0) / clients.length;
    const difference = mean("after") - mean("before");
    const f1 = `${percent(mean("before"))} → ${percent(mean("after"))}`;
    this.#status.textContent = `With L = ${rate.toFixed(2)}: mean F1 ${f1}.`;
    if (rate === Number(this.#rate.value)) this.#frame.show(rate, `F1 ${f1}`);
    const cells = [
      rate.toFixed(2),
      String(round + 1),
      f1,
      change(difference),
      ...clients.map(({ before, after }) => change(after - before)),
    ];
    this.#showHead(clients.map(({ client }) => client));
    const row = document.createElement("tr");
    row.append(...cells.map((text) => cellOf("td", text)));
    this.#rows.prepend(row);
  }

  #ask(): void {
    this.#status.textContent = "Aggregating …";
    this.ask(Number(this.#rate.value));
  }

  /** From the frame. */
  #take(rate: number): void {
    this.#rate.value = String(rate);
    this.#showRate();
  }

  #showRate(): void {
    const rate = Number(this.#rate.value);
    this.#frame.show(rate, "");
    this.#shown.textContent = rate.toFixed(2);
    this.#rate.setAttribute("aria-valuetext", `${Math.round(100 * rate)} % of each axis`);
  }

  #showHead(clients: readonly string[]): void {
    const words = ["Window L", "Round", "Mean F1", "Change", ...clients];
    element("window-head").replaceChildren(...words.map((text) => cellOf("th", text)));
  }
}

function cellOf(tag: "td" | "th", text: string): HTMLElement {
  const cell = document.createElement(tag);
  if (tag === "th") cell.setAttribute("scope", "col");
  cell.textContent = text;
  return cell;
}
