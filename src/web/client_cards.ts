// A card for each client: its images, its classes, and how its models do now.

/// <reference lib="dom" />

import type { AggregationEvent, EpochEvent } from "../federated/events.ts";
import { percent } from "../report/format.ts";
import { escaped } from "../report/page/figure_html.ts";
import type { LabelledRun } from "../report/reading/method_runs.ts";
import type { ClientCard, News } from "./messages.ts";
import { draw } from "./pixels.ts";

/** The cards of a page. */
export class ClientCards {
  /** the part of each card that changes */
  readonly #scores = new Map<string, HTMLElement>();
  readonly #buttons = new Map<string, HTMLButtonElement>();

  /** @param onLook is called with the client that the visitor wants to see closely */
  constructor(
    private readonly place: HTMLElement,
    private readonly onLook: (client: string) => void,
  ) {}

  /** Makes them, for the data of a run. */
  show({ classNames, imageSize, clients }: Extract<News, { type: "data" }>): void {
    this.place.replaceChildren(
      ...clients.map((client) => this.#cardOf(client, classNames, imageSize)),
    );
  }

  #cardOf(card: ClientCard, classNames: readonly string[], size: number): HTMLElement {
    const element = document.createElement("article");
    element.className = "client";
    const total = card.counts.reduce((sum, count) => sum + count, 0);
    const classes = card.counts.map((count, k) => `${classNames[k]} ${count}`).join(", ");
    const balance = card.counts.map((count) => `<i style="flex-grow: ${count}"></i>`).join("");
    element.innerHTML = `<h3>${escaped(card.name)}</h3>
<canvas role="img" aria-label="Training images of client ${escaped(card.name)}"></canvas>
<p class="balance" aria-hidden="true">${balance}</p>
<p class="caption">${total} training images: ${escaped(classes)}</p><div></div>
<button type="button" aria-label="Look closer at client ${
      escaped(card.name)
    }">Look closer</button>`;
    draw(element.querySelector("canvas")!, card.samples, size);
    const button = element.querySelector("button")!;
    button.addEventListener("click", () => this.onLook(card.name)); // it covers the card
    this.#buttons.set(card.name, button);
    this.#scores.set(card.name, element.querySelector("div")!);
    return element;
  }

  /** Test F1 of every model after what came last. */
  update(runs: readonly LabelledRun[]): void {
    for (const [name, place] of this.#scores) {
      const rows = runs.flatMap(({ method, rows }) => {
        const last = rows.findLast((row): row is EpochEvent | AggregationEvent =>
          row.type === "epoch" || row.type === "aggregation"
        );
        const own = last?.clients.find(({ client }) => client === name);
        return Object.entries(own?.test ?? {}).map(([role, { f1 }]) => [method, role, percent(f1)]);
      });
      const cells = rows.map(([method, role, f1]) =>
        `<tr><th scope="row">${escaped(method)}</th><td>${escaped(role)}</td><td>${f1}</td></tr>`
      );
      place.innerHTML = cells.length === 0 ? "" : `<table><thead><tr><th scope="col">Method</th>` +
        `<th scope="col">Model</th><th scope="col">F1</th></tr></thead><tbody>${
          cells.join("")
        }</tbody></table>`;
    }
  }

  /** Goes back to where the visitor came from. */
  focus(client: string): void {
    this.#buttons.get(client)?.focus();
  }

  clear(words: string): void {
    this.#scores.clear();
    this.#buttons.clear();
    this.place.innerHTML = `<p class="missing">${escaped(words)}</p>`;
  }
}
