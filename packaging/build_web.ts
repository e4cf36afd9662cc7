// Builds the live page into dist/web: static files that need no server of their own. Then shows it on this computer.
//   deno task web [PORT]

import { build as bundle, stop } from "esbuild";
import { dirname, join } from "@std/path";
import { loadChartLibrary } from "../src/report/page/chart_library.ts";
import { figureSources, sourceAddress } from "../src/web/figure_sources.ts";
import {
  forConsumers,
  licensesOf,
  makeAnew,
  packagesForBrowsers,
  shortKernels,
} from "./bundling.ts";

const root = join(import.meta.dirname!, "..");
const web = join(root, "src", "web");

/** Builds it into a folder, which is made anew. */
export async function buildPage(folder: string): Promise<void> {
  await makeAnew(folder);
  const { metafile } = await bundle({
    ...forConsumers,
    metafile: true,
    entryPoints: [join(web, "page.ts"), join(web, "worker.ts")],
    outdir: folder,
    plugins: [shortKernels, packagesForBrowsers],
  });
  await stop();
  const { script, notice, license } = await loadChartLibrary();
  const report = join(root, "src", "report", "page");
  const styles = [join(report, "page.css"), join(report, "figures.css"), join(web, "style.css")];
  const style = await Promise.all(styles.map((path) => Deno.readTextFile(path)));
  const texts = {
    "echarts.min.js": script,
    "echarts-license.txt": `${notice}\n\n${license}`,
    "package-licenses.txt": await licensesOf(Object.keys(metafile.inputs)),
    "style.css": style.join("\n"),
  };
  for (const [name, text] of Object.entries(texts)) {
    await Deno.writeTextFile(join(folder, name), text);
  }
  for (const name of ["index.html", "recorded_run.json"]) {
    await Deno.copyFile(join(web, name), join(folder, name));
  }
  for (const path of new Set(Object.values(figureSources))) {
    const target = join(folder, sourceAddress(path));
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.copyFile(join(root, path), target);
  }
  await writeReference(join(folder, "docs"));
}

/** The reference of all that mod.ts exports. */
async function writeReference(folder: string): Promise<void> {
  const name = "PRR-FL on WebGPU";
  const args = ["doc", "--html", `--output=${folder}`, `--name=${name}`, join(root, "mod.ts")];
  const options = { args, cwd: root, stdout: "null", stderr: "piped" } as const;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  if (!success) throw new Error(`Cannot write the reference: ${new TextDecoder().decode(stderr)}`);
}

const types: Readonly<Record<string, string>> = {
  css: "text/css",
  html: "text/html; charset=utf-8",
  js: "text/javascript",
  json: "application/json",
  map: "application/json",
  txt: "text/plain; charset=utf-8",
};

/** Gives the files of a folder to this computer alone. */
export function servePage(folder: string, port: number, onListen: (address: string) => void) {
  return Deno.serve({
    hostname: "127.0.0.1",
    port,
    onListen: ({ port }) => onListen(`http://127.0.0.1:${port}/`),
  }, async (request) => {
    try {
      const name = decodeURIComponent(new URL(request.url).pathname.slice(1)) || "index.html";
      const type = types[name.split(".").at(-1)!];
      const isBelow = name.split("/").every((part) => !/^\.*$|\\/.test(part));
      if (isBelow && type !== undefined) {
        const bytes = await Deno.readFile(join(folder, name));
        return new Response(bytes, { headers: { "content-type": type } });
      }
    } catch {
      // no such file, or no name of one
    }
    return new Response(null, { status: 404 });
  });
}

if (import.meta.main) {
  const port = Number(Deno.args[0] ?? 8000);
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    console.error(`Cannot serve at ${Deno.args[0]}: a port from 0 to 65535 is expected`);
    Deno.exit(2);
  }
  const folder = join(root, "dist", "web");
  await buildPage(folder);
  console.log(`built: ${folder}; any host of static files can show it`);
  servePage(folder, port, (address) => console.log(`open ${address}`));
}
