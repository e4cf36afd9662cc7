// What the page and its worker say to each other.

import type { MethodName } from "../federated/methods/registry.ts";
import type { SimulationEvent } from "../federated/events.ts";
import type { ChosenFolder } from "./chosen_files.ts";
import type { KeptRun } from "./kept_run.ts";
import type { Reaggregation } from "./other_windows.ts";
import type { PageSettings } from "./settings.ts";

/** To the worker; a kept run is gone on with. `step` goes on to the end of the communication under way. */
export type Order =
  | {
    readonly type: "start";
    readonly settings: PageSettings;
    /** of the visitor's own images; null: the demo data */
    readonly folder: ChosenFolder | null;
    readonly kept: KeptRun | null;
  }
  | { readonly type: "pause" | "resume" | "step" }
  | Inquiry;

/**
 * What the newest models are asked: about a client's test images, about one image, RGB, of the run's size, or what another
 * window of PFA would have made of them.
 */
export type Inquiry =
  | { readonly type: "look"; readonly client: string }
  | { readonly type: "classify"; readonly number: number; readonly image: Uint8Array }
  | { readonly type: "aggregate"; readonly rate: number };

/** What one model says. */
export interface Opinion {
  readonly method: MethodName;
  readonly role: string;
  readonly client: string;
  /** how many rounds were over */
  readonly rounds: number;
  /** row-major `[images, classes]` */
  readonly probabilities: Float32Array<ArrayBuffer>;
}

/** What a client's models say of its test images. */
export interface Look {
  readonly type: "look";
  readonly client: string;
  /** true classes */
  readonly labels: Int32Array;
  /** none before the first round's end */
  readonly opinions: readonly Opinion[];
  /** those that some model gets wrong, by their place in the split: RGB bytes */
  readonly images: ReadonlyMap<number, { readonly id: string; readonly pixels: Uint8Array }>;
}

/** A client of the data, for its card. */
export interface ClientCard {
  readonly name: string;
  /** training images of each class */
  readonly counts: readonly number[];
  /** training images as augmentation makes them, RGB, one after the other */
  readonly samples: Uint8Array<ArrayBuffer>;
}

/** From the worker. */
export type News =
  | { readonly type: "reading"; readonly done: number; readonly total: number }
  | { readonly type: "adapter"; readonly name: string; readonly kind: string }
  | {
    readonly type: "data";
    readonly classNames: readonly string[];
    readonly imageSize: number;
    readonly clients: readonly ClientCard[];
    /** what the visitor should know about the images, one sentence for each kind of thing */
    readonly warnings: readonly string[];
  }
  | { readonly type: "event"; readonly method: MethodName; readonly event: SimulationEvent }
  | { readonly type: "models"; readonly method: MethodName } // of a round that is over
  | Look
  | { readonly type: "answer"; readonly number: number; readonly opinions: readonly Opinion[] }
  | { readonly type: "aggregated"; readonly result: Reaggregation }
  | { readonly type: "unanswered"; readonly inquiry: Inquiry["type"]; readonly message: string }
  | { readonly type: "paused" | "going" | "finished" }
  | {
    readonly type: "failed";
    readonly message: string;
    /** is something wrong with the visitor's own images? */
    readonly ofImages: boolean;
  };
