// State dicts as other programs write them, put into the form that this one's networks have.

import type { HostTensor } from "../tensor/host_tensor.ts";

/** What `DataParallel`, `torch.compile` and Lightning put before every key. */
const wrappers = ["module.", "_orig_mod.", "model."];

/** A state dict, and what was changed to get it. */
export interface AdoptedState {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** completes "weights.safetensors: " */
  readonly notes: readonly string[];
}

/**
 * Takes prefixes off that all keys have in common, and adds the counters `num_batches_tracked` that PyTorch before
 * 0.4.1 and converters leave out: they count batches and change no prediction.
 */
export function adoptState(tensors: ReadonlyMap<string, HostTensor>): AdoptedState {
  let entries = [...tensors];
  const taken: string[] = [];
  for (let prefix: string | undefined; (prefix = commonWrapper(entries)) !== undefined;) {
    const { length } = prefix;
    entries = entries.map(([name, tensor]) => [name.slice(length), tensor]);
    taken.push(prefix);
  }
  const names = new Set(entries.map(([name]) => name));
  const counters = [...names].flatMap((name) => {
    const counter = name.replace(/\.running_mean$/, ".num_batches_tracked");
    return counter === name || names.has(counter) ? [] : [counter];
  });
  const zero = (): HostTensor => ({ shape: [], data: new BigInt64Array(1) });
  return {
    tensors: new Map([...entries, ...counters.map((name) => [name, zero()] as const)]),
    notes: [
      ...(taken.length === 0 ? [] : [`its keys began with ${taken.join("")}, which was taken off`]),
      ...(counters.length === 0
        ? []
        : [`${counters.length} num_batches_tracked are missing and count as 0`]),
    ],
  };
}

function commonWrapper(entries: readonly (readonly [string, HostTensor])[]): string | undefined {
  if (entries.length === 0) return undefined;
  return wrappers.find((prefix) => entries.every(([name]) => name.startsWith(prefix)));
}
