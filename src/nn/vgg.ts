// The VGG of the paper: thirteen 3×3 convolutions with batch normalization, and two linear layers.

import { GpuRuntime } from "../gpu/runtime.ts";
import { expectOptions, expectPositive, expectSwitches, expectWhole } from "../tensor/checks.ts";
import { BatchNorm1d, BatchNorm2d, Conv2d, Linear } from "./layers.ts";
import { Model } from "./model.ts";
import { type Module, Sequential } from "./module.ts";
import { GlobalAvgPool2d } from "./plain_layers.ts";

/** Options of `vgg()`. */
export interface VggOptions {
  /** number of independent models, default 1 */
  stack?: number;
  /** logits of an image */
  numClasses: number;
  /** whether the last linear layer has a bias: `vgg_b` (true) or `vgg_nb` (false, the default) */
  bias?: boolean;
  /** factor on all channel counts, default 1 */
  width?: number;
  /** of the initial weights, default 0 */
  seed?: number;
}

/** Output channels of the convolutions, by block; each block ends with max pooling. */
const blocks = [[32, 32], [64, 64], [128, 128, 128], [128, 128, 128], [256, 256, 256]];
const hiddenFeatures = 64;

/** Height and width of images must be divisible by this. */
export const vggStride = 2 ** blocks.length;

/**
 * The network of the official code (`VGG16_Slim_Checked`), initialised as PyTorch does by default.
 *
 * @throws {TypeError} for options that are unknown or missing
 * @throws {RangeError} unless the width leaves at least one channel everywhere, and stack and numClasses
 *   are whole numbers of at least 1
 */
export function vgg(gpu: GpuRuntime, options: VggOptions): Model {
  if (!(gpu instanceof GpuRuntime)) {
    throw new TypeError(`Cannot apply vgg: gpu is ${gpu} but a Gpu is expected`);
  }
  expectOptions("vgg", options, ["stack", "numClasses", "bias", "width", "seed"], ["numClasses"]);
  const { stack = 1, numClasses, bias = false, width = 1, seed = 0 } = options;
  expectSwitches("vgg", { bias });
  expectPositive("vgg", { width });
  expectWhole("vgg", { stack, numClasses }, 1);
  expectWhole("vgg", { seed }, 0);
  return new Model(gpu, vggModule({ numClasses, bias, width }), { stack, seed });
}

/** The network's layers. @throws {RangeError} unless the width leaves at least one channel everywhere */
export function vggModule(options: { numClasses: number; bias: boolean; width: number }): Module {
  const { numClasses, bias, width } = options;
  const features: Module[] = [];
  let channels = 3;
  blocks.forEach((block, blockIndex) => {
    block.forEach((outputs, layerIndex) => {
      const name = `layer${blockIndex + 1}.${layerIndex}`;
      const outChannels = scaled(outputs, width);
      const pool = layerIndex === block.length - 1 ? "max2x2" : "none";
      features.push(
        new Conv2d(`${name}.conv`, channels, outChannels, {
          kernelSize: 3,
          padding: 1,
          bias: false,
        }),
        new BatchNorm2d(`${name}.bn`, outChannels, { activation: "relu", pool }),
      );
      channels = outChannels;
    });
  });
  const hidden = scaled(hiddenFeatures, width);
  const classifier = new Sequential([
    new Linear("fc1.linear", channels, hidden, { bias: false }),
    new BatchNorm1d("fc1.bn", hidden, { activation: "relu" }),
    new Linear("fc2.linear", hidden, numClasses, { bias }),
  ], { part: "classifier" });
  return new Sequential([...features, new GlobalAvgPool2d(), classifier], {
    imageMultiple: vggStride,
  });
}

function scaled(channels: number, width: number): number {
  const result = Math.round(channels * width);
  if (!(result >= 1)) {
    throw new RangeError(
      `Cannot make a network of width ${width}: a layer of ${channels} channels would have ${result}`,
    );
  }
  return result;
}
