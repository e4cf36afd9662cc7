// The cases of every workload, for engines that can do all of them.

import { pixelsOf } from "./network.ts";
import type { Case, Prepared } from "./peer.ts";
import {
  type Convolution,
  convolutionName,
  convolutions,
  fftCount,
  fftName,
  fftSizes,
  type Workload,
} from "./workloads.ts";

/** How an engine prepares each kind of case. */
export interface Preparations {
  convolution(shape: Convolution, gradients: boolean): Prepared | Promise<Prepared>;
  /** of so many matrices of this height and width */
  transform(count: number, size: number): Prepared | Promise<Prepared>;
  /** @param pixels height and width of the images */
  training(pixels: number): Prepared | Promise<Prepared>;
}

export function casesOf(workload: Workload, preparations: Preparations): Case[] {
  if (workload === "conv" || workload === "conv-gradients") {
    const gradients = workload === "conv-gradients";
    return convolutions.map((shape) => ({
      name: convolutionName(shape),
      prepare: () => preparations.convolution(shape, gradients),
    }));
  }
  if (workload === "fft" || workload === "fft-batch") {
    const count = fftCount(workload);
    return fftSizes.map((size) => ({
      name: fftName(count, size),
      prepare: () => preparations.transform(count, size),
    }));
  }
  const pixels = pixelsOf(workload);
  return [{
    name: `step at ${pixels}×${pixels}`,
    prepare: () => preparations.training(pixels),
  }];
}
