// Partitions: every image once, lesions whole, shares as wanted, chance as it should be.

import { DataError } from "../../src/data/data_error.ts";
import { type SplitName, splitNames } from "../../src/data/dataset.ts";
import {
  partition,
  type Partitionable,
  type PartitionRule,
  type Placement,
} from "../../src/data/partition.ts";
import { RandomStream } from "../../src/random.ts";
import { assert, assertEquals, assertNotEquals, assertThrows } from "../assert.ts";
import { assertFrequencies, assertShare, assertWithin, mean } from "./statistics.ts";

const shares = [0.7, 0.1, 0.2] as const;
const options = { shares, seed: 1 };

/** Images of three classes, 70 % of the first; some are several of one lesion. */
function collection(count: number, seed = 1): Partitionable[] {
  const random = new RandomStream(seed, count);
  const images: Partitionable[] = [];
  while (images.length < count) {
    const group = random.uniform() < 0.3 ? null : `L${images.length}`;
    const label = random.uniform() < 0.7 ? 0 : 1 + random.integer(2);
    const size = group === null ? 1 : 1 + random.integer(4);
    for (let i = 0; i < size; i++) images.push({ label, group, split: null });
  }
  return random.permutation(count).reduce<Partitionable[]>((all, i) => [...all, images[i]], []);
}

/** `count` images of each class, each of its own lesion. */
function simple(classes: number, count: number): Partitionable[] {
  return Array.from(
    { length: classes * count },
    (_, index) => ({ label: index % classes, group: null, split: null }),
  );
}

/** Rules with the collection that each of them is for. */
const rules: Readonly<Record<string, (images: readonly Partitionable[]) => PartitionRule>> = {
  iid: () => ({ kind: "iid", clients: 5 }),
  dirichlet: () => ({ kind: "dirichlet", clients: 3, alpha: 2 }),
  column: (images) => ({ kind: "column", values: images.map((_, index) => `site ${index % 3}`) }),
};

const where = ({ client, split }: Placement) => `${client} ${split}`;

for (const [name, ruleFor] of Object.entries(rules)) {
  for (const count of [60, 301, 1000]) {
    const images = collection(count, count);
    const rule = ruleFor(images);

    Deno.test(`${name} of ${count} places every image, and lesions whole`, () => {
      for (const seed of [0, 1, 2 ** 32 - 1]) {
        const placements = partition(images, rule, { shares, seed });
        assertEquals(placements.length, count);
        for (const { client, split } of placements) {
          assert(client !== "" && splitNames.includes(split));
        }
        const byLesion = Map.groupBy(placements.keys(), (index) => images[index].group);
        byLesion.delete(null);
        for (const members of byLesion.values()) {
          assertEquals(new Set(members.map((index) => where(placements[index]))).size, 1);
        }
      }
    });

    Deno.test(`${name} of ${count} divides every client by the shares, and each class alike`, () => {
      const placements = partition(images, rule, options);
      for (const [client, indices] of Map.groupBy(placements.keys(), (i) => placements[i].client)) {
        splitNames.forEach((split, part) => {
          const own = indices.filter((index) => placements[index].split === split);
          // A lesion has up to four images, and two parts may be behind by as much.
          const excess = own.length - shares[part] * indices.length;
          assert(Math.abs(excess) <= 8, `${client} ${split}: ${excess}`);
          for (const label of [0, 1, 2]) {
            const ofLabel = (list: number[]) =>
              list.filter((index) => images[index].label === label).length;
            const excess = ofLabel(own) - shares[part] * ofLabel(indices);
            assert(Math.abs(excess) <= 12, `${client} ${split}, class ${label}: ${excess}`);
          }
        });
      }
    });

    Deno.test(`${name} of ${count} repeats with its seed and changes with another`, () => {
      const first = partition(images, rule, options);
      assertEquals(partition(images, rule, options), first);
      assertNotEquals(partition(images, rule, { shares, seed: 2 }), first);
    });
  }
}

Deno.test("iid makes clients of equal size, named A, B, C or 01, 02, 03", () => {
  const sizes = (clients: number, count: number) => {
    const placements = partition(simple(1, count), { kind: "iid", clients }, options);
    const groups = [...Map.groupBy(placements, ({ client }) => client)];
    return groups.map(([name, members]) => `${name}${members.length}`).sort();
  };
  assertEquals(sizes(3, 100), ["A34", "B33", "C33"]);
  assertEquals(sizes(30, 600).slice(0, 2), ["0120", "0220"]);
});

Deno.test("iid gives every image to every client and split with the right probability", () => {
  const runs = Array.from(
    { length: 3000 },
    (_, seed) => partition(simple(2, 20), { kind: "iid", clients: 4 }, { shares, seed }),
  );
  for (const image of [0, 7, 39]) {
    const placements = runs.map((run) => run[image]);
    const counts = ["A", "B", "C", "D"].map((name) =>
      placements.filter(({ client }) => client === name).length
    );
    assertFrequencies(`client of image ${image}`, counts, [0.25, 0.25, 0.25, 0.25]);
    // Ten images of a client are divided 7, 1, 2.
    const splits = splitNames.map((name) =>
      placements.filter(({ split }) => split === name).length
    );
    assertFrequencies(`split of image ${image}`, splits, shares);
  }
  // Of 39 others 9 are in the same client.
  assertShare("two images together", runs.map((run) => run[0].client === run[1].client), 9 / 39);
  // Hypergeometric: 10 drawn of 40, of which 20 are of class 0.
  const drawn = runs.map((run) =>
    run.filter(({ client }, index) => client === "A" && index % 2 === 0).length
  );
  const variance = 10 * 0.25 * (30 / 39);
  assertWithin("class 0 in client A", mean(drawn), 5, Math.sqrt(variance / runs.length));
  const squares = drawn.map((count) => (count - 5) ** 2);
  const spread = Math.sqrt((mean(squares.map((s) => s ** 2)) - mean(squares) ** 2) / runs.length);
  assertWithin("its variance", mean(squares), variance, spread);
});

Deno.test("dirichlet gives every client a share of each class with the right mean and variance", () => {
  const [clients, alpha, count] = [4, 2, 400];
  const drawn = Array.from({ length: 1500 }, (_, seed) => {
    const rule = { kind: "dirichlet", clients, alpha } as const;
    const placements = partition(simple(2, count), rule, { shares, seed });
    return [0, 1].map((label) =>
      placements.filter(({ client }, index) => client === "B" && index % 2 === label).length / count
    );
  });
  const variance = (1 / clients) * (1 - 1 / clients) / (clients * alpha + 1);
  for (const label of [0, 1]) {
    const values = drawn.map((shares) => shares[label]);
    const error = Math.sqrt(variance / values.length);
    assertWithin(`share of class ${label}`, mean(values), 1 / clients, error);
    const squares = values.map((value) => (value - 1 / clients) ** 2);
    const spread = Math.sqrt(
      (mean(squares.map((s) => s ** 2)) - mean(squares) ** 2) / squares.length,
    );
    assertWithin(`its variance`, mean(squares), variance, spread);
  }
  const [first, second] = [drawn.map(([share]) => share), drawn.map(([, share]) => share)];
  const products = first.map((value, i) => (value - mean(first)) * (second[i] - mean(second)));
  const error = variance / Math.sqrt(drawn.length);
  assertWithin("covariance of two classes", mean(products), 0, error);
});

Deno.test("dirichlet with a large alpha gives all clients the same of each class", () => {
  const images = simple(3, 200);
  const rule = { kind: "dirichlet", clients: 4, alpha: 1e9 } as const;
  const placements = partition(images, rule, options);
  for (const label of [0, 1, 2]) {
    for (const name of ["A", "B", "C", "D"]) {
      const own = placements.filter(({ client }, i) =>
        client === name && images[i].label === label
      );
      assertEquals(own.length, 50);
    }
  }
});

Deno.test("dirichlet draws anew until every client has enough images", () => {
  const rule = { kind: "dirichlet", clients: 4, alpha: 0.1 } as const;
  for (let seed = 0; seed < 20; seed++) {
    const placements = partition(simple(3, 60), rule, { shares, seed });
    for (const name of ["A", "B", "C", "D"]) {
      const count = (wanted: SplitName) =>
        placements.filter(({ client, split }) => client === name && split === wanted).length;
      assert(count("train") >= 2 && count("valid") >= 1 && count("test") >= 1, `seed ${seed}`);
    }
  }
});

Deno.test("column makes a client for each value, named so that it can be a folder", () => {
  const values = ["lower extremity", "../../etc", "", "b/c\\d"];
  const images = simple(1, 80);
  const rule = { kind: "column", values: images.map((_, index) => values[index % 4]) } as const;
  const placements = partition(images, rule, options);
  const names = ["lower_extremity", ".._.._etc", "unknown", "b_c_d"];
  assertEquals(placements.map(({ client }) => client), images.map((_, index) => names[index % 4]));
});

Deno.test("column puts a lesion where most of its images would be", () => {
  const images = simple(1, 40).map((image, index) => index < 3 ? { ...image, group: "L" } : image);
  const values = images.map((_, index) => index === 1 || index > 20 ? "left" : "right");
  const placements = partition(images, { kind: "column", values }, options);
  assertEquals(placements.slice(0, 3).map(({ client }) => client), ["right", "right", "right"]);
});

Deno.test("column puts a lesion with as many images of two values where the first of them is", () => {
  const images = simple(1, 40).map((image, index) => index < 4 ? { ...image, group: "L" } : image);
  for (const first of ["right", "left"]) {
    const other = first === "left" ? "right" : "left";
    const values = images.map((_, index) => [first, other][index % 2]);
    const placements = partition(images, { kind: "column", values }, options);
    assertEquals(placements.slice(0, 4).map(({ client }) => client), [first, first, first, first]);
  }
});

Deno.test("a lesion of two classes counts as the more frequent, or of equally many as the first", () => {
  // Dirichlet deals class by class: with nothing of class 1 but in the tied lesion, class 1 has no groups.
  const images = simple(1, 60).flatMap((image, index): Partitionable[] =>
    index < 50
      ? [image]
      : [{ ...image, group: `L${index}` }, { ...image, label: 1, group: `L${index}` }]
  );
  const tied = partition(images, rules.dirichlet(images), options);
  const plain = partition(
    images.map((image) => ({ ...image, label: 0 })),
    rules.dirichlet(images),
    options,
  );
  assertEquals(tied, plain);
});

Deno.test("a given split stays, and clients share out each split by the same rule", () => {
  const images = splitNames.flatMap((split, part) =>
    simple(2, [60, 10, 20][part]).map((image) => ({ ...image, split }))
  );
  for (const rule of [rules.iid(images), rules.dirichlet(images)]) {
    const placements = partition(images, rule, options);
    assertEquals(placements.map(({ split }) => split), images.map(({ split }) => split));
    for (const [client, own] of Map.groupBy(placements, ({ client }) => client)) {
      splitNames.forEach((split, part) => {
        const count = own.filter((placement) => placement.split === split).length;
        const excess = count - [60, 10, 20][part] / 90 * own.length;
        assert(Math.abs(excess) <= 3, `${client} ${split}: ${excess}`);
      });
    }
  }
});

Deno.test("partition() says which client would have too few images, and what to do", () => {
  const rejected = (rule: PartitionRule, images: readonly Partitionable[]) =>
    assertThrows(() => partition(images, rule, options), DataError).message;
  assertEquals(
    rejected({ kind: "iid", clients: 4 }, simple(1, 8)),
    "Cannot share out 8 images: in each of 100 draws some client got too few; in the last one " +
      "client A had 1 for train instead of at least 2; choose fewer clients with --partition-clients, or other shares with --split",
  );
  assertEquals(
    rejected({ kind: "dirichlet", clients: 10, alpha: 0.001 }, simple(2, 100)).split("; ")[2],
    "choose fewer clients with --partition-clients or a larger --alpha",
  );
  const values = ["a", ...new Array<string>(19).fill("b")];
  assertEquals(
    rejected({ kind: "column", values }, simple(1, 20)),
    "Cannot share out 20 images: in each of 100 draws some client got too few; in the last one " +
      "client a had 1 for train instead of at least 2; choose another --partition-column, or other shares with --split",
  );
});

Deno.test("partition() rejects values that would make one folder", () => {
  const values = Array.from({ length: 40 }, (_, index) => index % 2 === 0 ? "a b" : "a_b");
  const error = assertThrows(
    () => partition(simple(1, 40), { kind: "column", values }, options),
    DataError,
  );
  assertEquals(
    error.message,
    'Cannot name the clients "a b" and "a_b": both would be a_b; rename one of them',
  );
});

Deno.test("partition() rejects a lesion whose images are given to different splits", () => {
  const images = simple(1, 40).map((image, index) => ({
    ...image,
    group: "L",
    split: splitNames[index % 2],
  }));
  assertThrows(
    () => partition(images, { kind: "iid", clients: 1 }, options),
    RangeError,
    "different splits",
  );
});
