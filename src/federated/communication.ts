// The communications of a run: through its own server, or by a mean that somebody makes elsewhere.

import { type ClientStack, Stopped } from "./clients/stack.ts";
import type { Round } from "./clients/round.ts";
import type { Setup } from "./clients/setup.ts";
import type { RunControl } from "./control.ts";
import { ConfigError } from "./errors.ts";
import type { Sharing } from "./methods/method.ts";
import { communicate, type SharedModel } from "./server/communicate.ts";
import { downloadMessage, uploadMean } from "./server/host_messages.ts";
import { messageOf, sharingByMeans, takeMean } from "./server/messages.ts";
import type { ServerMemory } from "./server/server_memory.ts";

/** A communication of which this run is not the whole. */
type MeanElsewhere = NonNullable<RunControl["meanElsewhere"]>;

/** Brings what clients share to where it is averaged, and back. */
export class Communication {
  readonly #elsewhere: MeanElsewhere | null;

  /** @throws {ConfigError} if the mean is made elsewhere, but a mean is not enough or the clients are several */
  constructor(
    private readonly setup: Setup,
    { meanElsewhere = null }: RunControl,
    private readonly stack: ClientStack,
    private readonly server: ServerMemory | null,
  ) {
    this.#elsewhere = meanElsewhere;
    if (meanElsewhere === null) return;
    const { method, config: { dataset: { clients }, participation, dropout } } = setup;
    sharingByMeans(method);
    if (clients.length !== 1) {
      throw new ConfigError(
        `Cannot simulate: the mean is made elsewhere, but the data set has ${clients.length} clients ` +
          "where one is expected, whose messages go there",
      );
    }
    if (participation !== 1 || dropout !== 0) {
      throw new ConfigError(
        `Cannot simulate: participation is ${participation} and dropout ${dropout}, but where the mean ` +
          "is made elsewhere, who takes part is decided there; leave both out",
      );
    }
  }

  /** The shared models of all clients, in the dataset's order. */
  models(sharing: Sharing, senders: readonly number[]): SharedModel[] {
    const { dataset: { clients }, clientWeights } = this.setup.config;
    return this.stack.modelsOf(sharing.role).map((place, client) => ({
      ...place,
      weight: clientWeights === "samples" ? clients[client].train.labels.length : 1,
      sends: senders.includes(client),
    }));
  }

  /** Clients, by their index, whose shared model a communication replaces. */
  receivers({ senders }: Round): readonly number[] {
    const { config: { dataset }, method: { sharing } } = this.setup;
    if (!sharing || sharing.receivers === "senders") return sharing ? senders : [];
    // There is something to receive if anybody sends; elsewhere somebody has.
    const isMade = this.#elsewhere !== null || senders.length > 0;
    return isMade ? dataset.clients.map((_, index) => index) : [];
  }

  /**
   * One communication.
   *
   * @throws {Stopped} if the mean is made elsewhere and is not there yet; nothing has changed then
   * @throws {ConfigError} for a mean that does not fit
   */
  async run(
    sharing: Sharing,
    models: readonly SharedModel[],
    round: Round,
    rate: number | null,
  ): Promise<void> {
    if (this.#elsewhere === null) communicate(sharing, models, rate ?? 0, this.server);
    else if (this.receivers(round).length > 0) {
      await this.#throughElsewhere(this.#elsewhere, sharing, models[0], round, rate);
    }
  }

  async #throughElsewhere(
    exchange: MeanElsewhere,
    sharing: Sharing,
    client: SharedModel,
    { number: round }: Round,
    rate: number | null,
  ): Promise<void> {
    const { gpu } = this.setup;
    const message = messageOf(sharing, client, rate ?? 0);
    try {
      const sent = client.sends ? await downloadMessage(message) : null;
      const received = await exchange(sent, { round, rate });
      if (received === null) throw new Stopped();
      using _scope = gpu.scope();
      takeMean(sharing, client, rate ?? 0, uploadMean(gpu, message, received));
    } finally {
      for (const tensor of message.values()) tensor.dispose();
    }
  }
}
