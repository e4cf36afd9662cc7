// What a visitor can take along: rows of events, checkpoints, the curve.

/// <reference lib="dom" />

import { systemClock } from "../clock.ts";
import type { SimulationEvent } from "../federated/events.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import { writeSafetensors } from "../io/safetensors.ts";
import { checkpointFile } from "../report/files/file_names.ts";
import { metricsRow } from "../report/files/metrics_rows.ts";

/** Keeps what there is to take along, and its buttons. */
export class Downloads {
  readonly #rows = new Map<MethodName, string[]>();
  readonly #checkpoints = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #start = systemClock.now();

  /** @param picture gives the curve as a data URL */
  constructor(private readonly place: HTMLElement, private readonly picture: () => string | null) {}

  /** Keeps what an event adds. */
  take(method: MethodName, event: SimulationEvent): void {
    const elapsed = (systemClock.now() - this.#start) / 1000;
    const row = metricsRow(event, { at: systemClock.date().toISOString(), elapsed });
    if (row) {
      const rows = this.#rows.get(method) ?? [];
      this.#rows.set(method, [...rows, JSON.stringify(row)]);
    }
    if (event.type === "checkpoint") {
      const name = `${method}-${checkpointFile(event).replaceAll("/", "-")}`;
      this.#checkpoints.set(name, Uint8Array.from(writeSafetensors(event.tensors)));
    }
  }

  /** Buttons for what there is; they stay where nothing has come since. */
  show(): void {
    const shown = [...this.#rows.keys(), ...this.#checkpoints.keys()].join();
    if (this.place.dataset.shown === shown) return;
    this.place.dataset.shown = shown;
    if (shown === "") {
      this.place.innerHTML =
        '<span class="missing">There is something when a run has begun.</span>';
      return;
    }
    const buttons = [...this.#rows].map(([method, rows]) =>
      button(
        `${method}: metrics.jsonl`,
        () => save(`${method}-metrics.jsonl`, new Blob([`${rows.join("\n")}\n`])),
      )
    );
    const picture = button("The curve as PNG", () => {
      const url = this.picture();
      if (url) saveUrl("retrogress.png", url);
    });
    const checkpoints = [...this.#checkpoints].map(([name, bytes]) =>
      button(name, () => save(name, new Blob([bytes])))
    );
    this.place.replaceChildren(...buttons, picture);
    if (checkpoints.length === 0) return;
    const details = document.createElement("details");
    details.innerHTML = `<summary>Checkpoints (${checkpoints.length})</summary>`;
    details.append(...checkpoints);
    this.place.append(details);
  }
}

function button(text: string, onClick: () => void): HTMLButtonElement {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.addEventListener("click", onClick);
  return element;
}

/** The address of what was saved last: browsers may still read from it. */
let lastUrl = "";

function save(name: string, blob: Blob): void {
  URL.revokeObjectURL(lastUrl);
  lastUrl = URL.createObjectURL(blob);
  saveUrl(name, lastUrl);
}

function saveUrl(name: string, url: string): void {
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
}
