// Messages outside the GPU: what a client sends to others, and the mean that comes back.

import { sameShape, type Shape, showShape } from "../../tensor/shape.ts";
import type { Gpu } from "../../tensor/gpu.ts";
import type { HostTensor } from "../../tensor/host_tensor.ts";
import { ConfigError } from "../errors.ts";
import type { Message } from "./messages.ts";

/** What one client sends, or the mean of that over clients: f32, by the names of the model's tensors. */
export type HostMessage = ReadonlyMap<string, HostTensor>;

/** Reads a message of one client. */
export async function downloadMessage(message: Message): Promise<HostMessage> {
  const tensors = new Map<string, HostTensor>();
  for (const [name, tensor] of message) {
    const data = await tensor.read() as Float32Array<ArrayBuffer>;
    tensors.set(name, { shape: tensor.shape.slice(1), data });
  }
  return tensors;
}

/**
 * Checks a mean before anything is done with it.
 *
 * @param own shapes of what this client sends or would send, by name: the mean has the same tensors
 * @throws {ConfigError} if a tensor is missing, unknown, of another shape or type, or holds what is no finite number
 */
export function checkMean(
  own: ReadonlyMap<string, { readonly shape: Shape }>,
  mean: HostMessage,
): void {
  const unknown = [...mean.keys()].find((name) => !own.has(name));
  if (unknown !== undefined) throw refuse(`it has "${unknown}", which this client does not share`);
  for (const [name, { shape }] of own) {
    const found = mean.get(name);
    if (!found) throw refuse(`it lacks "${name}"`);
    const { data } = found;
    if (!(data instanceof Float32Array) || !sameShape(found.shape, shape)) {
      throw refuse(
        `"${name}" is ${data.constructor.name} ${showShape(found.shape)}, but this client sends ` +
          `Float32Array ${showShape(shape)}`,
      );
    }
  }
  checkFinite(mean);
}

/** @throws {ConfigError} if it holds what is no finite number */
export function checkFinite(mean: HostMessage): void {
  for (const [name, { data }] of mean) {
    const wrong = data.findIndex((value) => !Number.isFinite(Number(value)));
    if (wrong !== -1) throw refuse(`"${name}" holds ${data[wrong]} at index ${wrong}`);
  }
}

function refuse(why: string): ConfigError {
  return new ConfigError(`Cannot take the mean: ${why}`);
}

/**
 * The mean on the GPU, for `takeMean()`.
 *
 * @param own what this client sends or would send
 * @throws as `checkMean()`
 */
export function uploadMean(gpu: Gpu, own: Message, mean: HostMessage): Message {
  checkMean(new Map([...own].map(([name, { shape: [, ...shape] }]) => [name, { shape }])), mean);
  return new Map([...mean].map(([name, { shape, data }]) => [
    name,
    gpu.tensor(data as Float32Array<ArrayBuffer>, [1, ...shape]),
  ]));
}
