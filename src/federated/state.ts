// The state of a run between two of its steps: all that the rest of it depends on besides the configuration.

import { splitNames } from "../data/dataset.ts";
import type { HostTensor } from "../tensor/host_tensor.ts";
import { ConfigError, defaultConfig, type SimulationConfig } from "./config.ts";
import { type Fingerprints, fingerprints } from "./fingerprint.ts";
import { hasRoundStart } from "./round_start.ts";
import type { BestRound } from "../metrics/selection.ts";
import type { TransferStage } from "./transfer_stage.ts";

/** Part of a local epoch. Clients of a group stand at the same step, so that only the same groups can go on. */
export interface EpochPart {
  /** clients of a group */
  readonly parallelClients: number;
  /** training steps that are over, by group */
  readonly steps: readonly number[];
}

/** Random numbers are drawn by seed, client and epoch, so that no generator has a state. */
export interface SimulationState {
  /** the round that comes next, or in which the state was taken */
  readonly round: number;
  /** local epochs of that round that are over; all of them: the communication comes next */
  readonly epoch: number;
  readonly best: BestRound | null;
  /** whether that communication is over too, and the models have only to be evaluated */
  readonly communicated: boolean;
  /** how far the local epoch after those has got; null: it has not begun */
  readonly amid: EpochPart | null;
  /** of the local epoch under way or else of the one before, by client; 0 where none is decided */
  readonly stages: readonly (TransferStage | 0)[];
  /** clients that sit out the rest of the round because their numbers went bad, by their index in the dataset */
  readonly skipped: readonly number[];
  /** what the configuration was, by the name of the setting */
  readonly configuration: Readonly<Record<string, string>>;
  /** `client.role.set.name`, clients counted from 0: however they were grouped, the names are the same */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/**
 * Settings with which nothing that came before a state would have been otherwise; and the method, which is told in
 * other words. A run that diverges can so go on without the clients that do.
 */
const left = [
  ...["parallelClients", "memoryLimit", "stateEvery", "resumeFrom", "initialState", "onNan"],
  ...["profile", "stop", "method"],
];
const settings = (Object.keys(defaultConfig) as (keyof typeof defaultConfig)[])
  .filter((name) => !left.includes(name));
/** What runs did that were made before there was the setting. */
const initial: Readonly<Record<string, string>> = Object.fromEntries(
  settings.map((name) => [name, String(defaultConfig[name])]),
);

/** Everything that a state has to agree with, in words. */
export function configurationOf(
  config: SimulationConfig,
  { splits }: Fingerprints = fingerprints(config.dataset),
): Record<string, string> {
  const { dataset, method } = config;
  const clients = dataset.clients.map((client) => {
    const sizes = splitNames.map((split) => `${client[split].labels.length} ${split}`);
    return [`images of client ${client.name}`, sizes.join(", ")];
  });
  const contents = dataset.clients.flatMap(({ name }, index) =>
    splitNames.map((split) => [
      `the checksum of client ${name}'s ${split} images and labels`,
      splits[index][split],
    ])
  );
  return {
    method: typeof method === "string" ? method : `one with roles ${method.roles.join(", ")}`,
    ...Object.fromEntries(settings.map((name) => [name, String(config[name])])),
    "image size": String(dataset.imageSize),
    classes: dataset.classNames.join(", "),
    clients: dataset.clients.map(({ name }) => name).join(", "),
    ...Object.fromEntries(clients),
    ...Object.fromEntries(contents),
  };
}

/** Whether the models of a state go on training before the next communication. */
export function isAmidRound(
  { epoch, amid }: Pick<SimulationState, "epoch" | "amid">,
  { localEpochs }: Pick<SimulationConfig, "localEpochs">,
): boolean {
  return amid !== null || epoch > 0 && epoch < localEpochs;
}

/**
 * Why a run with these settings, which may be others than the state was made with, cannot go on from it: words that
 * follow "the state". Null if it can.
 */
export function obstacle(
  state: SimulationState,
  config: Pick<SimulationConfig, "parallelClients" | "onNan" | "localEpochs">,
): string | null {
  const { round, amid, tensors } = state;
  const { parallelClients, onNan } = config;
  if (amid && !(Number.isInteger(amid.parallelClients) && amid.parallelClients > 0)) {
    return `was taken with ${amid.parallelClients} parallel clients`;
  }
  // A single group stays the same if it may be larger.
  const isSameGrouping = amid === null || parallelClients === "auto" ||
    parallelClients === amid.parallelClients ||
    amid.steps.length === 1 && parallelClients > amid.parallelClients;
  if (!isSameGrouping) {
    return `was taken amid a local epoch with ${amid.parallelClients} parallel clients ` +
      `and cannot go on with ${parallelClients}`;
  }
  if (onNan === "skip-client" && isAmidRound(state, config) && !hasRoundStart(tensors)) {
    return `was taken amid round ${
      round + 1
    } of a run with "stop" and does not hold where that round began, ` +
      'which "skip-client" needs';
  }
  return null;
}

/** Other data differ in several things for every client: more of them say no more. */
const mostOfClients = 3;
const isOfClient = (words: string) => /^(images of|the checksum of) client /.test(words);

/**
 * @param ours what `configurationOf(config)` gave
 * @throws {ConfigError} naming what differs between the state's configuration and this one
 */
export function expectSameConfiguration(
  state: SimulationState,
  config: SimulationConfig,
  ours: Readonly<Record<string, string>>,
): void {
  const theirs = state.configuration;
  const names = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
  const then = (name: string) => theirs[name] ?? initial[name] ?? "unset";
  const differing = names.filter((name) => then(name) !== ours[name])
    .map((name) => `${name} ${then(name)} but now it is ${ours[name] ?? "unset"}`);
  if (differing.length > 0) {
    const ofClients = differing.filter(isOfClient);
    const shown = differing.filter((words) => !ofClients.slice(mostOfClients).includes(words));
    const others = differing.length - shown.length;
    const more = others > 0 ? `, and ${others} more things of clients differ` : "";
    throw new ConfigError(
      `Cannot resume: the state was made with ${shown.join(", with ")}${more}; ` +
        "resume with what it was, or start another run",
    );
  }
  const { round, epoch, communicated, amid, stages } = state;
  const within = (value: number, end: number) =>
    Number.isInteger(value) && value >= 0 && value < end;
  const { length } = config.dataset.clients;
  if (![0, length].includes(stages.length)) { // 0: before the first decision
    throw new ConfigError(
      `Cannot resume: the state has stages of ${stages.length} clients, but there are ${length}`,
    );
  }
  const most = config.localEpochs - (amid ? 1 : 0);
  const least = communicated ? config.localEpochs : 0;
  if (!within(round, config.rounds) || !within(epoch, most + 1) || epoch < least) {
    throw new ConfigError(
      `Cannot resume: the state is of round ${round}, ${amid ? "amid " : ""}epoch ${epoch}` +
        `${communicated ? " and the communication" : ""}, but there are ` +
        `${config.rounds} rounds of ${config.localEpochs} local epochs`,
    );
  }
}
