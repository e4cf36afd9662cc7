// The pixels of an augmented image follow from its key alone: not from the batch, the order or the other clients.

import { augmentBatch } from "../../src/data/augmentation.ts";
import type { Split } from "../../src/data/dataset.ts";
import { emptyBatch, emptyByteBatch, ImageSplit } from "../../src/data/image_batches.ts";
import { RandomStream } from "../../src/random.ts";
import { Gpu } from "../../src/tensor/gpu.ts";
import { assertEquals, assertNotEquals } from "../assert.ts";
import { gpu } from "../gpu.ts";

const imageSize = 10;
const imageBytes = imageSize ** 2 * 3;
const roles = 2;

/** A client's images, and what separates its random numbers from those of others. */
interface Client {
  readonly split: Split;
  readonly stream: number;
  readonly order?: Uint32Array<ArrayBuffer>;
}

function randomClient(samples: number, stream: number): Client {
  const random = new RandomStream(samples, stream);
  const images = Uint8Array.from({ length: samples * imageBytes }, () => random.integer(256));
  const labels = Int32Array.from({ length: samples }, () => random.integer(3));
  const ids = Array.from(labels, (_, i) => `image ${i}`);
  return { split: { ids, images, labels }, stream };
}

interface Options {
  readonly rows?: number;
  readonly seed?: number;
  readonly epoch?: number;
  readonly byRole?: boolean;
  readonly on?: Gpu;
}

/** All augmented images of all clients, `[client][role][image]`, in batches of `rows`. */
async function augmented(clients: readonly Client[], options: Options = {}) {
  const { rows = 4, seed = 1, epoch = 0, byRole = false, on = gpu } = options;
  using _scope = on.scope();
  const splits = clients.map(({ split, stream, order }) => {
    const images = new ImageSplit(on, split, imageSize, stream);
    if (order) images.setOrder(order);
    return images;
  });
  const results = clients.map(() => Array.from({ length: roles }, () => new Map<number, string>()));
  const steps = Math.max(...splits.map(({ size }) => Math.ceil(size / rows)));
  for (let step = 0; step < steps; step++) {
    const position = on.tensor(Uint32Array.of(step, epoch));
    const batch = emptyBatch(on, clients.length * roles, rows, imageSize);
    const bytes = emptyByteBatch(on, clients.length, rows, imageSize);
    splits.forEach((split, client) => split.gatherBytes(bytes, batch, position, { client, roles }));
    augmentBatch(bytes, batch, { position, seed, roles, byRole });
    const x = await batch.x.read();
    clients.forEach(({ split, order }, client) => {
      for (let role = 0; role < roles; role++) {
        for (let row = 0; row < rows; row++) {
          const place = ((client * roles + role) * rows + row) * imageBytes;
          const pixels = x.slice(place, place + imageBytes);
          const slot = step * rows + row;
          const text = pixels.join();
          if (slot >= split.labels.length) assertEquals(text, new Float32Array(imageBytes).join());
          else results[client][role].set(order?.[slot] ?? slot, text);
        }
      }
    });
  }
  splits.forEach((split) => split.dispose());
  return results.map((byRole) =>
    byRole.map((images) => [...images].sort(([a], [b]) => a - b).map(([, pixels]) => pixels))
  );
}

const clients = [randomClient(13, 3), randomClient(6, 0), randomClient(9, 1)];

for (const byRole of [false, true]) {
  const what = byRole ? "seen differently by each role" : "the same for all roles";
  const reference = await augmented(clients, { byRole });

  Deno.test(`augmented images, ${what}, are the same in batches of any size`, async () => {
    for (const rows of [1, 3, 13, 20]) {
      assertEquals(await augmented(clients, { byRole, rows }), reference);
    }
  });

  Deno.test(`augmented images, ${what}, are the same in any order`, async () => {
    const shuffled = clients.map((client) => {
      const order = new RandomStream(client.stream).permutation(client.split.labels.length);
      return { ...client, order };
    });
    assertEquals(await augmented(shuffled, { byRole }), reference);
  });

  Deno.test(`augmented images, ${what}, are the same in any group of clients`, async () => {
    assertEquals((await augmented([...clients].reverse(), { byRole })).reverse(), reference);
    for (const [index, client] of clients.entries()) {
      assertEquals((await augmented([client], { byRole }))[0], reference[index]);
    }
  });

  Deno.test(`augmented images, ${what}, are the same from several buffers`, async () => {
    // A batch of one image for both roles, or the bytes of seven images.
    const maxStorageBufferBindingSize = roles * imageBytes * 4;
    const limits = { ...gpu.adapter.limits, maxStorageBufferBindingSize };
    const on = new Gpu(gpu.device, { ...gpu.adapter, limits });
    for (const [index, client] of clients.entries()) {
      assertEquals((await augmented([client], { byRole, rows: 1, on }))[0], reference[index]);
    }
  });

  Deno.test(`augmented images, ${what}, differ between seeds, epochs, clients and images`, async () => {
    const others = [
      await augmented(clients, { byRole, seed: 2 }),
      await augmented(clients, { byRole, epoch: 1 }),
      await augmented(clients.map((client) => ({ ...client, stream: client.stream + 7 })), {
        byRole,
      }),
    ];
    for (const other of others) {
      other.forEach((roles, client) =>
        roles.forEach((images, role) =>
          images.forEach((pixels, i) => assertNotEquals(pixels, reference[client][role][i]))
        )
      );
    }
    for (const [first, second] of reference) {
      assertEquals(first.map((pixels, i) => pixels === second[i]), first.map(() => !byRole));
      assertEquals(new Set(first).size, first.length);
    }
  });
}
