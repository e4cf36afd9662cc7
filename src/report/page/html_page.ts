// The report as one HTML file that needs nothing else: charts' library, data, style and script inside.

import type { ChartLibrary } from "./chart_library.ts";
import type { Figure, Switch } from "../figures/figure.ts";
import { themes } from "../figures/theme.ts";
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

/** With more letters in all choices than this a list takes the place of buttons. */
const mostLetters = 40;
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
${style}</style>
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

function figureHtml(
  { id, title, caption, switches, missing }: Figure,
  tables: readonly Table[],
): string {
  const body = missing === null
    ? `<form class="switches" aria-label="What to show">
${switches.map((one) => switchHtml(id, one)).join("\n")}
</form>
<p class="shown" aria-live="polite"></p>
<div class="panels"></div>`
    : missingNote(missing);
  return `<section id="${id}">
<h2>${escaped(title)}</h2>
<figure>
<figcaption class="caption">${escaped(caption)}</figcaption>
${body}
</figure>
${tables.map((table) => tableHtml(table)).join("\n")}
</section>`;
}

/** Buttons or a list; nothing where there is no choice. */
function switchHtml(id: string, { name, choices }: Switch): string {
  if (choices.length < 2) return "";
  if (choices.join("").length > mostLetters) {
    const options = choices.map((choice) => `<option>${escaped(choice)}</option>`).join("");
    const label = `${id}-${name}`;
    return `<fieldset><legend><label for="${label}">${escaped(name)}</label></legend>
<select id="${label}" name="${escaped(name)}" autocomplete="off">${options}</select></fieldset>`;
  }
  const buttons = choices.map((choice, index) =>
    `<label><input type="radio" name="${escaped(name)}" value="${escaped(choice)}" ` +
    `autocomplete="off"${index === 0 ? " checked" : ""}><span>${escaped(choice)}</span></label>`
  );
  return `<fieldset><legend>${escaped(name)}</legend>${buttons.join("")}</fieldset>`;
}

function tableHtml({ caption, head, rows }: Table, kind: "numbers" | "words" = "numbers"): string {
  const header = head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join("");
  const body = rows.map(([first, ...rest]) => {
    const cells = rest.map(({ text, best }) => {
      const shown = escaped(text);
      return `<td>${best ? `<strong>${shown}</strong>` : shown}</td>`;
    });
    return `<tr><th scope="row">${escaped(first.text)}</th>${cells.join("")}</tr>`;
  });
  const label = escaped(caption);
  return `<p class="caption">${label}</p>
<div class="scroll" role="region" aria-label="${label}" tabindex="0">
<table class="${kind}" aria-label="${label}">
<thead><tr>${header}</tr></thead>
<tbody>
${body.join("\n")}
</tbody></table></div>`;
}

function missingNote(words: string): string {
  return `<p class="missing">Not shown: ${escaped(words)}</p>`;
}

/** JSON that cannot end the script element around it. */
function asJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** The same for code, where such text only stands in strings and comments. */
function asScript(code: string): string {
  return code.replaceAll(/<(?=\/script|!--)/gi, "\\x3c");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
