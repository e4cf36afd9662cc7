// The golden folder's networks: a start state, a batch, and what PyTorch made of it.

import { join } from "@std/path";
import { readSafetensors } from "../../src/io/safetensors.ts";
import type { HostTensor } from "../../src/tensor/host_tensor.ts";
import type { Tensor, TensorData } from "../../src/tensor/tensor.ts";
import { assertAccuracy } from "../accuracy.ts";
import { assert, assertEquals } from "../assert.ts";
import { assertAllClose, relativeError } from "../close.ts";
import { readDescription } from "../golden.ts";
import { gpu } from "../gpu.ts";
import { float32Reason, float32Tolerance } from "../pytorch.ts";

/** PyTorch's float32 runs with and without oneDNN, against float64. */
type Errors = Readonly<Record<string, readonly { max_abs_diff: number; rel_l2: number }[]>>;

/** The stored start state of a network, a batch, and what came of it. */
export async function readGoldenCase(folder: string, network: string) {
  const read = async (file: string) =>
    readSafetensors(await Deno.readFile(join(folder, `${file}.safetensors`))).tensors;
  const start = new Map(await read("vgg_nb_start"));
  const stored = await read(`${network}_case`);
  const { float32_error: errors } = await readDescription<{ float32_error: Errors }>(
    folder,
    `${network}_case`,
  );
  const bias = stored.get("fc2.linear.bias");
  if (bias) start.set("fc2.linear.bias", bias);
  const floats = (name: string) => stored.get(name)! as HostTensor & { data: Float32Array };

  const expect = (name: string, actual: ArrayLike<number>) => {
    const { data } = floats(name);
    const error = Math.max(0, ...(errors[name] ?? []).map((run) => run.max_abs_diff));
    const size = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assertAllClose(name, actual, data, float32Tolerance(error, size), {
      op: network,
      result: resultOf(name),
      oracle: "PyTorch",
      reason: float32Reason,
    });
  };
  const expectLength = (name: string, actual: ArrayLike<number>) => {
    const tolerance = 10 * Math.max(...errors[name].map((run) => run.rel_l2)) + 2 ** -23;
    assertAccuracy(`Euclidean length of ${name}`, {
      op: network,
      result: resultOf(name),
      oracle: "PyTorch",
      error: relativeError(actual, floats(name).data),
      tolerance,
      reason: "ten times what PyTorch's float32 run is off, as a whole: Adam's steps have random " +
        "signs where a gradient is rounding noise",
    });
  };
  /** Those tensors of a state that are stored under a prefix. */
  const stateOf = (prefix: string, state: ReadonlyMap<string, HostTensor>) => {
    const compared = [...state].filter(([name]) => stored.has(`${prefix}.${name}`));
    assert(compared.length > 0);
    return compared.map(([name, { data }]) =>
      [`${prefix}.${name}`, Float32Array.from(data, Number)] as const
    );
  };
  return {
    start,
    /** of two models, of which the first one's are zeros */
    stackedLabels: () => {
      const labels = stored.get("labels")!.data as Int32Array;
      return gpu.tensor(Int32Array.from([...labels.map(() => 0), ...labels]), [2, labels.length]);
    },
    floats,
    has: (name: string) => stored.has(name),
    expect,
    /** Compares by Euclidean length. */
    expectLength,
    /** Compares those tensors of a state that are stored under a prefix, after one step. */
    expectState: (prefix: string, state: ReadonlyMap<string, HostTensor>) => {
      for (const [name, values] of stateOf(prefix, state)) expect(name, values);
      assertEquals(state.get("layer1.0.bn.num_batches_tracked")!.data[0], tracked(start) + 1n);
    },
    /** The same by Euclidean length. */
    expectStateLength: (prefix: string, state: ReadonlyMap<string, HostTensor>) => {
      for (const [name, values] of stateOf(prefix, state)) expectLength(name, values);
    },
    /** The start state with the statistics of the batch itself. */
    calibrated: () => {
      const replaced = [...start].map(([name, tensor]) => {
        return [name, stored.get(`cal.${name}`) ?? tensor] as const;
      });
      return new Map(replaced);
    },
  };
}

/** "grad.layer1.0.conv.weight" is one of the results called "grad". */
function resultOf(name: string): string {
  return name.split(".")[0];
}

function tracked(state: ReadonlyMap<string, HostTensor>): bigint {
  return state.get("layer1.0.bn.num_batches_tracked")!.data[0] as bigint;
}

/** A batch for two models, of which the first gets its negative. */
export function stackedBehindItself({ shape, data }: HostTensor & { data: Float32Array }): Tensor {
  return gpu.tensor(Float32Array.from([...data.map((value) => -value), ...data]), [2, ...shape]);
}

/** What belongs to the second model of a stack of two. */
export function secondModel(values: TensorData): TensorData {
  return values.subarray(values.length / 2);
}
