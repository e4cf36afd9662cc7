// Code that the documents quote is the code of the files they name.

import { assert, assertEquals, assertMatch } from "./assert.ts";

const root = new URL("../", import.meta.url);

/** A block of code and the file named last before it, on a line of its own. */
interface Quote {
  readonly file: string;
  readonly code: string;
}

/** All blocks of TypeScript and WGSL. */
function quotesIn(markdown: string): Quote[] {
  const parts = markdown.matchAll(/^`(?<file>[\w/.]+)`$|^```(?:ts|wgsl)\n(?<code>[^]*?)^```$/gm);
  let file = "";
  return [...parts].flatMap(({ groups }) => {
    file = groups!.file ?? file;
    return groups!.code === undefined ? [] : [{ file, code: groups!.code }];
  });
}

/** Each document, and how many files it may send its reader to. */
const documents = [
  { path: "docs/adding-an-op.md", mostFiles: 5 },
  { path: "docs/adding-a-method.md", mostFiles: 2 },
  { path: "docs/adding-a-network.md", mostFiles: 2 },
];

for (const { path, mostFiles } of documents) {
  const quotes = quotesIn(await Deno.readTextFile(new URL(path, root)));

  Deno.test(`${path} quotes at most ${mostFiles} files`, () => {
    const files = new Set(quotes.map(({ file }) => file));
    const enough = quotes.length >= 3 && !files.has("");
    assert(enough && files.size <= mostFiles, [...files].join(", "));
  });

  for (const { file, code } of quotes) {
    Deno.test(`${path} quotes ${file} as it is: ${code.split("\n")[0].trim()}`, async () => {
      const text = await Deno.readTextFile(new URL(file, root));
      assert(text.includes(code), `${file} has no such lines:\n${code}`);
    });
  }
}

/**
 * Types that public ones are made of and that say nothing by themselves: lists that a type names the values of, base
 * classes, and what recordings are made of.
 */
const unsaid = [
  ...["adapterChoices", "deviceLimits", "dtypes", "networkParts", "methods", "splitNames"],
  ...[
    "stateIntervals",
    "augmentations",
    "clientWeightings",
    "lastBatches",
    "nanActions",
    "optimizers",
  ],
  ...["BatchNorm", "BufferPool", "Dispatch", "Transfer"],
];

Deno.test("every symbol that is exported has its words, and the types that it needs are exported too", async () => {
  const args = ["doc", "--lint", "mod.ts", "engine.ts"];
  const options = { args, cwd: root, env: { NO_COLOR: "1" } };
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const findings = said.match(/^error\[[\w-]+\]: .*\n\s*--> .*$/gm) ?? [];
  const wrong = findings.filter((text) => {
    const [, name] = text.match(/references private type '(\w+)'/) ?? [];
    return name === undefined || !unsaid.includes(name);
  });
  assertMatch(said, /error|Checked/); // it has looked
  assertEquals(wrong, []);
});

Deno.test("docs/numerics.md has figures of every operation", async () => {
  const table = await Deno.readTextFile(new URL("docs/numerics.md", root));
  const exports = await Deno.readTextFile(new URL("engine.ts", root));
  const section = exports.match(/^\/\/ Operations\n(?<lines>[^]*?)\n\n/m)!.groups!.lines;
  const names = [...section.matchAll(/(?<!type )\b[a-z]\w*(?=[,\s}])/g)].map(([name]) => name)
    .filter((name) => !["export", "type", "from"].includes(name));
  assert(names.includes("conv2d") && names.includes("sub"), names.join(", "));
  for (const name of names) {
    assert(table.includes(`| \`${name}\``), `${name}: run deno task numerics`);
  }
});
