// SVG to PNG with resvg (WebAssembly), which brings no fonts: DejaVu Sans goes with it.

import { initWasm, Resvg } from "@resvg/resvg-wasm";
// Importing one file of the font's package is what makes Deno fetch it.
import dejavu from "dejavu-fonts-ttf/package.json" with { type: "json" };
import { readPackageFile } from "./package_file.ts";

/** The font that text in an SVG must ask for. */
export const fontFamily = "DejaVu Sans";

/** Draws SVG images as PNG files. */
export interface PngRenderer {
  /** @param scale pixels per SVG unit */
  render(svg: string, scale: number): Uint8Array;
}

let loading: Promise<PngRenderer> | undefined;

/**
 * Loads resvg and the font, once per process.
 *
 * @throws {Deno.errors.NotCapable} if the npm cache must not be read
 */
export function loadPngRenderer(): Promise<PngRenderer> {
  loading ??= load();
  return loading;
}

async function load(): Promise<PngRenderer> {
  const [wasm, font] = await Promise.all([
    readPackageFile(import.meta.resolve("@resvg/resvg-wasm/index_bg.wasm")),
    readPackageFile(import.meta.resolve(`${dejavu.name}/ttf/DejaVuSans.ttf`)),
  ]);
  await initWasm(wasm);
  return { render: (svg, scale) => rasterize(svg, scale, font) };
}

function rasterize(svg: string, scale: number, font: Uint8Array): Uint8Array {
  const resvg = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: { fontBuffers: [font], defaultFontFamily: fontFamily },
  });
  const image = resvg.render();
  try {
    return image.asPng();
  } finally {
    image.free(); // WebAssembly memory is not garbage collected
    resvg.free();
  }
}
