// What the page asks the models themselves: of one client's test images, and of an image that the visitor brings.

/// <reference lib="dom" />

import type { MethodName } from "../federated/methods/registry.ts";
import type { LabelledRun } from "../report/reading/method_runs.ts";
import { ClientPanel } from "./client_panel.ts";
import type { News, Order } from "./messages.ts";
import { OwnImage } from "./own_image.ts";

/** The rest of the page. */
interface Surroundings {
  readonly send: (order: Order) => void;
  readonly runs: () => readonly LabelledRun[];
  /** the visitor has seen enough of this client */
  readonly onClose: (client: string) => void;
}

/** Whether models can answer: no run, one whose first round is not over, one with models, or one that failed. */
type Models = "none" | "awaited" | "there" | "gone";

const reasons = {
  none: "Start a run: its models answer after the first round.",
  awaited: "The models answer when the first round is over.",
  there: "Asking the models …",
  gone: "The models are gone with the run: reset, and start another.",
} as const satisfies Record<Models, string>;

/** Asks them, again after every round, and shows what they answer. */
export class Closely {
  readonly #panel: ClientPanel;
  readonly #own: OwnImage;
  #models: Models = "none";
  #methods: readonly MethodName[] = [];
  #images: Extract<News, { type: "data" }> | null = null;

  constructor(private readonly page: Surroundings) {
    this.#panel = new ClientPanel(document.getElementById("client")!, page.onClose);
    this.#own = new OwnImage(document.getElementById("own")!, () => this.#classify());
  }

  /** A run of these methods begins, or may. */
  begin(methods: readonly MethodName[]): void {
    this.#methods = methods;
    this.#models = "none";
    this.#images = null;
    this.#panel.close();
    this.#own.prepare(null);
  }

  /** The data have come. */
  show(images: Extract<News, { type: "data" }>): void {
    this.#images = images;
    this.#models = "awaited";
    this.#own.prepare(images.imageSize);
  }

  /** The models are there no more. */
  end(): void {
    if (this.#images) this.#models = "gone";
  }

  /** A browser without a graphics card has none. */
  hide(): void {
    this.#own.hide();
  }

  /** Opens a client's panel. */
  look(client: string): void {
    this.#panel.open(client, reasons[this.#models]);
    if (this.#models === "there") this.#send({ type: "look", client });
  }

  hear(news: News): void {
    const { classNames = [], imageSize = 0 } = this.#images ?? {};
    switch (news.type) {
      case "models": {
        const isFirst = this.#models === "awaited";
        this.#models = "there";
        // Once a round, and not after every method's.
        if (isFirst || news.method === this.#methods.at(-1)) this.#askAgain();
        return;
      }
      case "look":
        return this.#panel.show(news, this.page.runs(), { classNames, imageSize });
      case "answer":
        return this.#own.show(news, this.page.runs(), classNames);
      case "unanswered": {
        if (news.inquiry === "aggregate") return;
        const words = `The models could not be asked: ${news.message}.`;
        return news.inquiry === "look" ? this.#panel.say(words) : this.#own.say(words);
      }
    }
  }

  #askAgain(): void {
    const { client } = this.#panel;
    if (client !== null) this.#send({ type: "look", client });
    this.#classify();
  }

  #classify(): void {
    const inquiry = this.#own.inquiry();
    if (inquiry === null) return;
    this.#own.say(reasons[this.#models]);
    if (this.#models === "there") this.#send(inquiry);
  }

  #send(order: Order): void {
    this.page.send(order);
  }
}
