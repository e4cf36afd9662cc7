// Where a run is, between two of its steps, and what is left of it from there.

/** Rounds and epochs count from 0. */
export type Position =
  /** the round is about to begin */
  | { readonly at: "round"; readonly round: number }
  /** so many local epochs of the round are over; all of them: the communication comes next */
  | { readonly at: "epoch"; readonly round: number; readonly epoch: number }
  /** part of a local epoch is over. Clients of a group stand at the same step, so that only the same groups can go on. */
  | {
    readonly at: "step";
    readonly round: number;
    readonly epoch: number;
    /** clients of a group */
    readonly parallelClients: number;
    /** training steps that are over, by group */
    readonly steps: readonly number[];
  }
  /** the communication of the round is over, and the models have only to be evaluated */
  | { readonly at: "communication"; readonly round: number };

/** How long a run is. */
export interface RunLength {
  readonly rounds: number;
  readonly localEpochs: number;
}

/** What is left of a round. */
export interface RemainingRound {
  readonly round: number;
  /** whether all of it is */
  readonly isNew: boolean;
  /** local epochs; of the first one maybe only a part */
  readonly epochs: readonly { readonly epoch: number; readonly isNew: boolean }[];
  readonly hasCommunicated: boolean;
}

/** The rest of a run, round by round. */
export function* roundsFrom(
  position: Position,
  { rounds, localEpochs }: RunLength,
): Generator<RemainingRound, void> {
  for (let { round } = position; round < rounds; round++) {
    const at: Position = round === position.round ? position : { at: "round", round };
    const first = epochsOver(at, localEpochs);
    const epochs = Array.from({ length: localEpochs - first }, (_, k) => ({
      epoch: first + k,
      isNew: at.at !== "step" || k > 0,
    }));
    const hasCommunicated = at.at === "communication";
    yield { round, isNew: at.at === "round", epochs, hasCommunicated };
  }
}

/** Local epochs of the round that are over. */
export function epochsOver(position: Position, localEpochs: number): number {
  switch (position.at) {
    case "round":
      return 0;
    case "epoch":
    case "step":
      return position.epoch;
    case "communication":
      return localEpochs;
  }
}

/** Whether local training has begun and is not over. */
export function isTraining(position: Position, localEpochs: number): boolean {
  return position.at === "step" || position.at === "epoch" && position.epoch < localEpochs;
}

/** In words that follow "the state is of". */
export function describePosition(position: Position): string {
  const round = `round ${position.round}`;
  switch (position.at) {
    case "round":
      return `the start of ${round}`;
    case "epoch":
      return `${round}, epoch ${position.epoch}`;
    case "step":
      return `${round}, within epoch ${position.epoch}`;
    case "communication":
      return `${round}, after the communication`;
  }
}
