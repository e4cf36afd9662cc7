// An image that the visitor brings: dropped onto the page or chosen, decoded here, and shown to every client's models.

/// <reference lib="dom" />

import { tableHtml } from "../report/page/figure_html.ts";
import type { Table } from "../report/page/tables.ts";
import type { LabelledRun } from "../report/reading/method_runs.ts";
import type { Opinion, Order } from "./messages.ts";
import { byModel, chance, type ModelAnswers } from "./model_names.ts";
import { draw, readImage } from "./pixels.ts";

/** The section of a page in which it is shown. */
export class OwnImage {
  #file: File | null = null;
  /** of the run's images; null before they are there */
  #size: number | null = null;
  #pixels: Uint8Array<ArrayBuffer> | null = null;
  /** of the image that was decoded last: answers about others come too late */
  #number = 0;
  readonly #note: HTMLElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #answers: HTMLElement;

  /** @param onImage is called when there is an image to ask about */
  constructor(private readonly place: HTMLElement, private readonly onImage: () => void) {
    this.#note = place.querySelector(".note-line")!;
    this.#canvas = place.querySelector("canvas")!;
    this.#answers = place.querySelector(".answers")!;
    const input = place.querySelector("input")!;
    input.addEventListener("click", () => input.value = ""); // the same file may be chosen again
    input.addEventListener("change", () => {
      if (input.files?.length) this.#take(input.files[0]);
    });
    const { body } = document;
    for (const type of ["dragenter", "dragover", "dragleave", "drop"] as const) {
      body.addEventListener(type, (event) => {
        const { dataTransfer } = event;
        if (this.place.hidden || !dataTransfer?.types.includes("Files")) return;
        event.preventDefault(); // the browser would leave the page for the file
        body.classList.toggle("dropping", type === "dragenter" || type === "dragover");
        if (type !== "drop") return;
        if (dataTransfer.files.length > 0) {
          input.files = dataTransfer.files; // it names what is shown
          this.#take(dataTransfer.files[0]);
        }
        this.place.scrollIntoView({ block: "start" });
      });
    }
  }

  /** Where no models can answer. */
  hide(): void {
    this.place.hidden = true;
  }

  /** For images of a run, height and width in pixels; null: there is none yet. The visitor's file stays. */
  prepare(size: number | null): void {
    this.#size = size;
    this.#pixels = null;
    this.#number++;
    this.#answers.replaceChildren();
    if (this.#file) this.#take(this.#file);
  }

  /** What the worker is to be asked; null where there is no image. */
  inquiry(): Order | null {
    return this.#pixels && { type: "classify", number: this.#number, image: this.#pixels };
  }

  /** Also of a screen reader. */
  say(words: string): void {
    this.#note.textContent = words;
  }

  show(
    { number, opinions }: { readonly number: number; readonly opinions: readonly Opinion[] },
    runs: readonly LabelledRun[],
    classNames: readonly string[],
  ): void {
    if (number !== this.#number || opinions.length === 0) return;
    const models = byModel(opinions, runs);
    this.#answers.innerHTML = models.map((model) =>
      `<div>${tableHtml(answerTable(model, classNames))}</div>`
    ).join("");
    this.say(`What every client's models say of ${this.#file!.name}:`);
  }

  async #take(file: File): Promise<void> {
    this.#file = file;
    this.#pixels = null;
    const number = ++this.#number;
    this.#answers.replaceChildren();
    this.#canvas.hidden = true;
    if (this.#size === null) {
      return this.say(
        `${file.name} waits: start a run, and its models answer after the first round.`,
      );
    }
    try {
      const size = this.#size;
      const pixels = await readImage(file, size);
      if (number !== this.#number) return; // another has come since
      this.#pixels = pixels;
      draw(this.#canvas, pixels, size);
      this.#canvas.hidden = false;
      this.#canvas.ariaLabel = `${file.name}, as the models see it`;
      this.onImage();
    } catch (error) {
      if (number !== this.#number) return;
      this.#file = null;
      this.say(`Cannot use this image: ${(error as Error).message}.`);
    }
  }
}

/** A row for every client. */
function answerTable(
  { name, opinions }: ModelAnswers,
  classNames: readonly string[],
): Table {
  const rows = opinions.map(({ client, probabilities }) => {
    const best = probabilities.indexOf(Math.max(...probabilities));
    const cells = [...probabilities].map((one, k) => ({ text: chance(one), best: k === best }));
    return [{ text: client }, { text: classNames[best] }, ...cells];
  });
  return { caption: name, head: ["Client", "Answer", ...classNames], rows };
}
