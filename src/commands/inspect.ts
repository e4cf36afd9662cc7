// The command `data inspect`: what the images of a federation are, in numbers and on a contact sheet.

import { augmentedVersions } from "../data/augmented_versions.ts";
import { contactSheet, type SheetRow } from "../data/contact_sheet.ts";
import { type ClientDataset, type Dataset, type Split, splitNames } from "../data/dataset.ts";
import { encodePng } from "../data/encode.ts";
import { augmentationKey } from "../federated/client_group.ts";
import { prrfl } from "../federated/methods/prrfl.ts";
import { expectNewFile, writeFileAtomic } from "../io/files.ts";
import { counted, tableLines } from "../report/format.ts";
import { openGpu } from "../tensor/gpu.ts";
import { inspectFlags, type InspectOptions } from "./flags.ts";
import { checkDataFlags, showLoading } from "./load_dataset.ts";
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
 * Prints how many images each client, split and class has; with `--augment` also writes a contact sheet.
 *
 * @throws {UsageError | DataError | GpuError} saying what is wrong and what to do
 * @throws {Deno.errors.AlreadyExists} if there is a file where the contact sheet should go
 */
export async function inspect(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { options, settings } = resolveOptions(args, inspectFlags);
  checkDataFlags(options);
  if (options.augment) await expectNewFile(options.out);
  else rejectSheetFlags(settings.filter(({ source }) => source === "flag").map(({ name }) => name));

  const dataset = await showLoading(options, true, signal);
  console.log(countTable(dataset, options.data).join("\n"));
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
function countTable({ clients, classNames, imageSize }: Dataset, data: string): string[] {
  const row = (first: string, split: string, labels: readonly number[]) => [
    first,
    split,
    ...classNames.map((_, index) => String(labels.filter((label) => label === index).length)),
    String(labels.length),
  ];
  const labelsOf = (split: keyof Pick<ClientDataset, "train" | "valid" | "test">, of = clients) =>
    of.flatMap((client) => [...client[split].labels]);
  const rows = [...clients.map((client) => [client]), clients].flatMap((members) =>
    splitNames.map((split, index) => {
      const name = members === clients ? "all" : members[0].name;
      return row(index === 0 ? name : "", split, labelsOf(split, members));
    })
  );
  const total = splitNames.flatMap((split) => labelsOf(split)).length;
  const alignment = `ll${"r".repeat(classNames.length + 1)}`;
  return [
    `${data}: ${counted(total, "image")} of ${imageSize}×${imageSize} pixels, ` +
    `${counted(clients.length, "client")}`,
    "",
    ...tableLines([["client", "split", ...classNames, "all"], ...rows], alignment),
  ];
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
