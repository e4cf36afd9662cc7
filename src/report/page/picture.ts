// One variant of a figure as a picture of its own: title, explanation and charts, as an SVG.

import * as echarts from "echarts";
import { percent, wrapped } from "../format.ts";
import type { Panel, Variant } from "../figures/figure.ts";
import { themes } from "../figures/theme.ts";
import { fontFamily } from "./png.ts";

const width = 960;
const margin = 24;
const lineHeight = 17;
/** Letters of the explanation that fit a line. */
const lettersPerLine = 132;
const headingHeight = 30;

/** Where a panel goes. */
interface Place {
  readonly panel: Panel;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Draws a variant, 960 wide. */
export function pictureSvg(
  { title, panels }: Pick<Variant, "title" | "panels">,
  caption: string,
): string {
  const lines = wrapped(caption, lettersPerLine);
  const top = 62 + lineHeight * lines.length;
  const { places, bottom } = layOut(panels, top);
  const text = (x: number, y: number, size: number, color: string, content: string) =>
    `<text x="${x}" y="${y}" font-size="${size}" fill="${color}">${escaped(content)}</text>`;
  return drawable([
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${bottom}" ` +
    `viewBox="0 0 ${width} ${bottom}" font-family="${fontFamily}">`,
    `<rect width="${width}" height="${bottom}" fill="#fff"/>`,
    text(margin, 38, 18, themes.light.textStyle.color, title),
    ...lines.map((line, index) => text(margin, 62 + lineHeight * index, 12, "#57606a", line)),
    ...places.flatMap(({ panel, x, y, width }, index) => {
      const { heading } = panel;
      const offset = heading === null ? 0 : headingHeight;
      return [
        heading === null ? "" : text(x + 56, y + 18, 14, themes.light.textStyle.color, heading),
        chartSvg(panel, width)
          .replace("<svg ", `<svg x="${x}" y="${y + offset}" `)
          .replaceAll(/\bzr\d+-/g, `panel${index}-`), // every chart has the same names of clips and classes
      ];
    }),
    "</svg>\n",
  ].join("\n"));
}

/** Without the characters that XML does not have, which names may: the rasterizer would refuse the whole picture. */
function drawable(svg: string): string {
  return svg.toWellFormed()
    .replaceAll(/[\p{Cc}\ufffe\uffff]/gu, (c) => "\t\n\r".includes(c) ? c : "\ufffd");
}

/** One chart, with the legend's last values, which a page shows under the pointer. */
function chartSvg({ option, height, tooltip }: Panel, width: number): string {
  const theme = { ...themes.light, textStyle: { ...themes.light.textStyle, fontFamily } };
  const chart = echarts.init(null, theme, { renderer: "svg", ssr: true, width, height });
  try {
    chart.setOption(option);
    if (tooltip === "trace") chart.setOption({ legend: { formatter: lastValues(option) } });
    // Nothing lies outside the axes, and rasterizers pay for every clip with a layer as large as the picture.
    return chart.renderToSVGString().replaceAll(/ clip-path="[^"]*"/g, "");
  } finally {
    chart.dispose();
  }
}

function lastValues({ series }: echarts.EChartsOption): (name: string) => string {
  const last = new Map<string, number | "-">();
  for (const { name, stack, data } of series as echarts.LineSeriesOption[]) {
    const point = data?.at(-1) as [number, number | "-"] | undefined;
    if (name !== undefined && stack === undefined && point) last.set(String(name), point[1]);
  }
  return (name) => {
    const value = last.get(name);
    return `${name}  ${percent(typeof value === "number" ? value : null)}`;
  };
}

/** Wide charts below each other, square ones two or three to a row. */
function layOut(panels: readonly Panel[], top: number): { places: Place[]; bottom: number } {
  const columns = panels[0].shape === "wide" ? 1 : panels.length % 3 === 0 ? 3 : 2;
  const column = (width - margin) / columns;
  const rowHeight = Math.max(
    ...panels.map(({ height, heading }) => height + (heading === null ? 8 : headingHeight + 16)),
  );
  const places = panels.map((panel, index) => ({
    panel,
    x: margin / 2 + column * (index % columns),
    y: top + rowHeight * Math.floor(index / columns),
    width: column,
  }));
  return { places, bottom: top + rowHeight * Math.ceil(panels.length / columns) };
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
