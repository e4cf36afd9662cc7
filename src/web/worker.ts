// The page's worker: runs the methods on this computer's GPU and tells the page their events.

import { augmentedVersions } from "../data/augmented_versions.ts";
import { classWarnings } from "../data/class_names.ts";
import { DataError } from "../data/data_error.ts";
import { demoDataset } from "../data/demo.ts";
import { readFederationFolder } from "../data/federation_folder.ts";
import type { Dataset } from "../data/dataset.ts";
import type { SimulationEvent, StateEvent } from "../federated/events.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import { simulate } from "../federated/simulation.ts";
import { type Gpu, openGpu } from "../tensor/gpu.ts";
import { Answers } from "./answers.ts";
import { ChosenFiles, type ChosenFolder } from "./chosen_files.ts";
import { decodeImage } from "./decode_image.ts";
import { forgetRun, keepRun, type KeptRun } from "./kept_run.ts";
import type { ClientCard, Inquiry, News, Order } from "./messages.ts";
import { NewestModels } from "./newest_models.ts";
import { OtherWindows } from "./other_windows.ts";
import { inTurns } from "./runs_in_turns.ts";
import { configOf, demoOptions, type PageSettings } from "./settings.ts";

/** Images on a client's card. */
const mostSamples = 6;

/** What the visitor wants: to go on, to stop after this round of each method, or to wait. */
let wish: "run" | "step" | "pause" = "run";
/** What is still to be answered; of each kind the newest. */
const inquiries = new Map<Inquiry["type"], Inquiry>();
let wake = () => {};

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  if (data.type === "start") return void run(data);
  switch (data.type) {
    case "look":
    case "classify":
    case "aggregate":
      inquiries.set(data.type, data);
      break;
    default:
      wish = data.type === "resume" ? "run" : data.type;
  }
  wake();
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
    const models = new NewestModels();
    const windows = new OtherWindows(gpu, dataset, configOf(settings, "prrfl"));
    const answers = new Answers(gpu, dataset, settings, models, windows);
    const name = folder?.name ?? null;
    await runAll(gpu, { dataset, settings, folder: name, kept, models, windows, answers });
    await forgetRun().catch(() => {});
    tell({ type: "finished" });
    for (;;) await answerNext(answers); // until the page ends the worker
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

/** What a run is made of. */
interface PageRun {
  readonly dataset: Dataset;
  readonly settings: PageSettings;
  /** name of the folder of the visitor's own images */
  readonly folder: string | null;
  readonly kept: KeptRun | null;
  readonly models: NewestModels;
  readonly windows: OtherWindows;
  readonly answers: Answers;
}

async function runAll(gpu: Gpu, run: PageRun): Promise<void> {
  const { dataset, settings, folder, kept, models, windows, answers } = run;
  const methods = new Map(kept?.methods);
  const told = new Map<MethodName, SimulationEvent[]>();
  for (const name of settings.methods) {
    told.set(name, [...methods.get(name)?.events ?? []]);
    for (const event of told.get(name)!) tell({ type: "event", method: name, event });
    takeUp(name, kept, models);
  }
  const runs = settings.methods.filter((name) => methods.get(name)?.state !== null).map((name) => {
    const resumeFrom = methods.get(name)?.state ?? null;
    const config = { ...configOf(settings, name), dataset };
    const stateEvery = name === "prrfl" ? "epoch" : "round"; // for other windows
    const control = { stateEvery, spectraEvery: "round", resumeFrom } as const;
    return { name, events: simulate(gpu, config, control) };
  });
  const last = runs.at(-1)?.name;
  for await (const { name, event } of inTurns(runs, isRoundStart)) {
    const events = told.get(name)!;
    if (name === "prrfl") windows.take(event);
    if (event.type === "run" && events.length > 0) continue; // told before
    if (event.type === "spectra") dropSpectra(events); // the newest say enough, and they are large
    if (!passing.includes(event.type)) events.push(event);
    models.take(name, event);
    if (isRoundStart(event) || event.type === "done") {
      const end = { state: null, models: models.of(name)! };
      const now = event.type === "done" ? end : { state: event.state };
      methods.set(name, { events: [...events], ...now });
      await keepRun({ settings, folder, methods }).catch(() => {}); // where a browser keeps nothing
    }
    if (event.type !== "state") tell({ type: "event", method: name, event });
    if (isRoundOver(event)) tell({ type: "models", method: name });
    await answerAll(answers);
    await obey(event, name === last, answers);
  }
}

function dropSpectra(events: SimulationEvent[]): void {
  const at = events.findIndex(({ type }) => type === "spectra");
  if (at >= 0) events.splice(at, 1);
}

/** The models that a method of a kept run had. */
function takeUp(name: MethodName, kept: KeptRun | null, models: NewestModels): void {
  const { state, models: last } = kept?.methods.get(name) ?? {};
  if (state) models.take(name, { type: "state", state });
  else if (last) models.put(name, last);
  if (models.of(name)) tell({ type: "models", method: name });
}

/** A state between rounds: what can be gone on from after a reload. */
function isRoundStart(event: SimulationEvent): event is StateEvent {
  return event.type === "state" && event.state.position.at === "round";
}

/** The first state is of the models as they are before the first round. */
function isRoundOver(event: SimulationEvent): boolean {
  return event.type === "done" || isRoundStart(event) && event.state.position.round > 0;
}

/** Waits where the visitor wants that; a step ends where the last method has communicated, or is over. */
async function obey(event: SimulationEvent, isLast: boolean, answers: Answers): Promise<void> {
  if (wish === "step" && isRoundOver(event) && isLast) wish = "pause";
  if (wish !== "pause" || event.type === "done" && isLast) return;
  tell({ type: "paused" });
  while (wish === "pause") await answerNext(answers);
  tell({ type: "going" });
}

/** Waits for an order, and answers if it asks something. */
async function answerNext(answers: Answers): Promise<void> {
  if (inquiries.size === 0) await new Promise<void>((resolve) => wake = resolve);
  await answerAll(answers);
}

async function answerAll(answers: Answers): Promise<void> {
  for (const [type, inquiry] of inquiries) {
    inquiries.delete(type);
    tell(await answers.to(inquiry));
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
