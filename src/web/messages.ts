// What the page and its worker say to each other.

import type { MethodName } from "../federated/methods/registry.ts";
import type { SimulationEvent } from "../federated/events.ts";
import type { ChosenFolder } from "./chosen_files.ts";
import type { KeptRun } from "./kept_run.ts";
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
  | { readonly type: "pause" | "resume" | "step" };

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
  | { readonly type: "paused" | "going" | "finished" }
  | {
    readonly type: "failed";
    readonly message: string;
    /** is something wrong with the visitor's own images? */
    readonly ofImages: boolean;
  };
