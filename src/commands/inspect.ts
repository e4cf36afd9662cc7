// The command `data inspect`: what the images of a federation are, in numbers and on a contact sheet.

import { augmentedVersions } from "../data/augmented_versions.ts";
import { findStoredSizes, type StoredSize } from "../data/stored_sizes.ts";
import { contactSheet, type SheetRow } from "../data/contact_sheet.ts";
import { DataError } from "../data/data_error.ts";
import { type Dataset, type Split, splitNames } from "../data/dataset.ts";
import { diskFiles } from "../data/disk_files.ts";
import { findDuplicates } from "../data/duplicates.ts";
import { encodePng } from "../data/encode.ts";
import { chooseGroupColumns, groupsBy } from "../data/groups.ts";
import { lastPart } from "../data/image_names.ts";
import { parseMetadata } from "../data/label_table.ts";
import { readText } from "../data/listing.ts";
import { checkGroups } from "../data/shared_groups.ts";
import { augmentationKey } from "../federated/clients/order.ts";
import { prrfl } from "../federated/methods/prrfl.ts";
import { expectNewFile, writeFileAtomic } from "../io/files.ts";
import { counted } from "../report/format.ts";
import { tableLines } from "../report/table_lines.ts";
import { stdoutTerminal } from "../report/terminal/status_line.ts";
import { ansiStyle, plainStyle } from "../report/terminal/style.ts";
import { openGpu } from "../tensor/gpu.ts";
import { countTable } from "./count_table.ts";
import { inspectFlags, type InspectOptions } from "./data_flags.ts";
import { duplicateLines, groupLines, storedLines } from "./inspect_checks.ts";
import { checkDataFlags, demoData, showLoading } from "./load_dataset.ts";
import { resolveOptions } from "./options.ts";
import { UsageError } from "./usage_error.ts";

/** Augmented versions beside each image: what training shows in its first so many epochs. */
const versionsPerImage = 7;
const imagesPerClient = 3;

/** A row of the contact sheet, and what it shows. */
interface LabelledRow extends SheetRow {
  readonly className: string;
  readonly id: string;
}

/**
 * Prints how many images each client, split and class has, what is stored, and which images should not be where they
 * are; with `--augment` also writes a contact sheet.
 *
 * @throws {UsageError | DataError | GpuError} saying what is wrong and what to do
 * @throws {Deno.errors.AlreadyExists} if there is a file where the contact sheet should go
 */
export async function inspect(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { options, settings } = resolveOptions(args, inspectFlags);
  checkDataFlags(options);
  if (options.augment) await expectNewFile(options.out);
  else rejectSheetFlags(settings.filter(({ source }) => source === "flag").map(({ name }) => name));

  if (options.metadata === null && options.groupColumn !== null) {
    throw new UsageError(
      "Cannot use --group-column without --metadata: name the table that has it",
    );
  }
  const groups = options.metadata === null ? null : await readGroups(options.metadata, options);
  const dataset = await showLoading(options, true, signal);
  console.log(countLines(dataset, options.data).join("\n"));
  console.log((await checkLines(dataset, options, groups)).join("\n"));
  if (options.augment) await writeSheet(dataset, options);
}

/** These matter to the contact sheet alone. */
function rejectSheetFlags(given: readonly string[]): void {
  const sheetFlags = [inspectFlags.out, inspectFlags.seed, inspectFlags.adapter];
  const useless = sheetFlags.find(({ name }) => given.includes(name));
  if (useless === undefined) return;
  throw new UsageError(
    `Cannot use --${useless.name} without --augment: it is for the contact sheet; add --augment`,
  );
}

/** Images of every client, split and class. */
function countLines({ clients, classNames, imageSize }: Dataset, data: string): string[] {
  const counts = clients.map(({ name, train, valid, test }) => ({
    name,
    labels: { train: [...train.labels], valid: [...valid.labels], test: [...test.labels] },
  }));
  const total = clients.flatMap((client) => splitNames.map((split) => client[split].ids.length))
    .reduce((sum, count) => sum + count, 0);
  return [
    `${data}: ${counted(total, "image")} of ${imageSize}×${imageSize} pixels, ` +
    counted(clients.length, "client"),
    "",
    ...countTable(counts, classNames),
  ];
}

/** What is stored, and what may be wrong with the images. */
async function checkLines(
  dataset: Dataset,
  { data, metadata }: InspectOptions,
  groups: Groups | null,
): Promise<string[]> {
  const { clients, imageSize, classNames } = dataset;
  const style = stdoutTerminal().colour ? ansiStyle : plainStyle;
  const stored = new Map<string, StoredSize[]>();
  if (data !== demoData) {
    for (const { name } of clients) stored.set(name, await findStoredSizes(data, name));
  }
  const total = clients.flatMap((
    { train, valid, test },
  ) => [...train.ids, ...valid.ids, ...test.ids]);
  const blocks = [
    data === demoData ? [] : storedLines(stored, imageSize),
    duplicateLines(await findDuplicates(dataset), imageSize, classNames, style),
    groups === null
      ? [
        "Lesions and patients: not checked; name a CSV file with image_id and lesion_id or patient_id " +
        "with --metadata",
      ]
      : [
        ...groupLines(
          checkGroups(dataset, groups.byImage),
          groups.columns,
          total.length,
          metadata!,
          style,
        ),
        ...groups.unused.map((column) =>
          `  ${
            style.bad("warning")
          }: column ${column} is not checked; name it with --group-column ${column}`
        ),
      ],
  ];
  return blocks.filter((lines) => lines.length > 0).flatMap((lines) => ["", ...lines]);
}

/** What images belong together. */
interface Groups {
  /** columns that tell it, and those that look as if they did */
  readonly columns: readonly string[];
  readonly unused: readonly string[];
  /** group by image identifier */
  readonly byImage: ReadonlyMap<string, string>;
}

async function readGroups(path: string, { groupColumn }: InspectOptions): Promise<Groups> {
  const text = await readText(
    diskFiles,
    path,
    "table of lesions or patients",
    "name it with --metadata",
  );
  const { header, fields } = parseMetadata(text, path);
  const { used: columns, unused } = chooseGroupColumns([{ header, path }], groupColumn);
  const groups = groupsBy([...fields.values()], columns);
  if (groups.every((group) => group === null)) {
    throw new DataError(
      `Cannot use ${path}: no image has a lesion_id or patient_id; name a file with one of these columns, ` +
        "such as HAM10000_metadata.csv, or another column with --group-column",
    );
  }
  const byImage = new Map<string, string>();
  for (const [index, stem] of [...fields.keys()].entries()) {
    const group = groups[index];
    if (group === null) continue;
    // Lists may name an image without its folders, or as data prepare does where names repeat.
    for (const name of [lastPart(stem), stem.replaceAll("/", "_"), stem]) byImage.set(name, group);
  }
  return { columns, unused, byImage };
}

async function writeSheet(dataset: Dataset, options: InspectOptions): Promise<void> {
  const rows = await sheetRows(dataset, options);
  const sheet = contactSheet(rows, dataset.imageSize);
  await writeFileAtomic(options.out, encodePng(sheet));
  console.log(sheetText(rows, options).join("\n"));
}

async function sheetRows(dataset: Dataset, options: InspectOptions): Promise<LabelledRow[]> {
  const { imageSize, classNames } = dataset;
  const gpu = await openGpu({ adapter: options.adapter });
  const epochs = Array.from(
    { length: versionsPerImage },
    (_, epoch) => augmentationKey("train", epoch),
  );
  const rows: LabelledRow[] = [];
  for (const [stream, { name, train }] of dataset.clients.entries()) {
    const chosen = chooseImages(train, classNames.length);
    const roles = prrfl.roles.length;
    const versions = await augmentedVersions(gpu, train, chosen, {
      ...{ imageSize, seed: options.seed, stream, roles, epochs },
    });
    const bytes = imageSize ** 2 * 3;
    chosen.forEach((image, position) => {
      const original = train.images.subarray(image * bytes, (image + 1) * bytes);
      const pictures = [original, ...versions.map((version) => version[position])];
      const className = classNames[train.labels[image]];
      rows.push({ pictures, heading: name, className, id: train.ids[image] });
    });
  }
  gpu.dispose();
  return rows;
}

/** The first image of every class, then others until there are enough. */
function chooseImages({ labels }: Split, classes: number): number[] {
  const firsts = Array.from({ length: classes }, (_, label) => labels.indexOf(label))
    .filter((image) => image >= 0);
  const others = [...labels.keys()].filter((image) => !firsts.includes(image));
  return [...firsts, ...others].slice(0, Math.max(firsts.length, imagesPerClient));
}

function sheetText(rows: readonly LabelledRow[], { out, seed }: InspectOptions): string[] {
  const table = rows.map(({ heading, className, id }, row) => [
    String(row + 1),
    heading,
    className,
    id,
  ]);
  return [
    "",
    `${out}: a training image on the left of each row, beside it what training makes of it in its`,
    `first ${versionsPerImage} local epochs with --seed ${seed}`,
    "",
    ...tableLines([["row", "client", "class", "image"], ...table], "rlll"),
  ];
}
