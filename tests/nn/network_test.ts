// Networks as functions: what is asked of their modules, and that the paper's answers as before.

import { GlobalAvgPool2d } from "../../src/nn/plain_layers.ts";
import { Conv2d, Linear } from "../../src/nn/layers.ts";
import {
  activationSizes,
  largestActivation,
  makeModule,
  type Network,
  parameterCount,
} from "../../src/nn/network.ts";
import { Sequential } from "../../src/nn/module.ts";
import { builtInNetworks } from "../../src/nn/networks.ts";
import { vggStride } from "../../src/nn/vgg.ts";
import { assertEquals, assertThrows } from "../assert.ts";
import { gpu } from "../gpu.ts";

const tiny: Network = (_gpu, { numClasses, width }) =>
  new Sequential([
    new Conv2d("conv", 3, Math.round(8 * width), { kernelSize: 3, stride: 2 }),
    new GlobalAvgPool2d(),
    new Linear("fc", Math.round(8 * width), numClasses),
  ]);

/** Table 1 of the official network: channels of each block's convolutions. */
const channelsOfBlocks = [[32, 32], [64, 64], [128, 128, 128], [128, 128, 128], [256, 256, 256]];

/** Trainable numbers of the paper's network, counted layer by layer. */
function vggSize(width: number, numClasses: number, bias: boolean): number {
  const scaled = (channels: number) => Math.round(channels * width);
  let [size, inputs] = [0, 3];
  for (const outputs of channelsOfBlocks.flat().map(scaled)) {
    size += outputs * inputs * 9 + 2 * outputs; // and the normalization's weight and bias
    inputs = outputs;
  }
  const hidden = scaled(64);
  return size + hidden * inputs + 2 * hidden + numClasses * hidden + (bias ? numClasses : 0);
}

Deno.test("sizes of the paper's network are those of its layers", () => {
  for (const [name, network] of Object.entries(builtInNetworks)) {
    for (const width of [0.0625, 0.25, 0.7, 1]) {
      for (const imageSize of [32, 64, 96, 224]) {
        const numClasses = 7;
        const module = makeModule(gpu, network, { numClasses, imageSize, width });
        const bias = name === "vgg_b";
        assertEquals(parameterCount(module), vggSize(width, numClasses, bias));
        assertEquals(module.imageMultiple, vggStride);
        const blocks = channelsOfBlocks.map(({ 0: channels, length: layers }, depth) => ({
          size: (imageSize / 2 ** depth) ** 2 * Math.round(channels * width),
          layers,
        }));
        assertEquals(largestActivation(module, imageSize), blocks[0].size);
        // Each block's convolutions and normalizations, of which the last is pooled; behind them rows of features.
        const expected = blocks.flatMap(({ size, layers }) => [
          ...new Array<number>(2 * layers - 1).fill(size),
          size / 4,
        ]);
        assertEquals(activationSizes(module, imageSize).slice(0, -4), expected);
        assertEquals(activationSizes(module, imageSize).length, expected.length + 4);
      }
    }
  }
});

Deno.test("the classifier of the paper's network are its linear layers and what stands between them", () => {
  const { parameters, buffers } = makeModule(gpu, builtInNetworks.vgg_b, {
    ...{ numClasses: 3, imageSize: 32, width: 0.25 },
  });
  for (const { name, part = "features" } of [...parameters, ...buffers]) {
    assertEquals(part, name.startsWith("fc") ? "classifier" : "features", name);
  }
});

Deno.test("a network of one's own tells its sizes", () => {
  const module = makeModule(gpu, tiny, { numClasses: 4, imageSize: 15, width: 2 });
  assertEquals(parameterCount(module), 16 * 27 + 16 + 16 * 4 + 4);
  assertEquals(activationSizes(module, 15), [16 * 49, 16, 4]);
  assertEquals(largestActivation(module, 15), 16 * 49);
});

Deno.test("makeModule() refuses a network that does not fit the images or the classes", () => {
  const options = { numClasses: 4, imageSize: 16, width: 1 };
  const refuses = (network: unknown, message: string, imageSize = 16) => {
    const make = () => makeModule(gpu, network as Network, { ...options, imageSize });
    assertThrows(make, Error, message);
  };
  const ofClasses = (numClasses: number): Network => (_gpu, given) =>
    tiny(gpu, { ...given, numClasses });
  refuses("vgg", "Cannot make a network: vgg is no function (gpu, options) => Module");
  refuses(() => 3, "what the network makes has no parameters but a module is expected");
  refuses(
    () => new Conv2d("c", 3, 4, { kernelSize: 3 }),
    "it takes an image [3, 16, 16] to [4, 14, 14] but one logit for each class, [4], is expected",
  );
  refuses(ofClasses(3), "to [3] but one logit for each class, [4], is expected");
  refuses(ofClasses(5), "to [5] but one logit for each class, [4], is expected");
  refuses(
    builtInNetworks.vgg_b,
    "images have 48 pixels each way but a multiple of 32 is expected",
    48,
  );
  refuses(
    () => new Conv2d("c", 1, 4, { kernelSize: 3 }),
    "Cannot apply Conv2d c: a row is [3, 16, 16] but an image [1, H, W] is expected",
  );
});
