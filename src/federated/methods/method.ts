// What a federated method says of itself: everything that distinguishes it from another one.

import type { NetworkPart, ParameterKind } from "../../nn/module.ts";
import { expectOptions } from "../../tensor/checks.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Bounds } from "../bounds.ts";
import type { TransferStage } from "./transfer_stage.ts";

/**
 * A federated method. `S` are the names of its own settings, whose values every function of it is given.
 * Models of a stack are client-major: client k, role r is k·R + r.
 */
export interface FederatedMethod<S extends string = string> {
  /** its proper name, for tables and pictures; default the name it is registered by */
  readonly title?: string;
  /** settings of its own, by name; flags, help and checks follow from them */
  readonly settings?: Readonly<Record<S, MethodSetting>>;
  /** the models that each client holds */
  readonly roles: readonly string[];
  /** the role whose metrics are a client's result, and by which the best round is chosen */
  readonly personalRole: string;
  /** what is remembered of every model, beside it: tensors of the shapes of its parameters, 0 at first, by name */
  readonly memory?: Readonly<Record<string, Lifetime>>;
  /** null if clients never communicate */
  readonly sharing: Sharing<S> | null;

  /** Losses to minimize; only their sum matters, so any shape. */
  localLoss(batch: LocalBatch, settings: Settings<S>): Tensor;
  /**
   * Before local training of a round: new values of what is remembered of one parameter, `[models, …]`; those left
   * out stay. Called for each parameter.
   */
  beforeRound?(own: Remembered, settings: Settings<S>): NewMemory;
  /** Decides a stage of every client before each local epoch, which the loss is told. */
  readonly beforeEpoch?: StageDecision<S>;
  /**
   * Added to the gradients in every step. All are flat, `[numbers]`: the parameters of all models in one tensor, and
   * what is remembered of them likewise. Recorded once, then replayed.
   */
  gradientTerm?(own: Remembered, settings: Settings<S>): Tensor;
  /**
   * Which part of the network a local epoch changes, counted from 0 in its round; default all. Running statistics of the
   * other part go on, as in PyTorch with `requires_grad = False`. Adam counts the steps of both parts together, where
   * PyTorch's would count those of each parameter. Needs a network that says what its classifier is.
   */
  trains?(epoch: number, localEpochs: number, settings: Settings<S>): "all" | NetworkPart;
  /** As `beforeRound()`, after the last local epoch; of clients that have trained. */
  afterTraining?(own: Remembered, training: LocalTraining, settings: Settings<S>): NewMemory;
  /** Why it cannot train so, in words that follow a colon; null if it can. */
  refuses?(training: { readonly optimizer: string; readonly momentum: number }): string | null;
  /** What of its settings may let numbers overflow, in words that follow "or"; null if nothing. */
  divergenceCause?(settings: Settings<S>): string | null;
}

/** A setting of a method: a number, and what it has to lie between. */
export interface MethodSetting extends Omit<Bounds, "whole"> {
  /** its value where a configuration says nothing */
  readonly default: number;
  /** whose the default is: the official PRR-FL code's or this program's */
  readonly source: "official" | "ours";
  /** how the command line calls it, and further spellings; default its name */
  readonly flag?: string;
  /** further flags of the command line, without dashes */
  readonly aliases?: readonly string[];
  /** one line */
  readonly help: string;
  /** it changes nothing with fewer local epochs than this; default 1 */
  readonly leastLocalEpochs?: number;
}

/** Values of a method's settings. */
export type Settings<S extends string = string> = Readonly<Record<S, number>>;

/**
 * How long something is remembered: until the end of local training, until the communication after it, or for the whole
 * run. States hold it as long.
 */
export type Lifetime = "training" | "round" | "run";

/** A parameter of models, and what is remembered of it by name: all of the same shape. */
export interface Remembered {
  /** `[models, …]`, the parameter's values */
  readonly parameter: Tensor;
  /** each of the parameter's shape, by the name that the method gave it */
  readonly memory: Readonly<Record<string, Tensor>>;
}

/** New values by the name of what is remembered. */
export type NewMemory = Readonly<Record<string, Tensor>>;

/** What local training was, for each model. */
export interface LocalTraining {
  /** `[models, 1, …]` f32, as many axes as the parameter: 1 / (learning rate × training steps of the round) */
  readonly perStep: Tensor;
}

/** What the local loss of a step is computed from. */
export interface LocalBatch {
  /** `[clients · roles, N, classes]` */
  readonly logits: Tensor;
  /** `[clients · roles, N, features]`: what the classifier makes the logits of */
  readonly features?: Tensor;
  /** `[clients · roles, N]` i32 */
  readonly labels: Tensor;
  /** `[clients · roles]` u32: real rows */
  readonly counts: Tensor;
  /** `[clients]` u32: each client's stage; for methods that decide none it says nothing */
  readonly stages: Tensor;
}

/** Who decides the stages of a local epoch, and by what. */
export interface StageDecision<S extends string = string> {
  /** Whether it looks at the macro F1 of all models on the train split, which costs an evaluation. */
  evaluates(localEpochs: number): boolean;
  /**
   * The stage of one client.
   *
   * @param previous in the epoch before; 0 at the start of each round
   * @param f1 in percent, by role; null where nothing was evaluated
   */
  decide(
    previous: TransferStage | 0,
    f1: Readonly<Record<string, number>> | null,
    settings: Settings<S>,
  ): TransferStage;
}

/** What can be shared: parameters by their kind, and normalization's running means and variances. */
export type SharedKind = ParameterKind | "statistics";

/** All of them. */
export const sharedKinds: readonly SharedKind[] = ["conv", "linear", "bias", "norm", "statistics"];

/** What goes through the server, and how. */
export interface Sharing<S extends string = string> {
  /** the role that sends its state to the server and receives from it */
  readonly role: string;
  /**
   * Who receives the result: `all` clients, whether they took part or not, where it is one and the same for
   * all; or the `senders`, each its own
   */
  readonly receivers: "all" | "senders";
  /** the share of low frequencies in a round, of methods that have one; events then tell it */
  rate?(round: number, rounds: number, settings: Settings<S>): number;
  /** What becomes of tensors of a kind; null if clients keep their own. */
  exchange(kind: SharedKind): Exchange | null;
  /** what the server makes of the means, where it does more than hand them on */
  readonly server?: ServerUpdate<S>;
}

/** What a communication depends on besides the tensors. */
export interface ExchangeOptions {
  /** PFA's low-frequency share in this round; 0 in methods that have none */
  readonly rate: number;
  /** `[clients]` f32: how much each of those that send counts in means, relative to the others */
  readonly clientWeights: Tensor;
}

/** How one tensor goes through the server: what is sent, averaged and taken. `own` are `[clients, …]`. */
export interface Exchange {
  /** what the server does with it, for reports */
  readonly title: string;
  /** What each client sends; default the tensor itself. Any shape `[clients, …]`. */
  send?(own: Tensor, options: ExchangeOptions): Tensor;
  /** `[1, …]` of what was sent; default the weighted mean. */
  average?(sent: Tensor, options: ExchangeOptions): Tensor;
  /** What each client has afterwards, `[clients, …]`, or `[1, …]` for all; default the mean itself. */
  take?(own: Tensor, mean: Tensor, options: ExchangeOptions): Tensor;
  /** The three at once, where that is faster. They have to give the same. */
  together?(own: Tensor, options: ExchangeOptions): Tensor;
}

/** A server with a memory: SCAFFOLD's, or one with an optimizer of its own. */
export interface ServerUpdate<S extends string = string> {
  /** tensors of the shapes of the parameters, by name; at first 0 or the weights of the first client */
  readonly memory: Readonly<Record<string, "zeros" | "weights">>;
  /** names of what clients remember and send beside their parameters */
  readonly sent: readonly string[];
  /**
   * What all clients receive of one parameter, and the server's new memory. All are `[1, …]`.
   *
   * @param mean over the clients that have sent
   * @param memory of the server
   * @param share of all clients that have sent, in (0, 1]
   */
  update(
    mean: Remembered,
    memory: Readonly<Record<string, Tensor>>,
    share: number,
    settings: Settings<S>,
  ): {
    readonly parameter: Tensor;
    /** of clients: what each of them remembers from now on */
    readonly clients?: NewMemory;
    readonly server: NewMemory;
  };
}

const needed = ["roles", "personalRole", "sharing", "localLoss"];
const known = [
  ...needed,
  ...["title", "settings", "memory", "beforeRound", "beforeEpoch", "trains", "gradientTerm"],
  ...["afterTraining", "refuses", "divergenceCause"],
];

/**
 * Gives a method its type, with the names of its own settings.
 *
 * @throws {TypeError} for what no method has, or what one lacks
 */
// deno-lint-ignore ban-types -- without settings there are none
export function defineMethod<T extends Readonly<Record<string, MethodSetting>> = {}>(
  method: FederatedMethod<keyof T & string> & { readonly settings?: T },
): FederatedMethod<keyof T & string> {
  expectOptions("defineMethod", method, known, needed);
  return method;
}
