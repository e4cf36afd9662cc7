// The state of a run between two of its steps: all that the rest of it depends on besides the configuration.

import type { BestRound } from "../../metrics/selection.ts";
import type { HostTensor } from "../../tensor/host_tensor.ts";
import { ConfigError } from "../errors.ts";
import type { TransferStage } from "../methods/transfer_stage.ts";
import {
  describePosition,
  epochsOver,
  isTraining,
  type Position,
  type RunLength,
} from "./position.ts";

/** What a configuration was, by the name of the setting. */
export type ConfigurationText = Readonly<Record<string, string>>;

/** Random numbers are drawn by seed, client and epoch, so that no generator has a state. */
export interface SimulationState {
  /** where the run was: what is over and what comes next */
  readonly position: Position;
  /** the round that the selection rule liked best so far; null: none yet */
  readonly best: BestRound | null;
  /** of the local epoch under way or else of the one before, by client; 0 where none is decided */
  readonly stages: readonly (TransferStage | 0)[];
  /** clients that sit out the rest of the round because their numbers went bad, by their index in the dataset */
  readonly skipped: readonly number[];
  /** the settings of its run, for the comparison with those of the run that goes on */
  readonly configuration: ConfigurationText;
  /** how kernels were chosen, as `kernelsText()` tells it: chosen otherwise, the last digits may differ */
  readonly kernels: string;
  /**
   * `client.role.set.name`, clients counted from 0: however they were grouped, the names are the same; and
   * `server.set.name` of what the server remembers
   */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/**
 * Why a run with these settings, which may be others than the state was made with, cannot go on from it: words that
 * follow "the state". Null if it can.
 */
export function whyNotResumable(
  { position, tensors }: Pick<SimulationState, "position" | "tensors">,
  { parallelClients, onNan, localEpochs }: {
    readonly parallelClients: number | "auto";
    readonly onNan: string;
    readonly localEpochs: number;
  },
): string | null {
  if (position.at === "step") {
    const { parallelClients: then, steps } = position;
    if (!(Number.isInteger(then) && then > 0)) return `was taken with ${then} parallel clients`;
    // A single group stays the same if it may be larger.
    const isSameGrouping = parallelClients === "auto" || parallelClients === then ||
      steps.length === 1 && parallelClients > then;
    if (!isSameGrouping) {
      return `was taken within a local epoch with ${then} parallel clients ` +
        `and cannot go on with ${parallelClients}`;
    }
  }
  const canRollBack = [...tensors.keys()].some((name) => name.includes(".start_parameters."));
  if (onNan === "skip-client" && isTraining(position, localEpochs) && !canRollBack) {
    return `was taken within round ${
      position.round + 1
    } of a run with "stop" and does not hold where that round began, ` +
      'which "skip-client" needs';
  }
  return null;
}

/** Other data differ in several things for every client: more of them say no more. */
const mostOfClients = 3;
const isOfClient = (words: string) => /^(images of|the checksum of) client /.test(words);

/**
 * @param now what the configuration is
 * @param initial what it was in runs that were made before there was a setting
 * @throws {ConfigError} naming what differs between the state's configuration and this one
 */
export function expectSameConfiguration(
  { configuration: then }: SimulationState,
  now: ConfigurationText,
  initial: ConfigurationText,
): void {
  const names = [...new Set([...Object.keys(then), ...Object.keys(now)])];
  const before = (name: string) => then[name] ?? initial[name] ?? "unset";
  const differing = names.filter((name) => before(name) !== now[name])
    .map((name) => `${name} ${before(name)} but now it is ${now[name] ?? "unset"}`);
  if (differing.length === 0) return;
  const ofClients = differing.filter(isOfClient);
  const shown = differing.filter((words) => !ofClients.slice(mostOfClients).includes(words));
  const others = differing.length - shown.length;
  const more = others > 0 ? `, and ${others} more things of clients differ` : "";
  throw new ConfigError(
    `Cannot resume: the state was made with ${shown.join(", with ")}${more}; ` +
      "resume with what it was, or start another run",
  );
}

/** @throws {ConfigError} unless there is such a place in a run of this length, with so many clients */
export function expectWithin(
  { position, stages }: SimulationState,
  length: RunLength,
  clients: number,
): void {
  if (![0, clients].includes(stages.length)) { // 0: before the first decision
    throw new ConfigError(
      `Cannot resume: the state has stages of ${stages.length} clients, but there are ${clients}`,
    );
  }
  const { rounds, localEpochs } = length;
  const isCountBelow = (value: number, end: number) =>
    Number.isInteger(value) && value >= 0 && value < end;
  const [least, most] = { // "epoch": otherwise its round has not begun
    round: [0, 0],
    epoch: [1, localEpochs],
    step: [0, localEpochs - 1],
    communication: [localEpochs, localEpochs],
  }[position.at];
  const epochs = epochsOver(position, localEpochs);
  const isThere = isCountBelow(epochs, most + 1) && epochs >= least;
  if (isCountBelow(position.round, rounds) && isThere) return;
  throw new ConfigError(
    `Cannot resume: the state is of ${describePosition(position)}, but there are ` +
      `${rounds} rounds of ${localEpochs} local epochs`,
  );
}
