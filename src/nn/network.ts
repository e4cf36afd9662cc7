// What a network is: a function that makes a module for some images, and sizes of what it makes.

import { expectOptions, expectPositive, expectWhole } from "../tensor/checks.ts";
import { Gpu } from "../tensor/gpu.ts";
import { type Shape, showShape, sizeOf } from "../tensor/shape.ts";
import { expectModule, type Module } from "./module.ts";

/** What a network is made for. */
export interface NetworkOptions {
  /** logits of an image */
  readonly numClasses: number;
  /** height and width of images, pixels; they have three channels */
  readonly imageSize: number;
  /** factor on all channel counts; what it does to a network of your own is up to you */
  readonly width: number;
}

/**
 * Makes the module of a network, whose parameters have the same names and shapes each time.
 *
 * @returns what takes images `[S, N, 3, H, W]` to logits `[S, N, numClasses]`
 */
export type Network = (gpu: Gpu, options: NetworkOptions) => Module;

/**
 * The module of a network, once it is sure that it fits the images and classes.
 *
 * @throws {TypeError} unless the network makes a module that takes such images to one logit for each class
 * @throws {RangeError} if the image size is no multiple of what the module asks for, or too small for it
 */
export function makeModule(gpu: Gpu, network: Network, options: NetworkOptions): Module {
  if (!(gpu instanceof Gpu)) {
    throw new TypeError(`Cannot make a network: gpu is ${gpu} but a Gpu is expected`);
  }
  if (typeof network !== "function") {
    throw new TypeError(
      `Cannot make a network: ${network} is no function (gpu, options) => Module`,
    );
  }
  const names = ["numClasses", "imageSize", "width"];
  expectOptions("makeModule", options, names, names);
  const { numClasses, imageSize, width } = options;
  expectWhole("makeModule", { numClasses, imageSize }, 1);
  expectPositive("makeModule", { width });
  const module = network(gpu, { numClasses, imageSize, width });
  expectModule("makeModule", "what the network makes", module);
  const { imageMultiple = 1 } = module;
  if (imageSize % imageMultiple !== 0) {
    throw new RangeError(
      `Cannot make a network: images have ${imageSize} pixels each way ` +
        `but a multiple of ${imageMultiple} is expected`,
    );
  }
  const image = imageShape(imageSize);
  const { output } = module.trace(image);
  if (output.length !== 1 || output[0] !== numClasses) {
    throw new TypeError(
      `Cannot make a network: it takes an image ${showShape(image)} to ${showShape(output)} ` +
        `but one logit for each class, [${numClasses}], is expected`,
    );
  }
  return module;
}

/** Trainable numbers of one model. */
export function parameterCount(module: Module): number {
  expectModule("parameterCount", "module", module);
  return module.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Elements of each tensor that a forward pass keeps for one image, in order; the image is not among them. */
export function activationSizes(module: Module, imageSize: number): number[] {
  expectModule("activationSizes", "module", module);
  expectWhole("activationSizes", { imageSize }, 1);
  return module.trace(imageShape(imageSize)).activations.map(sizeOf);
}

/** Elements of the largest tensor that a forward pass keeps for one image; the image is not among them. */
export function largestActivation(module: Module, imageSize: number): number {
  return Math.max(0, ...activationSizes(module, imageSize));
}

/** Of one image in colours. */
function imageShape(imageSize: number): Shape {
  return [3, imageSize, imageSize];
}
