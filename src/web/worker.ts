// The page's worker: runs the methods on this computer's GPU and tells the page their events.

import { augmentedVersions } from "../data/augmented_versions.ts";
import { demoDataset } from "../data/demo.ts";
import type { Dataset } from "../data/dataset.ts";
import { simulate } from "../federated/simulation.ts";
import { type Gpu, openGpu } from "../tensor/gpu.ts";
import type { ClientCard, News, Order } from "./messages.ts";
import { inTurns } from "./runs_in_turns.ts";
import { configOf, demoOptions, type PageSettings } from "./settings.ts";

/** Images on a client's card. */
const mostSamples = 6;

/** What the visitor wants: to go on, to stop after this round of each method, or to wait. */
let wish: "run" | "step" | "pause" = "run";
let wake = () => {};

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  if (data.type === "start") void run(data.settings);
  else {
    wish = data.type === "resume" ? "run" : data.type;
    if (wish !== "pause") wake();
  }
});

function tell(news: News): void {
  postMessage(news);
}

async function run(settings: PageSettings): Promise<void> {
  let gpu: Gpu | undefined;
  try {
    gpu = await openGpu();
    tell({ type: "adapter", name: gpu.adapter.name, kind: gpu.adapter.kind });
    const dataset = await demoDataset(demoOptions(settings));
    const { classNames, imageSize } = dataset;
    tell({
      type: "data",
      classNames,
      imageSize,
      clients: await cardsOf(gpu, dataset, settings.seed),
    });
    await runAll(gpu, dataset, settings);
    tell({ type: "finished" });
  } catch (error) {
    tell({ type: "failed", message: (error as Error).message });
  } finally {
    gpu?.dispose();
  }
}

async function runAll(gpu: Gpu, dataset: Dataset, settings: PageSettings): Promise<void> {
  const runs = settings.methods.map((name) => ({
    name,
    events: simulate(gpu, { ...configOf(settings, name), dataset }),
  }));
  const last = settings.methods.at(-1);
  for await (const { name, event } of inTurns(runs)) {
    tell({ type: "event", method: name, event });
    if (wish === "step" && event.type === "aggregation" && name === last) wish = "pause";
    if (wish !== "pause" || event.type === "done") continue;
    tell({ type: "paused" });
    await new Promise<void>((resolve) => wake = resolve);
    tell({ type: "going" });
  }
}

/** What the page shows of the clients: how often each class is there, and images as training sees them. */
async function cardsOf(gpu: Gpu, { clients, imageSize, classNames }: Dataset, seed: number) {
  const cards: ClientCard[] = [];
  for (const [stream, { name, train }] of clients.entries()) {
    const chosen = [...train.ids.keys()].slice(0, mostSamples);
    const options = { imageSize, seed, stream, roles: 1, epochs: [0] };
    const [images] = await augmentedVersions(gpu, train, chosen, options);
    const samples = new Uint8Array(images.length * imageSize ** 2 * 3);
    images.forEach((image, k) => samples.set(image, k * image.length));
    const counts = classNames.map((_, label) =>
      train.labels.reduce((sum, one) => sum + Number(one === label), 0)
    );
    cards.push({ name, counts, samples });
  }
  return cards;
}
