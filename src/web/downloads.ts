// What a visitor can take along: rows of events, checkpoints, the curve.

/// <reference lib="dom" />

import { systemClock } from "../clock.ts";
import type { SimulationEvent } from "../federated/events.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import { writeSafetensors } from "../io/safetensors.ts";
import { checkpointFile } from "../report/files/file_names.ts";
import { configOf, type PageSettings } from "./settings.ts";
import { metricsRow } from "../report/files/metrics_rows.ts";

/** Where what is taken along comes from. */
interface Source {
  readonly settings: PageSettings;
  /** name of the adapter, once it is known */
  readonly adapter: () => string;
  /** the curve as a data URL; null while there is none */
  readonly picture: () => string | null;
}

/** Keeps what there is to take along, and its buttons. */
export class Downloads {
  readonly #rows = new Map<MethodName, string[]>();
  readonly #checkpoints = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #start = systemClock.now();

  constructor(private readonly place: HTMLElement, private readonly source: Source) {
    this.show();
  }

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
    const buttons = [...this.#rows.keys()].flatMap((method) => {
      const textOf = { // of the rows there are when the button is pressed
        "metrics.jsonl": () => `${this.#rows.get(method)!.join("\n")}\n`,
        "config.json": () => `${JSON.stringify(this.#configOf(method), null, 2)}\n`,
      };
      return Object.entries(textOf).map(([name, text]) =>
        button(`${method}: ${name}`, () => save(`${method}-${name}`, new Blob([text()])))
      );
    });
    const picture = button("The curve as PNG", () => {
      const url = this.source.picture();
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

  /** As `cli.ts` stores it beside the rows: what determined the numbers. */
  #configOf(method: MethodName): Record<string, unknown> {
    const { settings, adapter } = this.source;
    const own = Object.entries(configOf(settings, method))
      .filter(([, value]) => value === null || typeof value !== "object");
    return {
      settings: Object.fromEntries([...own, ["imageSize", settings.size]]),
      adapter: adapter(),
    };
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
