// The run under way, kept in the browser's own database, so that it survives a reload of the page.

/// <reference lib="dom" />

import type { MethodName } from "../federated/methods/registry.ts";
import type { SimulationEvent } from "../federated/events.ts";
import type { SimulationState } from "../federated/recovery/state.ts";
import type { MethodModels } from "./newest_models.ts";
import type { PageSettings } from "./settings.ts";

/** How far one method got. */
export interface KeptMethod {
  /** what it had told by then, but progress, states and checkpoints */
  readonly events: readonly SimulationEvent[];
  /** after its last communication; null where it was over */
  readonly state: SimulationState | null;
  /** of a method that was over: what it ended with; older pages kept none */
  readonly models?: MethodModels;
}

/** A run of several methods. Those that had not communicated yet are missing. */
export interface KeptRun {
  readonly settings: PageSettings;
  /** name of the folder of the visitor's own images, which are not kept; null: the demo data */
  readonly folder: string | null;
  readonly methods: ReadonlyMap<MethodName, KeptMethod>;
}

const [database, store, key] = ["prrfl-live", "runs", "last"];

/** Keeps it in the place of what was there. */
export async function keepRun(run: KeptRun): Promise<void> {
  await request("readwrite", (runs) => runs.put(run, key));
}

/** The run that was kept last; null if there is none, or the browser keeps nothing. */
export async function keptRun(): Promise<KeptRun | null> {
  try {
    return (await request<KeptRun | undefined>("readonly", (runs) => runs.get(key))) ?? null;
  } catch {
    return null; // as in a private window of some browsers
  }
}

/** Forgets it. */
export async function forgetRun(): Promise<void> {
  await request("readwrite", (runs) => runs.delete(key));
}

async function request<T>(
  mode: IDBTransactionMode,
  body: (runs: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open(database, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(store);
  const opened = await resultOf(opening);
  try {
    return await resultOf(body(opened.transaction(store, mode).objectStore(store)));
  } finally {
    opened.close();
  }
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
