// A card for each client: its images, its classes, and how its models do now.

/// <reference lib="dom" />

import type { AggregationEvent, EpochEvent } from "../federated/events.ts";
import { percent } from "../report/format.ts";
import { escaped } from "../report/page/figure_html.ts";
import type { LabelledRun } from "../report/reading/method_runs.ts";
import type { ClientCard, News } from "./messages.ts";

/** The cards of a page. */
export class ClientCards {
  /** the part of each card that changes */
  readonly #scores = new Map<string, HTMLElement>();

  constructor(private readonly place: HTMLElement) {}

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
    element.innerHTML = `<h3>${escaped(card.name)}</h3>
<canvas role="img" aria-label="Training images of client ${escaped(card.name)}"></canvas>
<p class="caption">${total} training images: ${escaped(classes)}</p><div></div>`;
    draw(element.querySelector("canvas")!, card.samples, size);
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

  clear(words: string): void {
    this.#scores.clear();
    this.place.innerHTML = `<p class="missing">${escaped(words)}</p>`;
  }
}

/** Images beside each other. */
function draw(canvas: HTMLCanvasElement, bytes: Uint8Array, size: number): void {
  const count = bytes.length / (3 * size ** 2);
  Object.assign(canvas, { width: count * size, height: size });
  const context = canvas.getContext("2d")!;
  for (let k = 0; k < count; k++) {
    const image = context.createImageData(size, size);
    for (let at = 0; at < size ** 2; at++) {
      const from = 3 * (k * size ** 2 + at);
      image.data.set([bytes[from], bytes[from + 1], bytes[from + 2], 255], 4 * at);
    }
    context.putImageData(image, k * size, 0);
  }
}
