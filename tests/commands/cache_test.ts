// The cache of decoded images as users of the program meet it.

import { fromFileUrl, join } from "@std/path";
import { lesionClasses, type Split } from "../../src/data/dataset.ts";
import { planOfDataset, writeDatasetFolder } from "../../src/data/write_folder.ts";
import { assert, assertEquals } from "../assert.ts";
import { pixelsOf, TemporaryFolder } from "../data/tiny_folder.ts";
import { cacheOfDeno, ended, startCli } from "./run_cli.ts";

const inspect = ["data", "inspect", "--data", "data", "--image-size", "32"];

/** Deno's own cache, which otherwise would move with the user's, and be empty. */
const denoFolder = await cacheOfDeno();

/** Runs a test in a folder that holds `data`: ten images of one client. */
async function withData(
  imageSize: number,
  test: (folder: TemporaryFolder) => Promise<void>,
): Promise<void> {
  using folder = new TemporaryFolder();
  const bytes = imageSize ** 2 * 3;
  const split = (...ids: string[]): Split => {
    const images = new Uint8Array(ids.length * bytes);
    ids.forEach((id, index) => images.set(pixelsOf(id, imageSize), index * bytes));
    return { ids, images, labels: Int32Array.from(ids, (_, index) => index % 3) };
  };
  const client = { name: "A", train: split(..."abababab"), valid: split("c"), test: split("d") };
  const plan = planOfDataset({ clients: [client], imageSize, classNames: lesionClasses });
  await writeDatasetFolder(join(folder.path, "data"), plan, imageSize);
  await test(folder);
}

/** Paths of the cache's entries; null if there is no folder for them. */
function entriesIn(cacheHome: string): string[] | null {
  const folder = join(cacheHome, "prrfl-webgpu");
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => join(folder, name));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

Deno.test({
  name: "cli.ts keeps decoded images in the user's cache folder, uses and repairs them",
  ignore: Deno.build.os !== "linux", // elsewhere no variable moves the user's cache folder alone
  fn: () =>
    withData(32, async ({ path }) => {
      const run = async (cacheHome: string, ...args: string[]) => {
        const env = { XDG_CACHE_HOME: cacheHome, DENO_DIR: denoFolder };
        const { code, out, err } = await ended(startCli(path, [...inspect, ...args], env));
        assertEquals([code, err], [0, ""]);
        return out;
      };
      const [kept, unused] = ["kept", "unused"].map((name) => join(path, name));
      const expected = await run(unused, "--no-cache");
      assertEquals(entriesIn(unused), null);

      assertEquals(await run(kept), expected);
      const entries = entriesIn(kept)!;
      assertEquals(entries.length, 3); // splits
      const contents = entries.map((entry) => Deno.readFileSync(entry));
      const [first, ...others] = entries;
      Deno.truncateSync(first, 1000);
      const past = new Date(0);
      for (const entry of others) Deno.utimeSync(entry, past, past);
      assertEquals(await run(kept), expected);
      assertEquals(entries.map((entry) => Deno.readFileSync(entry)), contents);
      assert(others.every((entry) => Deno.statSync(entry).mtime! > past)); // they were used
    }),
});

Deno.test("cli.ts reads data without threads and cache where it may read nothing else, and asks for nothing", () =>
  withData(1024, async ({ path }) => { // so large that threads were worth while
    const root = fromFileUrl(new URL("../..", import.meta.url));
    const args = ["run", "--quiet", "-E", `--allow-read=${join(path, "data")},${denoFolder}`];
    const process = new Deno.Command(Deno.execPath(), {
      args: [...args, `--config=${join(root, "deno.json")}`, join(root, "cli.ts"), ...inspect],
      cwd: path,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
    const { code, out, err } = await ended(process.spawn());
    assertEquals([code, err], [0, ""]);
    assert(out.startsWith("data: 10 images of 32×32 pixels, 1 client"), out);
  }));
