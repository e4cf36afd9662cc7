// The folder tree is the architecture diagram: imports point one way, and the engine runs anywhere.

import { fromFileUrl, relative } from "@std/path";
import { assert, assertEquals } from "./assert.ts";

/** What a layer may import besides itself. */
interface Allowed {
  /** values and types of these layers */
  readonly code: readonly string[];
  /** types alone of these */
  readonly types?: readonly string[];
}

const core = ["nn", "ops", "tensor", "gpu", "kernels"];
/** What the language lacks where Deno is not. */
const base = ["owned", "maps"];
const everything = [
  ...[
    "commands",
    "report",
    "federated",
    "data",
    "metrics",
    "io",
    "random",
    "clock",
    "hash",
    ...base,
    ...core,
  ],
  "deno.json", // its version
];

/** DESIGN.md, section 3, as a table: leftmost layer first. */
const layers: Readonly<Record<string, Allowed>> = {
  "cli": { code: everything },
  "mod": { code: ["engine", "data"] },
  "engine": { code: ["federated", "data", "metrics", "io", ...core], types: ["clock"] },
  "setup": { code: ["commands"] },
  "web": { code: ["report", "federated", "data", "metrics", "io", "clock", ...core] },
  "commands": { code: everything },
  "report": { code: ["metrics", "io", "clock", ...base], types: ["federated", "tensor"] },
  "federated": { code: ["data", "metrics", "random", "hash", ...base, ...core] },
  "nn": { code: ["random", "ops", "tensor", "gpu", "kernels", ...base] },
  "ops": { code: ["tensor", "gpu", "kernels", "hash"] },
  "data": { code: ["io", "random", "tensor", "gpu", "kernels", ...base] },
  "tensor": { code: ["random", "gpu", "kernels"] },
  "gpu": { code: ["kernels", "clock", ...base] },
  "io": { code: ["clock"], types: ["tensor"] },
  "metrics": { code: ["random"], types: ["federated"] },
  "random": { code: [] },
  "hash": { code: [] },
  "owned": { code: [] },
  "maps": { code: [] },
  "clock": { code: [] },
};

/** One import between two files of the project, by their paths in it. */
interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: "code" | "type";
}

Deno.test("imports point from left to right", async () => {
  assertEquals((await readEdges()).filter((edge) => !isAllowed(edge)).map(show), []);
});

Deno.test("no files import each other in a circle", async () => {
  assertEquals(findCycle(await readEdges()), []);
});

Deno.test("all that engine.ts needs, types included, uses neither Deno nor Node, no package, and nothing that Node 20 lacks", async () => {
  const files = await closureOf("engine.ts");
  assert(files.includes("src/federated/simulation.ts") && files.includes("src/data/demo.ts"));
  assertEquals(files.filter((path) => path.includes(":")), []);
  const missing =
    /getOrInsert|groupBy\(|DisposableStack\(|\.(keys|values|entries)\(\)\.(?!next|length)/;
  const isForeign = (line: string) => ofHost.test(line) || missing.test(line.replace(/\/\/.*/, ""));
  assertEquals(await linesOf(files, isForeign), []);
});

Deno.test("all that reads and trains on images in the live page, types included, uses neither Deno nor Node, and few packages", async () => {
  const files = await closureOf("src/web/worker.ts", "src/web/folder_choice.ts");
  assert(files.includes("src/data/official_folder.ts"));
  const packages = files.filter((path) => path.includes(":"));
  assertEquals(packages.map((path) => path.replace(/^npm:\/?|@[\d.]+/g, "")).sort(), [
    "crc-32",
    "csv-parse/sync",
    "fast-png",
  ]);
  assertEquals(await linesOf(files, (line) => ofHost.test(line)), []);
});

/** What only Deno or Node has. */
const ofHost = /\bDeno\.[a-zA-Z]|["']node:/;

/** Lines of sources that a rule finds, and where they are. */
async function linesOf(
  files: readonly string[],
  rule: (line: string) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  for (const path of files.filter((path) => path.endsWith(".ts"))) {
    const lines = (await Deno.readTextFile(new URL(path, root))).split("\n");
    lines.forEach((line, index) => {
      if (rule(line)) found.push(`${path}:${index + 1}: ${line}`);
    });
  }
  return found;
}

Deno.test("nothing looks at the machine's clock but src/clock.ts, so that tests can hand in another", async () => {
  const found: string[] = [];
  for (const path of await sourceFiles()) {
    if (path === "src/clock.ts") continue;
    const lines = (await Deno.readTextFile(new URL(path, root))).split("\n");
    lines.forEach((line, index) => {
      const looks = /performance\.now|Date\.now|new Date\(\)|setInterval|setTimeout\(.+,/;
      if (looks.test(line)) found.push(`${path}:${index + 1}: ${line}`);
    });
  }
  assertEquals(found, []);
});

Deno.test("cli.ts loads no package before it knows the command, but for the nearest word", async () => {
  const program = new URL("cli.ts", root);
  const modules = new Map((await readModules(fromFileUrl(program))).map((m) => [m.specifier, m]));
  const loaded = new Set([program.href]);
  for (const specifier of loaded) {
    for (const { code, isDynamic } of modules.get(specifier)?.dependencies ?? []) {
      if (code?.specifier !== undefined && !isDynamic) loaded.add(code.specifier);
    }
  }
  const packages = [...loaded].filter((specifier) => specifier.startsWith("npm:"));
  assertEquals(packages.map((specifier) => specifier.replace(/@[\d.]+/, "")), [
    "npm:deno-std/text/levenshtein_distance.js",
  ]);
  assert(loaded.has(new URL("src/commands/help.ts", root).href));
  assertEquals(loaded.has(new URL("src/commands/train.ts", root).href), false);
});

Deno.test("isAllowed() tells back edges from forward ones, and types from values", () => {
  const allowed = (from: string, to: string, kind: Edge["kind"] = "code") =>
    isAllowed({ from, to, kind });
  assertEquals(allowed("src/nn/vgg.ts", "src/ops/conv2d.ts"), true);
  assertEquals(allowed("src/ops/conv2d.ts", "src/nn/vgg.ts"), false);
  assertEquals(allowed("src/report/terminal/console.ts", "src/federated/events.ts", "type"), true);
  assertEquals(allowed("src/report/terminal/console.ts", "src/federated/events.ts"), false);
  assertEquals(allowed("src/random.ts", "src/gpu/runtime.ts", "type"), false);
  assertEquals(allowed("src/gpu/kernel.ts", "kernels/relu.wgsl"), true);
});

Deno.test("findCycle() finds a circle, of values or of types", () => {
  const circle = [edge("a", "b"), edge("b", "c"), edge("c", "b")];
  assertEquals(findCycle(circle), ["b", "c", "b"]);
  assertEquals(findCycle([edge("a", "b"), edge("a", "c"), edge("b", "c")]), []);
  assertEquals(findCycle([edge("a", "b"), edge("b", "a", "type")]), ["a", "b", "a"]);
});

const root = new URL("../", import.meta.url);

/** All imports between the project's own files, as Deno itself resolves them. */
async function readEdges(): Promise<Edge[]> {
  // `deno info` takes one file, so one is made that imports all.
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const imports = (await sourceFiles()).map((path) => `import "${new URL(path, root)}";`);
    await Deno.writeTextFile(entry, imports.join("\n"));
    return (await readModules(entry)).flatMap(edgesOf);
  } finally {
    await Deno.remove(entry);
  }
}

/** All files that one imports, directly or not, and now or later. */
async function readModules(entry: string): Promise<Module[]> {
  const config = fromFileUrl(new URL("deno.json", root));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", `--config=${config}`, entry],
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

/** All that files import, directly or not, values and types, now or later: paths, or what else is named there. */
async function closureOf(...paths: readonly string[]): Promise<string[]> {
  const entries = paths.map((path) => new URL(path, root));
  const all = await Promise.all(entries.map((entry) => readModules(fromFileUrl(entry))));
  const modules = new Map(all.flat().map((m) => [m.specifier, m]));
  const reached = new Set(entries.map(({ href }) => href));
  for (const specifier of reached) {
    for (const { code, type } of modules.get(specifier)?.dependencies ?? []) {
      for (const target of [code?.specifier, type?.specifier]) if (target) reached.add(target);
    }
  }
  return [...reached].map((url) => url.startsWith(root.href) ? pathOf(url) : url);
}

/** What `deno info --json` tells of a file. */
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly (Import & { readonly isDynamic?: boolean })[];
}

type Import = Partial<Record<Edge["kind"], { readonly specifier?: string }>>;

function edgesOf({ specifier, dependencies = [] }: Module): Edge[] {
  return dependencies.flatMap(({ code, type }) => {
    const target = code?.specifier ?? type?.specifier;
    if (!specifier.startsWith(root.href) || !target?.startsWith(root.href)) return [];
    return [{ from: pathOf(specifier), to: pathOf(target), kind: code ? "code" : "type" }];
  });
}

/** Paths of all TypeScript files but tests and benches. */
async function sourceFiles(folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder || ".", root))) {
    const path = folder + name;
    if (isDirectory) {
      if (folder !== "" || name === "src") found.push(...await sourceFiles(`${path}/`));
    } else if (name.endsWith(".ts")) found.push(path);
  }
  return found.sort();
}

function isAllowed({ from, to, kind }: Edge): boolean {
  const [left, right] = [layerOf(from), layerOf(to)];
  const { code, types = [] } = layers[left] ?? { code: [] };
  return left === right || code.includes(right) || (kind === "type" && types.includes(right));
}

/** `src/gpu/kernel.ts` → gpu, `src/random.ts` → random, `kernels/relu.wgsl` → kernels. */
function layerOf(path: string): string {
  return path.replace(/^src\//, "").split("/")[0].replace(/\.ts$/, "");
}

/** The files of one circle of imports, of types alone too, the first one again at the end; or nothing. */
function findCycle(edges: readonly Edge[]): string[] {
  const next = Map.groupBy(edges, ({ from }) => from);
  const finished = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return [];
    for (const { to } of next.get(file) ?? []) {
      const cycle = visit(to, [...path, file]);
      if (cycle.length > 0) return cycle;
    }
    finished.add(file);
    return [];
  };
  for (const file of next.keys()) {
    const cycle = visit(file, []);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

function pathOf(url: string): string {
  return relative(fromFileUrl(root), fromFileUrl(url)).replaceAll("\\", "/");
}

function show({ from, to, kind }: Edge): string {
  return `${from} → ${to}${kind === "type" ? " (types)" : ""}`;
}

function edge(from: string, to: string, kind: Edge["kind"] = "code"): Edge {
  return { from, to, kind };
}
