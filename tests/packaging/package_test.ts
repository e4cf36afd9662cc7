// What is in the package, its types, what reads files, and its program.

import { join } from "@std/path";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { folder, inFolder } from "./installed.ts";

const ignore = folder === null;
const installed = () => join(folder!, "node_modules", "@prr-fl", "webgpu");

Deno.test({
  name:
    "the engine takes at most 80 kB, compressed, nothing from elsewhere, and the rest when it is called for",
  ignore,
  async fn() {
    const engine = await closureOf("engine.js");
    assert(engine.size <= 80_000, `${engine.size} bytes`);
    const parts = ["ceiling", "demo", "gradient_check", "simulation"];
    assertEquals(engine.late.map((name) => name.replace(/-.*/, "")), parts);
    const late = await Promise.all(engine.late.map((name) => closureOf(name, engine.names)));
    const simulation = late[parts.indexOf("simulation")];
    assert(engine.size + simulation.size <= 100_000, `${engine.size} + ${simulation.size} bytes`);
    assert(late.every(({ late }) => late.length === 0));
  },
});

/** A file of the package and all that it imports besides what is there: how much it is, and what it may fetch later. */
async function closureOf(file: string, there: ReadonlySet<string> = new Set()) {
  const names = new Set([file]);
  const late = new Set<string>();
  let size = 0;
  for (const name of names) {
    const text = await Deno.readTextFile(join(installed(), name));
    for (const [, isCall, from] of text.matchAll(/\b(?:from|import(\()?)"([^"]+)"/g)) {
      assertMatch(from, /^\.\/[\w-]+\.js$/);
      const other = from.slice(2);
      if (isCall) late.add(other);
      else if (!there.has(other)) names.add(other);
    }
    const packed = new Response(text).body!.pipeThrough(new CompressionStream("gzip"));
    size += (await new Response(packed).arrayBuffer()).byteLength;
  }
  return { names, size, late: [...late].sort() };
}

Deno.test({
  name: "strict TypeScript takes the package's types with those of WebGPU",
  ignore,
  async fn() {
    await Deno.copyFile(
      join(import.meta.dirname!, "consumer.ts"),
      join(folder!, "consumer.ts"),
    );
    const compilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: false, types: ["@webgpu/types"] },
      ...{ target: "es2022", lib: ["es2022", "dom"], module: "nodenext" },
    };
    const config = JSON.stringify({ compilerOptions, files: ["consumer.ts"] });
    await Deno.writeTextFile(join(folder!, "tsconfig.json"), config);
    const { code, out } = await inFolder("npx", ["tsc", "-p", "."]);
    assertEquals([code, out], [0, ""]);
  },
});

Deno.test({
  name: "Node reads a folder of images as Deno does",
  ignore,
  async fn() {
    const images = join(folder!, "images");
    const { encode } = await import("fast-png");
    const rows: string[] = [];
    await Deno.mkdir(join(images, "clientA", "img_resize8"), { recursive: true });
    for (let k = 0; k < 6; k++) {
      const data = Uint8Array.from({ length: 3 * 64 }, (_, at) => (at * 7 + k * 31) % 256);
      const png = encode({ width: 8, height: 8, data, channels: 3 });
      await Deno.writeFile(join(images, "clientA", "img_resize8", `i${k}.png`), png);
      rows.push(`i${k},${k % 2}`);
    }
    const lists = join(images, "csv_folder", "clientA");
    await Deno.mkdir(lists, { recursive: true });
    for (const split of ["train", "valid", "test"]) {
      await Deno.writeTextFile(
        join(lists, `${split}_clientA.csv`),
        `image_id,label\n${rows.join("\n")}\n`,
      );
    }
    const program = `import { readDatasetFolder } from "@prr-fl/webgpu/files";
      const { clients } = await readDatasetFolder("images", { imageSize: 8 });
      console.log(JSON.stringify(clients.map(({ name, train }) =>
        [name, train.ids, [...train.labels], train.images.reduce((a, b) => (a * 31 + b) % 65521, 7)])));`;
    await Deno.writeTextFile(join(folder!, "read.mjs"), program);
    const inNode = await inFolder("node", ["read.mjs"]);
    assertEquals(inNode.code, 0, inNode.err);
    const inDeno = await inFolder(Deno.execPath(), ["run", "-A", "read.mjs"]);
    assertEquals(inDeno.code, 0, inDeno.err);
    assertEquals(inNode.out, inDeno.out);
    assertEquals(JSON.parse(inNode.out)[0][2], [0, 1, 0, 1, 0, 1]);
  },
});

Deno.test({
  name: "its program trains in an empty folder",
  ignore,
  async fn() {
    const cwd = await Deno.makeTempDir({ dir: folder! });
    const small = ["--image-size", "32", "--width", "0.125", "--limit", "16", "--no-tuned"];
    const rounds = ["--iters", "1", "--wk_iters", "1"];
    const args = [
      "prrfl",
      "train",
      "--data",
      "demo",
      "--method",
      "fedavg",
      "--live",
      ...small,
      ...rounds,
    ];
    const { code, out, err } = await inFolder("npx", args, { cwd, env: { NO_COLOR: "1" } });
    assertEquals(code, 0, err);
    assertMatch(err, /live at http:\/\/127\.0\.0\.1:\d+/);
    assertMatch(out + err, /Done: 1 round/);
    const [run] = [...Deno.readDirSync(join(cwd, "runs"))];
    assert([...Deno.readDirSync(join(cwd, "runs", run.name))].length > 10);
    const help = await inFolder("npx", ["prrfl", "help"], { cwd, env: { NO_COLOR: "1" } });
    assertMatch(help.out, /^ {2}npx @prr-fl\/webgpu demo {2}/m);
    assert(!help.out.includes("deno task"), help.out); // there is none in that folder
    const wrong = await inFolder("npx", ["prrfl", "tran"], { cwd, env: { NO_COLOR: "1" } });
    assertEquals(wrong.code, 2, wrong.err);
    assertMatch(wrong.err, /train/);
  },
});

Deno.test({
  name: "its program ends in good order where it is told to, and can go on",
  ignore,
  async fn() {
    const cwd = await Deno.makeTempDir({ dir: folder! });
    const program = join(installed(), "bin", "prrfl.mjs");
    const small = ["--image-size", "32", "--width", "0.125", "--limit", "16", "--no-tuned"];
    const process = new Deno.Command("node", {
      args: [program, "train", "--data", "demo", "--method", "fedavg", ...small],
      cwd,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const said = new Response(process.stderr).text();
    const decoder = new TextDecoder();
    let out = "";
    for await (const bytes of process.stdout) {
      const before = out;
      out += decoder.decode(bytes, { stream: true });
      if (/Round 1/.test(out) && !/Round 1/.test(before)) process.kill("SIGTERM");
    }
    const { code } = await process.status;
    assertEquals(code, 143, out + await said);
    assertMatch(out + await said, /--resume/);
  },
});
