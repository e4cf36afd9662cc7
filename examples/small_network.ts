// A network of one's own: a small residual network, trained by hand on one client of the demo data.

import {
  accuracy,
  add,
  backward,
  BatchNorm2d,
  type BufferSpec,
  Conv2d,
  crossEntropy,
  demoDataset,
  type ForwardContext,
  GlobalAvgPool2d,
  type Gpu,
  Linear,
  makeModule,
  MaxPool2d,
  Model,
  type Module,
  type Network,
  openGpu,
  type ParameterSpec,
  permute,
  predictClasses,
  relu,
  Sequential,
  sgd,
  type Split,
  type Tensor,
  type Trace,
} from "@prr-fl/webgpu";

/** relu(x + body(x)) (He et al. 2016, arXiv:1512.03385); the body keeps the shape. */
class Residual implements Module {
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[];

  constructor(private readonly body: Module) {
    this.parameters = body.parameters;
    this.buffers = body.buffers;
  }

  forward(x: Tensor, context: ForwardContext): Tensor {
    return relu(add(x, this.body.forward(x, context)));
  }

  trace(input: readonly number[]): Trace {
    const { output, activations } = this.body.trace(input);
    return { output, activations: [...activations, output, output] }; // the sum, and what relu makes of it
  }
}

/** Two residual blocks behind a convolution that halves height and width. */
const smallNetwork: Network = (_gpu, { numClasses, width }) => {
  const channels = Math.round(32 * width);
  const same = { kernelSize: 3, padding: 1, bias: false }; // the normalization behind it has a bias
  const block = (name: string) =>
    new Residual(
      new Sequential([
        new Conv2d(`${name}.conv1`, channels, channels, same),
        new BatchNorm2d(`${name}.bn1`, channels, { activation: "relu" }),
        new Conv2d(`${name}.conv2`, channels, channels, same),
        new BatchNorm2d(`${name}.bn2`, channels),
      ]),
    );
  return new Sequential([
    new Conv2d("stem", 3, channels, { kernelSize: 5, stride: 2, padding: 2 }),
    new MaxPool2d({ kernelSize: 2 }),
    block("block1"),
    block("block2"),
    new GlobalAvgPool2d(),
    new Sequential([new Linear("fc", channels, numClasses)], { part: "classifier" }),
  ]);
};

export default smallNetwork;

/** Some images of a split, `[1, n, 3, H, W]` from −1 to 1, and their labels, `[1, n]`. */
function batchOf(gpu: Gpu, { images, labels }: Split, start: number, end: number) {
  const bytes = images.length / labels.length;
  const imageSize = Math.sqrt(bytes / 3);
  const values = Float32Array.from(
    images.subarray(start * bytes, end * bytes),
    (byte) => byte / 127.5 - 1,
  );
  const rows = values.length / bytes;
  const x = gpu.tensor(values, [1, rows, imageSize, imageSize, 3]);
  return {
    x: permute(x, [0, 1, 4, 2, 3]),
    labels: gpu.tensor(labels.slice(start, end), [1, rows]),
  };
}

/** Ten epochs of the first client's images, without augmentation. */
async function main(): Promise<void> {
  const gpu = await openGpu();
  const { clients: [{ train, test }], classNames, imageSize } = await demoDataset({ seed: 1 });
  const numClasses = classNames.length;
  const module = makeModule(gpu, smallNetwork, { numClasses, imageSize, width: 0.5 });
  const model = new Model(gpu, module, { seed: 1 });
  const optimizer = sgd(model, { lr: 0.01, momentum: 0.9, nesterov: true, weightDecay: 1e-4 });
  console.log(`${model.size} parameters, ${train.labels.length} images`);
  for (let epoch = 1; epoch <= 10; epoch++) {
    let sum = 0;
    for (let start = 0; start < train.labels.length; start += 16) {
      using _scope = gpu.scope(); // what a step makes goes back to the pool
      const { x, labels } = batchOf(gpu, train, start, start + 16);
      optimizer.zeroGrad();
      const loss = crossEntropy(model.forward(x, { training: true }), labels);
      backward(loss);
      optimizer.step();
      sum += (await loss.read())[0] * labels.size;
    }
    using _scope = gpu.scope();
    const { x } = batchOf(gpu, test, 0, test.labels.length);
    const predictions = predictClasses(await model.forward(x).read(), numClasses);
    const percent = accuracy(predictions, test.labels).toFixed(1);
    console.log(
      `epoch ${epoch}: loss ${(sum / train.labels.length).toFixed(3)}, test accuracy ${percent} %`,
    );
  }
  optimizer.dispose();
  model.dispose();
  gpu.dispose();
}

if (import.meta.main) await main();
