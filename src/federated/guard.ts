// The guard against numbers that go bad: ends the run, or goes on without the clients that have diverged.

import type { Round } from "./clients/round.ts";
import type { Setup } from "./clients/setup.ts";
import type { ClientStack, EpochPlace, StackPass } from "./clients/stack.ts";
import type { EventMaker } from "./event_maker.ts";
import type { SimulationEvent } from "./events.ts";
import { divergedAfterRound, divergedInTraining, type Divergence } from "./recovery/divergence.ts";

/** Looks at what passes have found. */
export class Guard {
  constructor(
    private readonly setup: Setup,
    private readonly stack: ClientStack,
    private readonly events: EventMaker,
  ) {}

  /**
   * Leaves out the clients whose numbers have gone bad in training, if that is what the configuration says: they are
   * put back to where the round began, and sit out the rest of it.
   *
   * @throws {DivergenceError} if it does not, or if nobody is left
   */
  *afterPass(
    place: EpochPlace,
    divergences: readonly Divergence[],
    round: Round,
  ): Generator<SimulationEvent, void> {
    if (divergences.length === 0) return;
    const [first] = divergences;
    const clients = divergences.map(({ client }) => client);
    const error = (advice: string) =>
      divergedInTraining(first, place, this.#circumstances(first, round), advice);
    if (this.setup.config.onNan === "stop") {
      throw error("make it smaller, or skip such clients (on-nan skip-client)");
    }
    if (!clients.every((client) => round.participants.includes(client))) {
      throw error("its models were so before the round began, so there is nothing to roll back to");
    }
    for (const divergence of divergences) yield this.events.divergence(place, divergence);
    round.leaveOut(clients);
    this.stack.skip(clients);
    if (round.participants.length === 0) {
      throw error("all clients of the round have diverged, so that nobody is left to go on with");
    }
  }

  /** An evaluation at the end of a local epoch: again, if it leads to clients being put back. */
  async *evaluated(
    place: EpochPlace,
    round: Round,
    evaluate: () => AsyncGenerator<SimulationEvent, StackPass>,
  ): AsyncGenerator<SimulationEvent, StackPass> {
    while (true) {
      const pass = yield* evaluate();
      if (pass.divergences.length === 0) return pass;
      const atEnd = pass.divergences.map((found) => ({ ...found, step: found.steps }));
      yield* this.afterPass(place, atEnd, round);
    }
  }

  /** @throws {DivergenceError} if a communication has made something that is not finite of what was */
  afterCommunication(round: Round, divergences: readonly Divergence[]): void {
    if (divergences.length === 0) return;
    const [first] = divergences;
    throw divergedAfterRound(first, round.number, this.#circumstances(first, round));
  }

  #circumstances({ client }: Divergence, { learningRate }: Round) {
    const { method, settings } = this.setup;
    const [name] = this.events.namesOf([client]);
    return { name, learningRate, otherCause: method.divergenceCause?.(settings) ?? null };
  }
}
