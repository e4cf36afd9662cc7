// PRR-FL in one file (Chen et al. 2021, arXiv:2110.00394, Algorithm 1): four clients on the demo data.
//
// A plain loop, without what src/federated adds: other methods, stacks of clients, resuming. With more than one local
// epoch both give the same weights, bit for bit (tests/examples/prrfl_test.ts).

import { add, backward, broadcastTo, everyModel, type Gpu, noGrad } from "@prr-fl/webgpu";
import { loadStateDict, type Model, openGpu, permute, sgd, stateDict, vgg } from "@prr-fl/webgpu";
import { deputyTransferLoss, fourierRate, progressiveFourierAggregation } from "@prr-fl/webgpu";
import { type ClientDataset, type Dataset, demoDataset, type Split } from "@prr-fl/webgpu";
import { macroF1, predictClasses } from "@prr-fl/webgpu";

const [personal, deputy, roles] = [0, 1, 2]; // places of a client's models in its stack

/** A client: its images, its two models, and the stage of its deputy. */
interface Client {
  readonly data: ClientDataset;
  readonly model: Model;
  readonly optimizer: ReturnType<typeof sgd>;
  stage: number;
}

/** Some images of a split, the same for both models, from −1 to 1; behind the last one rows are empty. */
export function batchOf(gpu: Gpu, { images, labels }: Split, first: number, rows: number) {
  const size = images.length / labels.length; // bytes of an image, [height, width, colour]
  const side = Math.sqrt(size / 3);
  const count = Math.min(rows, labels.length - first);
  const values = new Float32Array(rows * size);
  const bytes = images.subarray(first * size, (first + count) * size);
  values.set(Float32Array.from(bytes, (byte) => (byte - 127.5) * Math.fround(1 / 127.5)));
  const y = new Int32Array(rows);
  y.set(labels.subarray(first, first + count));
  const x = permute(gpu.tensor(values, [1, rows, side, side, 3]), [0, 1, 4, 2, 3]);
  return {
    x: broadcastTo(x, [roles, rows, 3, side, side]),
    labels: gpu.tensor(y, [1, rows]),
    counts: gpu.tensor(Uint32Array.of(count, count)),
  };
}

/** Macro F1 of both models of a client on a split, in percent. */
async function f1Of(gpu: Gpu, { model }: Client, split: Split, rows: number) {
  const { length } = split.labels;
  const said: number[][] = [[], []];
  for (let first = 0; first < length; first += rows) {
    using _scope = gpu.scope(); // what is made from here on goes back to the pool
    const { x, counts } = batchOf(gpu, split, first, rows);
    const logits = noGrad(() => model.forward(x, { counts }));
    const all = predictClasses(await logits.read(), logits.shape[2]);
    said.forEach((own, role) => own.push(...all.slice(role * rows, (role + 1) * rows)));
  }
  return said.map((own) => macroF1(split.labels, own.slice(0, length)));
}

/** The stage of a deputy (section 2.2): 1 recover, 2 exchange, 3 sublimate; a round begins with the first. */
function nextStage(stage: number, [f1Personal, f1Deputy]: number[]): number {
  const [alpha1, alpha2] = [0.7, 0.9];
  if (stage === 0 || f1Deputy < alpha1 * f1Personal) return 1; // worse than the personal model by far: it is taught
  if (stage === 1 || f1Deputy < alpha2 * f1Personal) return 2; // both teach each other
  return 3; // it has caught up, and teaches
}

/** One local epoch: both models see the same batches. */
function train(gpu: Gpu, { data, model, optimizer, stage }: Client, batchSize: number): void {
  for (let first = 0; first < data.train.labels.length; first += batchSize) {
    using _scope = gpu.scope();
    const { x, labels, counts } = batchOf(gpu, data.train, first, batchSize);
    const logits = model.forward(x, { training: true, counts });
    // Cross-entropy of both, plus KL(deputy ‖ personal) but in stage 1, plus KL(personal ‖ deputy) but in stage 3.
    const [own, other] = [personal, deputy].map((role) => everyModel(logits, role, roles));
    const stages = gpu.tensor(Uint32Array.of(stage));
    const options = { stages, counts: everyModel(counts, personal, roles) };
    const losses = deputyTransferLoss(own, other, labels, options);
    optimizer.zeroGrad();
    backward(add(losses.personal, losses.deputy));
    optimizer.step();
  }
}

/**
 * Progressive Fourier Aggregation (section 2.1): in every layer's spectrum the low frequencies' amplitudes become the
 * mean over clients; their phases, high frequencies and all normalization stay with each client.
 */
async function communicate(gpu: Gpu, clients: readonly Client[], rate: number): Promise<void> {
  const states = await Promise.all(clients.map(({ model }) => stateDict(model, deputy)));
  for (const { name, kind, shape } of clients[0].model.module.parameters) {
    if (kind !== "conv" && kind !== "linear") continue;
    using _scope = gpu.scope();
    const sent = states.flatMap((state) => [...state.get(name)!.data as Float32Array]);
    const weights = gpu.tensor(Float32Array.from(sent), [clients.length, ...shape]);
    const received = await progressiveFourierAggregation(weights, { rate }).read();
    const size = received.length / clients.length;
    for (const [k, state] of states.entries()) {
      const data = Float32Array.from(received.subarray(k * size, (k + 1) * size));
      state.set(name, { shape, data });
    }
  }
  clients.forEach(({ model }, k) => loadStateDict(model, states[k], deputy));
}

const small = { rounds: 6, localEpochs: 3, batchSize: 16, lr: 0.03, width: 0.25, seed: 1 };

/** Tells after each communication the clients' stages, epoch by epoch, and the test F1 just before and after. */
export async function* prrfl(gpu: Gpu, dataset: Dataset, settings = small) {
  const { rounds, localEpochs, batchSize, lr, width, seed } = settings;
  using owned = new DisposableStack(); // what is given back at the end, or where the caller leaves
  const own = <T extends { dispose(): void }>(item: T) => owned.adopt(item, () => item.dispose());
  const numClasses = dataset.classNames.length;
  const clients = dataset.clients.map((data): Client => {
    const model = own(vgg(gpu, { stack: roles, numClasses, width, seed }));
    return { data, model, optimizer: own(sgd(model, { lr, weightDecay: 1e-6 })), stage: 0 };
  });
  const testF1 = async () => {
    const all: number[][] = [];
    for (const own of clients) all.push(await f1Of(gpu, own, own.data.test, batchSize));
    return all;
  };
  for (let round = 0; round < rounds; round++) {
    const stages: number[][] = clients.map(() => []);
    for (let epoch = 0; epoch < localEpochs; epoch++) {
      for (const [k, client] of clients.entries()) {
        const f1 = await f1Of(gpu, client, client.data.train, batchSize);
        client.stage = nextStage(epoch === 0 ? 0 : client.stage, f1);
        stages[k].push(client.stage);
        train(gpu, client, batchSize);
      }
    }
    const before = await testF1();
    const rate = fourierRate(round, rounds, 0.7); // L(t) grows towards 0.95
    await communicate(gpu, clients, rate);
    yield { round, rate, stages, before, after: await testF1(), clients };
  }
}

if (import.meta.main) {
  const gpu = await openGpu();
  const dataset = await demoDataset({ seed: 1, imageSize: 32 });
  const mean = (f1: number[][], role: number) =>
    (f1.reduce((sum, own) => sum + own[role], 0) / f1.length).toFixed(1).padStart(5);
  console.log("round  low freq.  stages of A, B, C, D    personal F1, %    deputy F1, %");
  for await (const { round, rate, stages, before, after } of prrfl(gpu, dataset)) {
    const around = [personal, deputy].map((role) => `${mean(before, role)} → ${mean(after, role)}`);
    const all = stages.map((own) => own.join("")).join(" ").padEnd(20);
    console.log(`${round + 1}      ${rate.toFixed(3)}      ${all}    ${around.join("     ")}`);
  }
  gpu.dispose();
}
