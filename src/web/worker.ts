// The page's worker: runs the methods on this computer's GPU and tells the page their events.

import { augmentedVersions } from "../data/augmented_versions.ts";
import { classWarnings } from "../data/class_names.ts";
import { DataError } from "../data/data_error.ts";
import { demoDataset } from "../data/demo.ts";
import { readFederationFolder } from "../data/federation_folder.ts";
import type { Dataset } from "../data/dataset.ts";
import type { SimulationEvent } from "../federated/events.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import { simulate } from "../federated/simulation.ts";
import { type Gpu, openGpu } from "../tensor/gpu.ts";
import { ChosenFiles, type ChosenFolder } from "./chosen_files.ts";
import { decodeImage } from "./decode_image.ts";
import { forgetRun, keepRun, type KeptRun } from "./kept_run.ts";
import type { ClientCard, News, Order } from "./messages.ts";
import { inTurns } from "./runs_in_turns.ts";
import { configOf, demoOptions, type PageSettings } from "./settings.ts";

/** Images on a client's card. */
const mostSamples = 6;

/** What the visitor wants: to go on, to stop after this round of each method, or to wait. */
let wish: "run" | "step" | "pause" = "run";
let wake = () => {};

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  if (data.type === "start") void run(data);
  else {
    wish = data.type === "resume" ? "run" : data.type;
    if (wish !== "pause") wake();
  }
});

function tell(news: News): void {
  postMessage(news);
}

async function run({ settings, folder, kept }: Extract<Order, { type: "start" }>): Promise<void> {
  let gpu: Gpu | undefined;
  try {
    gpu = await openGpu();
    tell({ type: "adapter", name: gpu.adapter.name, kind: gpu.adapter.kind });
    const dataset = folder === null
      ? await demoDataset(demoOptions(settings))
      : await readChosen(folder, settings);
    const { classNames, imageSize, warnings = [] } = dataset;
    tell({
      type: "data",
      classNames,
      imageSize,
      warnings,
      clients: await cardsOf(gpu, dataset, settings.seed),
    });
    await runAll(gpu, dataset, { settings, folder: folder?.name ?? null, kept });
    await forgetRun().catch(() => {});
    tell({ type: "finished" });
  } catch (error) {
    const { message } = error as Error;
    tell({ type: "failed", message, ofImages: error instanceof DataError });
  } finally {
    gpu?.dispose();
  }
}

/** Reads the visitor's own images, and tells how far it is. */
async function readChosen(folder: ChosenFolder, settings: PageSettings): Promise<Dataset> {
  let told = -1;
  const onProgress = (done: number, total: number) => {
    const percent = Math.floor(100 * done / total);
    if (percent === told) return;
    told = percent;
    tell({ type: "reading", done, total });
  };
  const source = { files: new ChosenFiles(folder), decode: decodeImage };
  const { size: imageSize, seed } = settings;
  const dataset = await readFederationFolder(source, folder.name, { imageSize, seed, onProgress });
  const labels = dataset.clients.map(({ train }) => train.labels);
  const warnings = [...dataset.warnings ?? [], ...classWarnings(labels, dataset.classNames)];
  return { ...dataset, warnings };
}

/** What is neither kept nor needed again. */
const passing = ["progress", "state", "checkpoint"];

async function runAll(
  gpu: Gpu,
  dataset: Dataset,
  { settings, folder, kept }: Pick<KeptRun, "settings" | "folder"> & { kept: KeptRun | null },
): Promise<void> {
  const methods = new Map(kept?.methods);
  const told = new Map<MethodName, SimulationEvent[]>();
  for (const name of settings.methods) {
    told.set(name, [...methods.get(name)?.events ?? []]);
    for (const event of told.get(name)!) tell({ type: "event", method: name, event });
  }
  const runs = settings.methods.filter((name) => methods.get(name)?.state !== null).map((name) => {
    const resumeFrom = methods.get(name)?.state ?? null;
    const config = { ...configOf(settings, name), dataset };
    return { name, events: simulate(gpu, config, { stateEvery: "round", resumeFrom }) };
  });
  const last = runs.at(-1)?.name;
  for await (const { name, event } of inTurns(runs, "state")) {
    const events = told.get(name)!;
    if (event.type === "run" && events.length > 0) continue; // told before
    if (!passing.includes(event.type)) events.push(event);
    if (event.type === "state" || event.type === "done") {
      methods.set(name, { events: [...events], state: event.type === "done" ? null : event.state });
      await keepRun({ settings, folder, methods }).catch(() => {}); // where a browser keeps nothing
    }
    if (event.type !== "state") tell({ type: "event", method: name, event });
    await obey(event, name === last);
  }
}

/** Waits where the visitor wants that; a step ends where the last method has communicated, or is over. */
async function obey(event: SimulationEvent, isLast: boolean): Promise<void> {
  // The first state is of the models as they are before the first round.
  const isRoundOver = event.type === "done" ||
    event.type === "state" && event.state.position.round > 0;
  if (wish === "step" && isRoundOver && isLast) wish = "pause";
  if (wish !== "pause" || event.type === "done" && isLast) return;
  tell({ type: "paused" });
  await new Promise<void>((resolve) => wake = resolve);
  tell({ type: "going" });
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
