// The command `predict`: what trained models say of images whose class is not known.

import { stringify } from "csv-stringify/sync";
import { DataError } from "../data/data_error.ts";
import type { Split } from "../data/dataset.ts";
import { openImageDecoder } from "../data/decode.ts";
import { type ImageNote, summarizeNotes } from "../data/image_notes.ts";
import { findImages, readUnlabelledImage } from "../data/unlabelled_images.ts";
import { TrainedModels } from "../federated/trained_models.ts";
import { expectNewFile, toJsonLine, writeFileAtomic } from "../io/files.ts";
import { stdoutTerminal } from "../report/terminal/status_line.ts";
import { modelLabels } from "../report/reading/model_labels.ts";
import {
  predictionsCsv,
  predictionsJson,
  predictionsText,
  type PredictionTable,
} from "../report/terminal/predictions_report.ts";
import { ansiStyle, plainStyle } from "../report/terminal/style.ts";
import { predictFlags, type PredictOptions } from "./checkpoint_flags.ts";
import { type NetworkSettings, networkSettings } from "./checkpoint_settings.ts";
import { checkpointExtension, modelsOfRun, originOf, readCheckpoint } from "./checkpoints.ts";
import { oneLine } from "./expected_error.ts";
import { resolveOptions } from "./options.ts";
import { ReadingLine } from "./reading_line.ts";
import { openTunedGpu } from "./tuned_gpu.ts";
import { UsageError } from "./usage_error.ts";

/** Images that are decoded before the models see them; fewer if they are large. */
const portionImages = 256;
const portionBytes = 1 << 26;

/** Decoded images. */
interface Portion {
  readonly files: readonly string[];
  /** RGB bytes, `[files, imageSize, imageSize, 3]` */
  readonly images: Uint8Array;
  readonly failures: PredictionTable["failures"];
}

/**
 * Prints the class probabilities of images. One that cannot be read does not keep the others from being shown.
 *
 * @throws {UsageError | ConfigError | GpuError} saying what is wrong and what to do
 * @throws {DataError} if there are no images, or after all if some could not be read
 * @throws {Deno.errors.AlreadyExists} if there is a file where the table should go
 */
export async function predict(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { options, operands } = resolveOptions(args, predictFlags, {}, { takesOperands: true });
  const { checkpointPaths, imagePaths } = await sortOperands(operands);
  if (options.csv !== null) await expectNewFile(options.csv);
  const files = await findImages(imagePaths);
  const checkpoints = await Promise.all(checkpointPaths.map(readCheckpoint));
  const settings = await networkSettings(checkpoints, options);
  const network = { ...settings, batchSize: Math.min(settings.batchSize, files.length) };

  const gpu = await openTunedGpu(options);
  const weights = checkpoints.map(({ path, tensors }) => ({ name: path, tensors }));
  using models = new TrainedModels(gpu, weights, network);
  const { labels } = modelLabels(checkpoints.map(originOf));
  const table = await predictFiles(models, labels, files, network, options, signal);

  print(table, options);
  if (options.csv !== null && table.files.length > 0) {
    await writeFileAtomic(options.csv, stringify(predictionsCsv(table)));
  }
  if (table.failures.length === 0) return;
  for (const { message } of table.failures) console.error(`warning: ${oneLine(message)}`);
  throw new DataError(
    `Cannot use ${table.failures.length} of ${files.length} images: the lines above say why`,
  );
}

/** Run folders, the first word and all that end in `.safetensors` are models, the others images. */
async function sortOperands(operands: readonly string[]) {
  const checkpointPaths: string[] = [];
  const imagePaths: string[] = [];
  for (const [index, path] of operands.entries()) {
    const models = await modelsOfRun(path);
    if (models !== null) checkpointPaths.push(...models);
    else if (index === 0 || path.endsWith(checkpointExtension)) checkpointPaths.push(path);
    else imagePaths.push(path);
  }
  if (imagePaths.length > 0) return { checkpointPaths, imagePaths };
  const missing = operands.length === 0 ? "a checkpoint and images" : "images";
  throw new UsageError(
    `Cannot predict without ${missing}: write predict RUN IMAGE_OR_FOLDER, or instead of the run some of its ` +
      "models, such as RUN/best/clientA_personal.safetensors",
  );
}

async function predictFiles(
  models: TrainedModels,
  labels: readonly string[],
  files: readonly string[],
  network: NetworkSettings,
  { json }: PredictOptions,
  signal: AbortSignal,
): Promise<PredictionTable> {
  using line = new ReadingLine(!json, "Predicting images");
  const classes = network.classNames.length;
  const rows: PredictionTable["files"][number][] = [];
  const failures: PredictionTable["failures"][number][] = [];
  const notes: ImageNote[] = [];
  for await (const portion of readPortions(files, network, notes)) {
    signal.throwIfAborted();
    failures.push(...portion.failures);
    if (portion.files.length === 0) continue;
    let done = rows.length + failures.length;
    const outcomes = await models.evaluate(unlabelled(portion), (passes) => {
      signal.throwIfAborted();
      done += passes / labels.length;
      line.show(Math.round(done), files.length);
    });
    portion.files.forEach((file, row) => {
      const [start, end] = [row * classes, (row + 1) * classes];
      const probabilities = outcomes.map((own) => [...own.probabilities.subarray(start, end)]);
      rows.push({ file, probabilities });
    });
  }
  line[Symbol.dispose]();
  for (const note of summarizeNotes(notes)) console.error(`warning: ${oneLine(note)}`);
  return { models: labels, classNames: network.classNames, files: rows, failures };
}

async function* readPortions(
  files: readonly string[],
  { imageSize }: NetworkSettings,
  notes: ImageNote[],
): AsyncGenerator<Portion, void> {
  const decode = await openImageDecoder();
  const bytes = imageSize ** 2 * 3;
  const size = Math.min(portionImages, Math.floor(portionBytes / bytes));
  for (let first = 0; first < files.length; first += size) {
    const wanted = files.slice(first, first + size);
    const images = new Uint8Array(wanted.length * bytes);
    const read: string[] = [];
    const failures: { file: string; message: string }[] = [];
    for (const file of wanted) {
      try {
        const pixels = await readUnlabelledImage(file, imageSize, decode, notes);
        images.set(pixels, read.length * bytes);
        read.push(file);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        failures.push({ file, message: error.message });
      }
    }
    yield { files: read, images: images.subarray(0, read.length * bytes), failures };
  }
}

/** As a split, in which every image has the label 0: no one looks at losses and metrics. */
function unlabelled({ files, images }: Portion): Split {
  return { ids: files, images, labels: new Int32Array(files.length) };
}

function print(table: PredictionTable, { json }: PredictOptions): void {
  const terminal = stdoutTerminal();
  if (json) { for (const row of predictionsJson(table)) terminal.write(`${toJsonLine(row)}\n`); }
  else if (table.files.length > 0) {
    terminal.write(predictionsText(table, terminal.colour ? ansiStyle : plainStyle));
  }
}
