// Batches of images, made by the GPU: every element as the host computes it.

import type { Split } from "../../src/data/dataset.ts";
import { type Batch, emptyBatch, ImageSplit } from "../../src/data/image_batches.ts";
import { openDevice } from "../../src/gpu/adapter.ts";
import { pcg4d, RandomStream } from "../../src/random.ts";
import { Gpu } from "../../src/tensor/gpu.ts";
import { assert, assertEquals } from "../assert.ts";
import { gpu } from "../gpu.ts";

const size = 6;
const imageBytes = size * size * 3;

/** Random bytes, among them the extremes. */
function randomSplit(samples: number): Split {
  const random = new RandomStream(samples);
  const images = Uint8Array.from({ length: samples * imageBytes }, () => random.integer(256));
  images.set([0, 255, 127, 128]);
  const labels = Int32Array.from({ length: samples }, () => random.integer(3));
  return { ids: Array.from(labels, (_, i) => `image ${i}`), images, labels };
}

/** What makes a batch, but for the images. */
interface Request {
  readonly order: Uint32Array<ArrayBuffer>;
  readonly step: number;
  readonly epoch: number;
  readonly rows: number;
  readonly client: number;
  readonly roles: number;
  readonly stream: number;
  readonly augment: boolean;
  readonly byRole: boolean;
  readonly seed: number;
}

const request: Request = {
  order: Uint32Array.of(4, 0, 3, 1, 2, 6, 5),
  step: 0,
  epoch: 0,
  rows: 3,
  client: 0,
  roles: 2,
  stream: 5,
  augment: false,
  byRole: false,
  seed: 99,
};

/** One client's rows of a batch. */
interface Expected {
  readonly x: Float32Array<ArrayBuffer>;
  readonly labels: number[];
  readonly count: number;
}

/** The rows of one role, by the definitions. */
function expectedRows(split: Split, wanted: Request, role: number): Expected {
  const { order, step, rows } = wanted;
  const x = new Float32Array(rows * imageBytes);
  const labels: number[] = [];
  const taken = order.slice(step * rows, (step + 1) * rows);
  for (const [row, image] of taken.entries()) {
    labels.push(split.labels[image]);
    const { vertical, horizontal } = expectedFlips(wanted, role, image);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const from = (vertical ? size - 1 - i : i) * size + (horizontal ? size - 1 - j : j);
        for (let c = 0; c < 3; c++) {
          const byte = split.images[image * imageBytes + from * 3 + c];
          x[row * imageBytes + (c * size + i) * size + j] = (byte - 127.5) * Math.fround(1 / 127.5);
        }
      }
    }
  }
  while (labels.length < rows) labels.push(0);
  return { x, labels, count: taken.length };
}

function expectedFlips(wanted: Request, role: number, image: number) {
  if (!wanted.augment) return { vertical: false, horizontal: false };
  const stream = wanted.stream * wanted.roles + (wanted.byRole ? role : 0);
  const [first, second] = pcg4d(wanted.seed, stream, wanted.epoch, image);
  return { vertical: first >= 2 ** 31, horizontal: second >= 2 ** 31 };
}

/** Makes a batch for one client on the GPU. */
function gather(on: Gpu, split: Split, wanted: Request, batch: Batch): void {
  const images = new ImageSplit(on, split, size, wanted.stream);
  images.setOrder(wanted.order);
  const position = on.tensor(Uint32Array.of(wanted.step, wanted.epoch));
  const { client, roles, augment, byRole, seed } = wanted;
  images.gather(batch, position, { client, roles }, { augment, byRole, seed });
  images.dispose();
}

async function assertBatch(batch: Batch, split: Split, wanted: Request): Promise<void> {
  const [x, labels, counts] = await Promise.all(
    [batch.x, batch.labels, batch.counts].map((tensor) => tensor.read()),
  );
  const length = wanted.rows * imageBytes;
  for (let role = 0; role < wanted.roles; role++) {
    const model = wanted.client * wanted.roles + role;
    const expected = expectedRows(split, wanted, role);
    assertEquals(x.slice(model * length, (model + 1) * length), expected.x, `images of ${role}`);
    const ownLabels = labels.slice(model * wanted.rows, (model + 1) * wanted.rows);
    assertEquals([...ownLabels], expected.labels);
    assertEquals(counts[model], expected.count);
  }
}

async function checkBatch(change: Partial<Request>, on = gpu): Promise<void> {
  using _scope = on.scope();
  const wanted = { ...request, ...change };
  const split = randomSplit(wanted.order.length);
  const batch = emptyBatch(on, (wanted.client + 1) * wanted.roles, wanted.rows, size);
  gather(on, split, wanted, batch);
  await assertBatch(batch, split, wanted);
}

Deno.test("a batch has the images in their order, normalized, with labels and counts", async () => {
  await checkBatch({ step: 0 });
  await checkBatch({ step: 1 });
});

Deno.test("the last batch is padded with zeros of label 0", () => checkBatch({ step: 2 }));

Deno.test("a batch behind the last one is padding alone", () => checkBatch({ step: 3 }));

Deno.test("flips are those that src/random.ts draws, in every epoch and for every seed", async () => {
  for (const epoch of [0, 1, 77]) await checkBatch({ augment: true, epoch });
  await checkBatch({ augment: true, seed: 2 ** 32 - 1, stream: 2 ** 20, step: 2 });
  await checkBatch({ augment: true, rows: 7, roles: 1 });
});

Deno.test("roles see the same mirror images, or different ones on request", async () => {
  await checkBatch({ augment: true, byRole: false, rows: 7 });
  await checkBatch({ augment: true, byRole: true, rows: 7 });
  const flips = (role: number, byRole: boolean) =>
    [...request.order.keys()].map((image) =>
      expectedFlips({ ...request, augment: true, byRole }, role, image)
    );
  assertEquals(flips(0, false), flips(1, false));
  assert(JSON.stringify(flips(0, true)) !== JSON.stringify(flips(1, true)));
});

Deno.test("all four ways of mirroring occur about equally often", () => {
  const counts = new Map<string, number>();
  for (let image = 0; image < 4000; image++) {
    const key = JSON.stringify(expectedFlips({ ...request, augment: true }, 0, image));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assertEquals(counts.size, 4);
  // The standard deviation of each count is 27.
  assert([...counts.values()].every((count) => Math.abs(count - 1000) < 5 * 27));
});

Deno.test("clients fill their own models of a batch and leave the others alone", async () => {
  using _scope = gpu.scope();
  const splits = [randomSplit(7), randomSplit(4)];
  const requests = [
    { ...request, step: 1 },
    { ...request, step: 1, client: 1, stream: 8, order: Uint32Array.of(3, 2, 1, 0) },
  ];
  const batch = emptyBatch(gpu, 4, request.rows, size);
  splits.forEach((split, client) => gather(gpu, split, requests[client], batch));
  for (const [client, split] of splits.entries()) await assertBatch(batch, split, requests[client]);
});

Deno.test("images that do not fit into one binding give the same batches", async () => {
  const { device, description } = await openDevice("auto");
  const maxStorageBufferBindingSize = 4 * imageBytes + 50; // four images, or one of a batch
  const limits = { ...description.limits, maxStorageBufferBindingSize };
  const small = new Gpu(device, { ...description, limits });
  const order = new RandomStream(3).permutation(13); // in four buffers
  for (let step = 0; step <= order.length; step++) {
    await checkBatch({ order, step, rows: 1, roles: 1, augment: true }, small);
  }
  small.dispose();
});
