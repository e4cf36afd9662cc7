// What controls a run without determining its numbers: where it begins, when it ends, and what it tells besides.

import { expectOptions } from "../tensor/checks.ts";
import { expectChoice } from "./check_config.ts";
import { asConfigError, ConfigError } from "./errors.ts";
import type { SimulationState } from "./recovery/state.ts";
import type { HostMessage } from "./server/host_messages.ts";

/** When a run tells its state: after every communication, or after every local epoch too. */
export const stateIntervals = ["round", "epoch"] as const;
/** When a run tells its state. */
export type StateInterval = typeof stateIntervals[number];

/** How `simulate()` runs; all of it may be left out. */
export interface RunControl {
  /** go on from a state that a run of this configuration has told; null, the default: from the start */
  readonly resumeFrom?: SimulationState | null;
  /**
   * once aborted, the run ends after the step under way, without the event "done"; where states are told, with one
   * that holds what was done since the last
   */
  readonly stop?: Pick<AbortSignal, "aborted"> | null;
  /** how often the run tells its state, the first time at its start; null, the default: never */
  readonly stateEvery?: StateInterval | null;
  /** tell how long the kernels of the last three training steps take of the second local epoch or the only one; default false */
  readonly profile?: boolean;
  /** whether layers' spectra are told around every communication; null, the default: around the last alone */
  readonly spectraEvery?: "round" | null;
  /** whose: parameters of convolutions by their names; null, the default: of the second convolution, or the only one */
  readonly spectraLayers?: readonly string[] | null;
  /**
   * the other clients are elsewhere, and somebody there makes the mean of what all send: called at the communication of
   * every round in which the only client of the data set has something to send or to take. Rejects where that fails;
   * null, the default: all clients are here
   *
   * @param sent what this client sends; null if its training was left out
   * @param facts the round, counted from 0, and PFA's low-frequency share, null in methods that have none
   * @returns the mean over the clients that have sent, `sent` among them; null if it is not there yet: the run ends
   *   then, where states are told with one from which this communication comes next
   */
  readonly meanElsewhere?:
    | ((
      sent: HostMessage | null,
      facts: { readonly round: number; readonly rate: number | null },
    ) => Promise<HostMessage | null>)
    | null;
}

/** @throws {ConfigError} naming what is none of these, or not what it has to be */
export function checkControl(control: RunControl): void {
  asConfigError("Cannot simulate this way", () => {
    const options = [
      "resumeFrom",
      "stop",
      "stateEvery",
      "profile",
      "spectraEvery",
      "spectraLayers",
      "meanElsewhere",
    ];
    expectOptions("simulate", control, options);
  });
  const { stateEvery = null, profile = false, spectraEvery = null, spectraLayers = null } = control;
  const { meanElsewhere = null } = control;
  if (stateEvery !== null) expectChoice("stateEvery", stateEvery, stateIntervals);
  if (spectraEvery !== null) expectChoice("spectraEvery", spectraEvery, ["round"]);
  const areNames = spectraLayers === null ||
    Array.isArray(spectraLayers) && spectraLayers.every((name) => typeof name === "string");
  if (!areNames) {
    throw new ConfigError(
      `Cannot simulate: spectraLayers is ${spectraLayers} but has to be a list of parameters' names`,
    );
  }
  if (meanElsewhere !== null && typeof meanElsewhere !== "function") {
    throw new ConfigError(
      `Cannot simulate: meanElsewhere is ${meanElsewhere} but has to be a function`,
    );
  }
  if (typeof profile === "boolean") return;
  throw new ConfigError(`Cannot simulate: profile is ${profile} but has to be true or false`);
}
