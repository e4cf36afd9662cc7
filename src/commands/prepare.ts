// The command `data prepare`: makes the folder that `train` reads from raw collections of images.

import { join } from "@std/path";
import { chooseClasses } from "../data/choose_classes.ts";
import { readClassFolders } from "../data/class_folders.ts";
import { classWarnings } from "../data/class_names.ts";
import type { CollectedImage, Collection } from "../data/collected_image.ts";
import { readCollection, readMedMnistCollection } from "../data/collection.ts";
import { findColumn } from "../data/columns.ts";
import { openImageDecoder } from "../data/decode.ts";
import { diskFiles } from "../data/disk_files.ts";
import { countedGroups } from "../data/groups.ts";
import { type ImageNote, summarizeNotes } from "../data/image_notes.ts";
import type { PartitionRule } from "../data/partition.ts";
import { planByLists, planByPartition } from "../data/plan.ts";
import { type FolderPlan, writeDatasetFolder } from "../data/write_folder.ts";
import { createFolderAtomic, expectNewFolder } from "../io/files.ts";
import { counted } from "../report/format.ts";
import { countTable } from "./count_table.ts";
import { prepareFlags, type PrepareOptions } from "./data_flags.ts";
import { type Flag, trainFlags } from "./flags.ts";
import { resolveOptions } from "./options.ts";
import { ReadingLine } from "./reading_line.ts";
import { UsageError } from "./usage_error.ts";

/** The options without which there is nothing to do. */
interface Paths {
  readonly source: string;
  readonly out: string;
}

/** A plan, and what the user should know about how it came about. */
interface Planned {
  readonly plan: FolderPlan;
  readonly notes: readonly string[];
}

/**
 * Writes images of one size, split lists and class names; prints what it wrote.
 *
 * @throws {UsageError | DataError} saying what is wrong and what to do
 * @throws {Deno.errors.AlreadyExists} if there is something where the folder should go
 */
export async function prepare(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { options, settings } = resolveOptions(args, prepareFlags);
  const given = settings.filter(({ source }) => source === "flag").map(({ name }) => name);
  const { source, out } = checkFlags(options, given);
  await expectNewFolder(out);

  const { plan, notes } = options.csvFolder === null
    ? await planPartition(source, options)
    : await planByLists(source, options.csvFolder, options.skipMissing);
  const noticed = await write(out, plan, options.imageSize, signal);
  const all = [...notes, ...summarizeNotes(noticed).map((text) => `warning: ${text}`)];
  console.log(reportLines(out, plan, all, options.imageSize).join("\n"));
}

function checkFlags(options: PrepareOptions, given: readonly string[]): Paths {
  const { source, out } = options;
  if (source === null) throw needed(prepareFlags.source);
  if (out === null) throw needed(prepareFlags.out);
  const { labels, metadata, csvFolder, classes, seed, split } = prepareFlags;
  const { partition, partitionClients, alpha, partitionColumn } = prepareFlags;
  const { idColumn, labelColumn, labelColumns, dropUnlabelled, skipMissing, groupColumn } =
    prepareFlags;
  const reading = [idColumn, labelColumn, labelColumns, dropUnlabelled, groupColumn];
  const refuse = (flags: readonly Pick<Flag<unknown>, "name">[], why: string) => {
    const useless = flags.find(({ name }) => given.includes(name));
    if (useless === undefined) return;
    throw new UsageError(`Cannot use --${useless.name} ${why}; leave it out`);
  };
  if (options.csvFolder !== null) {
    const choices = [partition, partitionClients, alpha, partitionColumn, split, seed];
    refuse(
      [labels, metadata, classes, ...reading, ...choices],
      "with --csv-folder: the lists decide about clients, splits and labels",
    );
  }
  if (isMedMnist(source)) {
    refuse(
      [labels, metadata, csvFolder, split, partitionColumn, skipMissing, ...reading],
      "with a MedMNIST file: it has its own labels and splits, and no further columns",
    );
  }
  const kind = options.partition;
  if (isMedMnist(source) && kind === "column") {
    throw new UsageError(
      "Cannot use --partition column with a MedMNIST file: it has no columns; choose iid or dirichlet",
    );
  }
  if (kind !== "dirichlet") refuse([alpha], `with --partition ${kind}: it is for dirichlet`);
  if (kind !== "column") refuse([partitionColumn], `with --partition ${kind}: it is for column`);
  else {
    refuse([partitionClients], "with --partition column: every value makes a client");
    if (options.partitionColumn === null) throw needed(partitionColumn);
  }
  if (options.labelColumn !== null) {
    refuse([labelColumns], "with --label-column: choose one of them");
  }
  return { source, out };
}

function needed({ name, help }: Pick<Flag<unknown>, "name" | "help">): UsageError {
  return new UsageError(`Cannot prepare images without --${name}: ${help}`);
}

function isMedMnist(path: string): boolean {
  return /\.npz$/i.test(path);
}

async function planPartition(source: string, options: PrepareOptions): Promise<Planned> {
  const collection = await collect(source, options);
  const classNames = chooseClasses(collection.images, options.classes);
  const images = collection.images.filter(({ className }) => classNames.includes(className));
  const rule = ruleOf(options, images);
  const { split: shares, seed } = options;
  const plan = planByPartition(images, collection.groupColumns, classNames, rule, { shares, seed });
  return {
    plan,
    notes: [
      ...collection.notes,
      ruleNote(rule, seed),
      groupNote(images, collection.groupColumns),
      ...leftOutNote(collection.images, classNames),
    ],
  };
}

async function collect(source: string, options: PrepareOptions): Promise<Collection> {
  if (isMedMnist(source)) return await readMedMnistCollection(source);
  const labels = options.labels ?? await findLabels(source);
  if (labels !== null) return await readCollection(source, { ...options, labels });
  const folders = await readClassFolders(
    { files: diskFiles, decode: await openImageDecoder() },
    source,
  );
  if (folders === null) {
    throw new UsageError(
      `Cannot find labels in ${source}: there is no ${
        tableNames[0]
      }, nor one folder per class; name a CSV ` +
        "file with --labels, or a folder of lists with --csv-folder",
    );
  }
  const { metadata, idColumn, labelColumn, labelColumns, groupColumn } = options;
  if ((metadata ?? idColumn ?? labelColumn ?? labelColumns ?? groupColumn) === null) return folders;
  throw new UsageError(
    `Cannot use columns without a table: the classes of ${source} are its folders; name a CSV file with --labels`,
  );
}

/** What HAM10000's table is called in its two places, Harvard's Dataverse and Kaggle. */
const tableNames = ["HAM10000_metadata.csv", "HAM10000_metadata"];

/** The table that comes with HAM10000; null if there is none. */
async function findLabels(source: string): Promise<string | null> {
  for (const name of tableNames) {
    const path = join(source, name);
    try {
      if ((await Deno.stat(path)).isFile) return path;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return null;
}

function ruleOf(options: PrepareOptions, images: readonly CollectedImage[]): PartitionRule {
  const { partition: kind, partitionClients: clients, alpha, partitionColumn } = options;
  if (kind === "iid") return { kind, clients };
  if (kind === "dirichlet") return { kind, clients, alpha };
  const known = [...new Set(images.flatMap(({ fields }) => Object.keys(fields)))];
  const wanted = partitionColumn!; // checked
  const column = known.find((name) => name === wanted) ??
    findColumn(known, [wanted], "the tables of labels");
  if (column === undefined) {
    throw new UsageError(
      `Cannot use ${wanted} for --partition-column: the columns are ${known.join(", ")}`,
    );
  }
  return { kind, values: images.map(({ fields }) => fields[column] ?? "") };
}

async function write(
  out: string,
  plan: FolderPlan,
  imageSize: number,
  signal: AbortSignal,
): Promise<ImageNote[]> {
  using line = new ReadingLine(true, "Preparing images");
  return await createFolderAtomic(
    out,
    (temporary) =>
      writeDatasetFolder(temporary, plan, imageSize, (done, total) => {
        signal.throwIfAborted();
        line.show(done, total);
      }),
  );
}

function ruleNote(rule: PartitionRule, seed: number): string {
  if (rule.kind === "column") return `one client for each value of the column, --seed ${seed}`;
  const alpha = rule.kind === "dirichlet" ? `, --alpha ${rule.alpha}` : "";
  return `--partition ${rule.kind}${alpha}, --seed ${seed}`;
}

function groupNote(images: readonly CollectedImage[], columns: readonly string[]): string {
  const known = images.flatMap(({ group }) => group ?? []);
  const unknown = images.length - known.length;
  if (unknown === images.length) {
    return "no lesion or patient is known, so images of one may be in several splits and clients";
  }
  const groups = countedGroups(new Set(known).size, columns);
  const rest = unknown === 0 ? "" : `; ${counted(unknown, "image")} without one stand alone`;
  return `the images of each of ${groups} are in one client and split${rest}`;
}

function leftOutNote(all: readonly CollectedImage[], kept: readonly string[]): string[] {
  const left = all.filter(({ className }) => !kept.includes(className));
  if (left.length === 0) return [];
  const counts = [...Map.groupBy(left, ({ className }) => className)]
    .map(([name, images]) => `${images.length} ${name}`);
  return [`left out: ${counts.join(", ")}`];
}

function reportLines(
  out: string,
  { clients, classNames }: FolderPlan,
  notes: readonly string[],
  imageSize: number,
): string[] {
  const counts = clients.map(({ name, train, valid, test }) => ({
    name,
    labels: {
      train: train.images.map(({ label }) => label),
      valid: valid.images.map(({ label }) => label),
      test: test.images.map(({ label }) => label),
    },
  }));
  const total = counts.reduce(
    (sum, { labels: { train, valid, test } }) => sum + train.length + valid.length + test.length,
    0,
  );
  const labels = counts.map(({ labels }) => labels.train);
  const lastBatch = lastBatchFlag(labels.map(({ length }) => length));
  return [
    `${out}: ${counted(total, "image")} of ${imageSize}×${imageSize} pixels, ` +
    counted(clients.length, "client"),
    "",
    ...countTable(counts, classNames),
    "",
    ...notes,
    ...classWarnings(labels, classNames).map((warning) => `warning: ${warning}`),
    `Train from it with --data ${out} --image-size ${imageSize}${lastBatch}`,
  ];
}

/** The flag without which `train` refuses a client whose last batch would be a single image; empty if there is none. */
function lastBatchFlag(trainSizes: readonly number[]): string {
  const batch = trainFlags.batchSize.default;
  return trainSizes.some((count) => count % batch === 1) ? " --last-batch join" : "";
}
