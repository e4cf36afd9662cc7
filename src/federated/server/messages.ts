// A communication whose mean is made elsewhere: what one client sends, and what it makes of the mean of all.

import { fullTensor } from "../../tensor/elementwise.ts";
import { sameShape, showShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ConfigError } from "../errors.ts";
import {
  type ExchangeOptions,
  type FederatedMethod,
  sharedKinds,
  type Sharing,
} from "../methods/method.ts";
import {
  clientPart,
  expectReceivable,
  gather,
  placeOf,
  shareables,
  type SharedModel,
} from "./communicate.ts";

/** What is sent, or its mean over clients, by the names of the model's tensors; each `[1, …]`. */
export type Message = ReadonlyMap<string, Tensor>;

/**
 * How a method shares, if the mean of what is sent is all that its server makes.
 *
 * @throws {ConfigError} for a method that needs more of a server, or shares nothing
 */
export function sharingByMeans(
  { title, sharing }: Pick<FederatedMethod, "title" | "sharing">,
): Sharing {
  const refuse = (why: string): never => {
    throw new ConfigError(`Cannot exchange the models of ${title} by means alone: ${why}`);
  };
  if (!sharing) return refuse("its clients share nothing");
  if (sharing.server) return refuse("its server has a memory of its own");
  const hasOwnMean = sharedKinds.some((kind) => sharing.exchange(kind)?.average);
  return hasOwnMean ? refuse("it makes another average") : sharing;
}

/**
 * What a client sends: what the method's `send` makes of every tensor that it shares. Any weighted mean of such messages,
 * made tensor by tensor, is what `takeMean()` takes.
 *
 * @param rate PFA's low-frequency share in this round
 * @returns in memory of its own; the caller disposes of it
 */
export function messageOf(sharing: Sharing, client: SharedModel, rate: number): Message {
  const { gpu } = client.model;
  using _scope = gpu.scope();
  const options = alone(client, rate);
  return new Map(
    shared(sharing, client).map(({ item, exchange }) => {
      const own = gather([client], item);
      return [item.name, gpu.keep(exchange.send?.(own, options) ?? own)];
    }),
  );
}

/**
 * Brings a client to where a communication brings it: the method's `take` of the mean, tensor by tensor. With the mean of
 * the messages of all senders this is what `communicate()` does to each of them.
 *
 * @param mean as `messageOf()` made them
 * @param rate that of the messages
 * @throws {TypeError} for a mean that lacks a tensor, has others, or is of another shape; nothing has changed then
 */
export function takeMean(
  sharing: Sharing,
  client: SharedModel,
  rate: number,
  mean: Message,
): void {
  const { model: { gpu } } = client;
  using _scope = gpu.scope();
  const items = shared(sharing, client);
  expectNames(items.map(({ item }) => item.name), mean);
  const options = alone(client, rate);
  const received = items.map(({ item, exchange }) => {
    const own = gather([client], item);
    const part = mean.get(item.name)!;
    const sent = exchange.send?.(own, options) ?? own;
    if (!sameShape(part.shape, sent.shape) || part.dtype !== sent.dtype) {
      throw new TypeError(
        `Cannot take the mean of ${item.name}: it is ${part.dtype} ${showShape(part.shape)}, but ` +
          `this client sends ${sent.dtype} ${showShape(sent.shape)}`,
      );
    }
    const result = exchange.take?.(own, part, options) ?? part;
    expectReceivable(item.name, own, result);
    return { item, result };
  });
  for (const { item, result } of received) gpu.copy(clientPart(result, 0), placeOf(client, item));
}

function shared(sharing: Sharing, { model }: SharedModel) {
  return shareables(model.module).flatMap((item) => {
    const exchange = sharing.exchange(item.kind);
    return exchange ? [{ item, exchange }] : [];
  });
}

/** One client's part does not depend on how much it counts. */
function alone({ model: { gpu } }: SharedModel, rate: number): ExchangeOptions {
  return { rate, clientWeights: fullTensor(gpu, [1], 1) };
}

function expectNames(names: readonly string[], mean: Message): void {
  const missing = names.filter((name) => !mean.has(name));
  const others = [...mean.keys()].filter((name) => !names.includes(name));
  if (missing.length === 0 && others.length === 0) return;
  const parts = [
    missing.length > 0 ? `it lacks ${missing.join(", ")}` : "",
    others.length > 0 ? `it has ${others.join(", ")}, which the method does not share` : "",
  ];
  throw new TypeError(`Cannot take the mean: ${parts.filter((part) => part !== "").join("; ")}`);
}
