// The report as one HTML file that needs nothing else: charts' library, data, style and script inside.

import type { ChartLibrary } from "./chart_library.ts";
import { escaped, figureHtml, missingNote, tableHtml } from "./figure_html.ts";
import type { Figure } from "../figures/figure.ts";
import { themes } from "../figures/theme.ts";
import figureStyle from "./figures.css" with { type: "text" };
import style from "./page.css" with { type: "text" };
import script from "./figure_view.js" with { type: "text" };
import type { Table } from "./tables.ts";

/** What the page shows. */
export interface ReportContent {
  readonly title: string;
  /** a sentence or two under the title */
  readonly lead: string;
  /** what the reader has to know, such as that a run is not finished */
  readonly notices: readonly string[];
  readonly results: readonly Table[];
  /** figures in their order; `tables` stand under those they belong to */
  readonly figures: readonly { readonly figure: Figure; readonly tables: readonly Table[] }[];
  readonly runs: Table;
  readonly settings: Table;
  /** program and runtime versions by name */
  readonly versions: Readonly<Record<string, string>>;
}

/** Nothing is loaded: not even by mistake. */
const policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
  "img-src data:";

/** Draws the figures of the page's data. */
const start = `
const { figures, themes } = JSON.parse(document.getElementById("data").textContent);
document.body.classList.add("scripted");
for (const figure of figures) new FigureView(figure, themes);
`;

/** Builds the page. */
export function htmlPage(content: ReportContent, library: ChartLibrary): string {
  const { title, lead, notices, results, figures, runs, settings, versions } = content;
  const drawn = figures.map(({ figure }) => figure).filter(({ missing }) => missing === null);
  const program = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escaped(title)}</title>
<link rel="icon" href="data:,">
<style>
${style}
${figureStyle}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p class="lead">${escaped(lead)}</p>
${notices.map((notice) => `<p class="note" role="note">${escaped(notice)}</p>`).join("\n")}
<noscript><p class="note">The figures need JavaScript; the tables are all here.</p></noscript>
<nav aria-label="Sections"><ul>
${
    [
      ["results", "Results"],
      ...figures.map(({ figure }) => [figure.id, figure.title]),
      ["runs", "Runs and settings"],
    ].map(([id, name]) => `<li><a href="#${id}">${escaped(name)}</a></li>`).join("\n")
  }
</ul></nav>
</header>
<main>
<section id="results">
<h2>Results</h2>
<p class="caption">Every number is defined in docs/metrics.md, in the program's folder.</p>
${
    results.length === 0
      ? missingNote("No communication has been finished yet.")
      : results.map((table) => tableHtml(table)).join("\n")
  }
</section>
${figures.map(({ figure, tables }) => figureHtml(figure, tables)).join("\n")}
<section id="runs">
<h2>Runs and settings</h2>
${tableHtml(runs, "words")}
<details><summary>All settings</summary>
${tableHtml(settings, "words")}
</details>
</section>
</main>
<footer>
<p>Made by ${escaped(program.join(", "))}. Charts: Apache ECharts ${escaped(library.version)}.</p>
<details><summary>License of the charts' library</summary>
<pre>${escaped(library.notice)}\n\n${escaped(library.license)}</pre></details>
</footer>
<script type="application/json" id="data">${asJson({ figures: drawn, themes })}</script>
<script>${asScript(library.script)}</script>
<script type="module">${asScript(script + start)}</script>
</body>
</html>
`;
}

/** JSON that cannot end the script element around it. */
function asJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** The same for code, where such text only stands in strings and comments. */
function asScript(code: string): string {
  return code.replaceAll(/<(?=\/script|!--)/gi, "\\x3c");
}
