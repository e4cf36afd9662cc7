// The clients of one round: who trains, in which stage, and who sits out the rest of it.

import type { SimulationConfig } from "../config.ts";
import type { TransferStage } from "../methods/transfer_stage.ts";
import { learningRateOf } from "./learning_rate.ts";
import { participantsOf, updateArrives } from "./participation.ts";

/** Clients by their index in the dataset. */
export class Round {
  readonly learningRate: number;
  /** those that train; those whose numbers went bad are none any more */
  participants: readonly number[];
  /** by client; 0 where none is decided */
  stages: readonly (TransferStage | 0)[];
  /** those that are no participants any more */
  skipped: readonly number[] = [];

  /** @param number counted from 0 */
  constructor(private readonly config: SimulationConfig, readonly number: number) {
    this.learningRate = learningRateOf(config, number);
    this.participants = participantsOf(config, number);
    this.stages = config.dataset.clients.map(() => 0);
  }

  /** They sit out the rest of the round. */
  leaveOut(clients: readonly number[]): void {
    this.skipped = [...this.skipped, ...clients];
    this.participants = this.participants.filter((client) => !clients.includes(client));
    this.stages = this.stages.map((stage, client) => clients.includes(client) ? 0 : stage);
  }

  /** Participants whose update reaches the server. */
  get senders(): readonly number[] {
    return this.participants.filter((client) => updateArrives(this.config, this.number, client));
  }
}
