// Figures and tables as HTML: a figure's switches, and the place in which figure_view.js draws it.

import type { Figure, Switch } from "../figures/figure.ts";
import type { Table } from "./tables.ts";

/** With more letters in all choices than this a list takes the place of buttons. */
const mostLetters = 40;
/** A section; `tables` stand under the figure. */
export function figureHtml(
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
${tables.map(foldedHtml).join("\n")}
</section>`;
}

function foldedHtml(table: Table): string {
  if (table.name === undefined) return tableHtml(table);
  return `<details><summary>${escaped(table.name)}</summary>\n${tableHtml(table)}\n</details>`;
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

/** A table with its caption, which scrolls where it is wider than the page. */
export function tableHtml(
  { caption, head, rows }: Table,
  kind: "numbers" | "words" = "numbers",
): string {
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

/** Why something is not there. */
export function missingNote(words: string): string {
  return `<p class="missing">Not shown: ${escaped(words)}</p>`;
}

/** Text that is no markup. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
