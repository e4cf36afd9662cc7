// How long softmax and the losses take, forward and with gradients.

import { crossEntropy, deputyTransferLoss, klDiv } from "../src/ops/losses.ts";
import { softmax } from "../src/ops/softmax.ts";
import { backward } from "../src/tensor/autograd.ts";
import { type Shape, sizeOf } from "../src/tensor/shape.ts";
import { crossEntropyReference, klDivReference } from "../tests/reference/losses.ts";
import { softmaxReference } from "../tests/reference/softmax.ts";
import { check, randomLabels, randomTensor, valuesOf, zeroGradients } from "./tensors.ts";
import { benchSteps, gpu } from "./throughput.ts";

await checkForward();
// Logits: models, images, classes. The first is a step of four clients: all of its time is that of dispatches.
for (const shape of [[4, 16, 3], [4, 4096, 7]]) {
  const [stack, rows, classes] = shape;
  const logits = randomTensor(shape, true);
  const others = randomTensor(shape, true);
  const upstream = randomTensor(shape);
  const labels = randomLabels([stack, rows], classes);
  const stages = gpu.tensor(new Uint32Array(stack).fill(2));
  const once = 4 * sizeOf(shape) / 1e9; // a pass over the logits; labels hardly count
  const group = `[${shape.join(", ")}]`;
  const bench = (name: string, passes: number, body: () => void) =>
    benchSteps(`${name} ${group}`, { group, runs: 100, gigabyte: passes * once }, () => {
      zeroGradients(logits, others);
      body();
    });
  bench("softmax forward", 2, () => softmax(logits));
  bench("softmax forward + gradient", 5, () => backward(softmax(logits), upstream));
  bench("crossEntropy forward", 1, () => crossEntropy(logits, labels));
  bench("crossEntropy forward + gradient", 3, () => backward(crossEntropy(logits, labels)));
  bench("klDiv forward + gradient", 5, () => backward(klDiv(logits, others)));
  bench("deputyTransferLoss forward + gradients", 8, () => { // gradients are made at once, then scaled
    const { personal, deputy } = deputyTransferLoss(logits, others, labels, { stages });
    backward(personal);
    backward(deputy);
  });
}

async function checkForward(): Promise<void> {
  using _scope = gpu.scope();
  const shape: Shape = [2, 37, 5];
  const counts = [37, 37];
  const [logits, teacher] = [randomTensor(shape), randomTensor([2, 37, 5, 2]).view(shape)];
  const labels = randomLabels([2, 37], 5);
  const [own, other] = [await valuesOf(logits), await valuesOf(teacher)];
  const expected = crossEntropyReference(own, await labels.read(), counts);
  await check("crossEntropy", crossEntropy(logits, labels), expected.data);
  await check("klDiv", klDiv(logits, teacher), klDivReference(own, other, counts, 1).data, 1e-5);
  await check("softmax", softmax(logits), softmaxReference(own).data);
}
