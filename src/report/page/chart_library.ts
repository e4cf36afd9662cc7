// Apache ECharts as text, to be put into pages, with what its license asks to go with it.

import manifest from "echarts/package.json" with { type: "json" };
import { readPackageFile } from "./package_file.ts";

/** What a page needs of the library. */
export interface ChartLibrary {
  readonly version: string;
  /** defines the global `echarts`; begins with its license header */
  readonly script: string;
  readonly notice: string;
  readonly license: string;
}

let loading: Promise<ChartLibrary> | undefined;

/**
 * Loads the library, once per process.
 *
 * @throws {Deno.errors.NotCapable} if the npm cache must not be read
 */
export function loadChartLibrary(): Promise<ChartLibrary> {
  loading ??= load();
  return loading;
}

async function load(): Promise<ChartLibrary> {
  const folder = import.meta.resolve("echarts/package.json");
  const [script, notice, license] = await Promise.all(
    ["dist/echarts.min.js", "NOTICE", "LICENSE"].map(async (name) =>
      new TextDecoder().decode(await readPackageFile(new URL(name, folder).href))
    ),
  );
  return { version: manifest.version, script, notice, license };
}
