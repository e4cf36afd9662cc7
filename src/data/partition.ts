// Shares a collection of labelled images out among clients, and each client's among train, valid and test.

import { RandomStream } from "../random.ts";
import { DataError } from "./data_error.ts";
import { type SplitName, splitNames } from "./dataset.ts";
import { dirichlet } from "./dirichlet.ts";

/** What of an image decides where it goes. */
export interface Partitionable {
  /** class index */
  readonly label: number;
  /** all images of a group (a lesion, a patient) go to the same client and split; null: it is in none */
  readonly group: string | null;
  /** where the makers of the collection put it; null: to be decided */
  readonly split: SplitName | null;
}

/** The kinds of rule by which images are shared out. */
export const partitionRules = ["iid", "dirichlet", "column"] as const;

/**
 * Who gets which images. `iid`: chance alone decides, and clients are of equal size. `dirichlet`: of each class
 * every client gets a share from a Dirichlet distribution (Hsu et al. 2019, arXiv:1909.06335). `column`: one client
 * for each value; a group with several values goes where most of its images would, of equally many to the value that
 * is listed first.
 */
export type PartitionRule =
  | { readonly kind: "iid"; readonly clients: number }
  | { readonly kind: "dirichlet"; readonly clients: number; readonly alpha: number }
  | { readonly kind: "column"; readonly values: readonly string[] };

/** How the images of a client are divided, and what chance follows from. */
export interface PartitionOptions {
  /** shares of train, valid and test, which add up to 1; classes are divided alike */
  readonly shares: readonly [number, number, number];
  readonly seed: number;
  /** what may be done where a client gets too few; default which flags may be changed */
  readonly remedy?: string;
}

/** Shares of train, valid and test where nobody chooses others. */
export const defaultShares = [0.7, 0.1, 0.2] as const;

/** Where an image goes. */
export interface Placement {
  /** name of the client */
  readonly client: string;
  readonly split: SplitName;
}

/** The least number of images: batch normalization has no variance of a single one. */
const smallest: Readonly<Record<SplitName, number>> = { train: 2, valid: 1, test: 1 };

/** Placements are drawn so many times until no client has too few images, which makes extreme shares rarer. */
const attempts = 100;

/** Images that must not be separated, by their indices. */
interface Group {
  readonly members: readonly number[];
  readonly label: number;
  readonly split: SplitName | null;
}

/**
 * Places every image. The same images, rule and options give the same placements.
 *
 * @returns a placement for each image
 * @throws {DataError} when a client would have too few images to be trained or tested
 */
export function partition(
  images: readonly Partitionable[],
  rule: PartitionRule,
  options: PartitionOptions,
): Placement[] {
  const random = new RandomStream(options.seed);
  const groups = groupsOf(images);
  const clients = clientsOf(rule);
  let lack = "";
  for (let attempt = 0; attempt < attempts; attempt++) {
    const shuffled = Array.from(random.permutation(groups.length), (index) => groups[index]);
    const owners = assignClients(shuffled, rule, clients, random);
    const placements = new Array<Placement>(images.length);
    for (const [owner, indices] of Map.groupBy(shuffled.keys(), (index) => owners[index])) {
      const own = indices.map((index) => shuffled[index]);
      for (const [group, split] of assignSplits(own, options.shares, random)) {
        for (const member of group.members) placements[member] = { client: clients[owner], split };
      }
    }
    lack = findLack(placements, clients);
    if (lack === "") return placements;
  }
  throw new DataError(
    `Cannot share out ${images.length} images: in each of ${attempts} draws some client got too few; in the ` +
      `last one ${lack}; ${options.remedy ?? remedies[rule.kind]}`,
  );
}

const remedies: Readonly<Record<PartitionRule["kind"], string>> = {
  iid: "choose fewer clients with --partition-clients, or other shares with --split",
  dirichlet: "choose fewer clients with --partition-clients or a larger --alpha",
  column: "choose another --partition-column, or other shares with --split",
};

/** Groups in the order of their first images. */
function groupsOf(images: readonly Partitionable[]): Group[] {
  const members = Map.groupBy(
    images.keys(),
    (index) => images[index].group ?? index,
  );
  return [...members.values()].map((members) => {
    const label = mostFrequent(members.map((index) => images[index].label));
    const splits = new Set(members.map((index) => images[index].split));
    if (splits.size > 1) {
      throw new RangeError("Cannot keep a group together whose images have different splits");
    }
    return { members, label, split: images[members[0]].split };
  });
}

/** The names of the clients: A to Z, numbers if there are more, or the values of the column. */
function clientsOf(rule: PartitionRule): string[] {
  if (rule.kind === "column") return namesOfValues(rule.values);
  const digits = String(rule.clients).length;
  return Array.from(
    { length: rule.clients },
    (_, index) =>
      rule.clients <= 26
        ? String.fromCharCode("A".charCodeAt(0) + index)
        : String(index + 1).padStart(digits, "0"),
  );
}

function namesOfValues(values: readonly string[]): string[] {
  const different = [...new Set(values)].sort();
  const names = different.map(clientName);
  const second = names.findIndex((name, index) => names.indexOf(name) < index);
  if (second < 0) return names;
  const first = names.indexOf(names[second]);
  throw new DataError(
    `Cannot name the clients "${different[first]}" and "${different[second]}": both would be ` +
      `${names[second]}; rename one of them`,
  );
}

/** A value as part of the names of files: letters, digits, dots, hyphens and underscores. */
function clientName(value: string): string {
  return value.trim().replaceAll(/[^\p{L}\p{N}.-]+/gu, "_") || "unknown";
}

/** The client of each group, by its index. */
function assignClients(
  groups: readonly Group[],
  rule: PartitionRule,
  clients: readonly string[],
  random: RandomStream,
): number[] {
  if (rule.kind === "column") {
    return groups.map(({ members }) =>
      clients.indexOf(clientName(mostFrequent(members.map((index) => rule.values[index]))))
    );
  }
  const owners = new Array<number>(groups.length);
  const deal = (indices: readonly number[], shares: readonly number[]) =>
    dealOut(indices.map((index) => groups[index]), shares).forEach((client, position) => {
      owners[indices[position]] = client;
    });
  const indices = [...groups.keys()];
  if (rule.kind === "iid") {
    const equal = clients.map(() => 1 / clients.length);
    for (const part of Map.groupBy(indices, (index) => groups[index].split).values()) {
      deal(part, equal);
    }
    return owners;
  }
  const labels = [...new Set(groups.map(({ label }) => label))].sort((a, b) => a - b);
  for (const label of labels) {
    const shares = dirichlet(random, rule.alpha, clients.length);
    const ofLabel = indices.filter((index) => groups[index].label === label);
    for (const part of Map.groupBy(ofLabel, (index) => groups[index].split).values()) {
      deal(part, shares);
    }
  }
  return owners;
}

/** The split of each group of one client: the given one, or by shares, class after class. */
function assignSplits(
  groups: readonly Group[],
  shares: readonly number[],
  random: RandomStream,
): (readonly [Group, SplitName])[] {
  const sorted = groups.toSorted((a, b) => a.label - b.label);
  const undecided = sorted.filter(({ split }) => split === null);
  // Begun at the first class, a small client's test images would always be of the same classes.
  const start = random.integer(undecided.length);
  const free = [...undecided.slice(start), ...undecided.slice(0, start)];
  const dealt = dealOut(free, shares).map((split, index) =>
    [free[index], splitNames[split]] as const
  );
  const given = sorted.flatMap((group) =>
    group.split === null ? [] : [[group, group.split]] as const
  );
  return [...dealt, ...given];
}

/**
 * Deals groups out one by one, each to the part that lacks most images of its share so far: so any run of them is
 * divided by the shares, to within a group.
 *
 * @returns the part of each group
 */
function dealOut(groups: readonly Group[], shares: readonly number[]): number[] {
  const given = shares.map(() => 0);
  let total = 0;
  return groups.map(({ members }) => {
    total += members.length;
    const lacks = shares.map((share, part) => share * total - given[part]);
    const part = lacks.indexOf(Math.max(...lacks));
    given[part] += members.length;
    return part;
  });
}

/** The first client with too few images, in words; empty if there is none. */
function findLack(placements: readonly Placement[], clients: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const { client, split } of placements) {
    const key = `${split} ${client}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const client of clients) {
    for (const split of splitNames) {
      const count = counts.get(`${split} ${client}`) ?? 0;
      if (count >= smallest[split]) continue;
      return `client ${client} had ${count} for ${split} instead of at least ${smallest[split]}`;
    }
  }
  return "";
}

/** The first of the most frequent values. */
function mostFrequent<T>(values: readonly T[]): T {
  const counts = [...Map.groupBy(values, (value) => value)];
  return counts.reduce((best, next) => next[1].length > best[1].length ? next : best)[0];
}
