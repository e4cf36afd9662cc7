// Shows runs under way: listens to the server's events, and puts what they tell into the page.

import { FigureView } from "../page/figure_view.js";

const element = (id) => document.getElementById(id);
const themes = JSON.parse(element("themes").textContent);

/** What stands in the page, by the id of its section: the element, its charts or null, and its frame. */
const shown = new Map();

function show({ title, lead, sections }) {
  document.title = title;
  element("title").textContent = title;
  element("lead").textContent = lead;
  sections.forEach((section, index) => showSection(section, index));
}

/** New numbers in what is there already, for the reader may be in it; new elements where others are needed. */
function showSection({ html, figure, frame }, index) {
  const fresh = fromHtml(html);
  const before = shown.get(fresh.id);
  if (before?.frame === frame) {
    if (figure) before.view.update(figure);
    const bodies = fresh.querySelectorAll("tbody");
    before.section.querySelectorAll("tbody").forEach((old, k) => {
      if (old.innerHTML !== bodies[k].innerHTML) old.replaceWith(bodies[k]);
    });
    return;
  }
  before?.view?.dispose();
  if (before) before.section.replaceWith(fresh);
  else element("sections").insertBefore(fresh, element("sections").children[index] ?? null);
  const view = figure ? new FigureView(figure, themes) : null;
  shown.set(fresh.id, { section: fresh, view, frame });
}

/** The server has escaped whatever users have named. */
function fromHtml(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function say(state, words) {
  document.body.dataset.state = state;
  if (element("status").textContent !== words) element("status").textContent = words;
}

/** How far a comparison is, in runs. */
function showRuns(over, count) {
  element("all").hidden = false;
  element("runs").value = over / count;
  element("all").querySelector("span").textContent = `${Math.floor(over)} of ${count} are over`;
}

const source = new EventSource("events");
const hear = (type, listener) =>
  source.addEventListener(type, ({ data }) => listener(JSON.parse(data)));

source.addEventListener("open", () => {
  element("problem").hidden = true;
  say("live", "Live: the page follows the run.");
});
source.addEventListener("error", () => {
  say("lost", "Not connected.");
  element("problem").textContent =
    "There is no connection to the run: it was stopped, or this page is behind. It tries again; what is shown stays.";
  element("problem").hidden = false;
});
hear("picture", show);
hear("progress", ({ text, done, total, place }) => {
  element("where").textContent = text;
  element("progress").value = done / total;
  if (place) showRuns(place.index + done / total, place.count);
});
hear("over", ({ text, isDone }) => {
  source.close();
  if (isDone) element("progress").value = 1;
  say("over", `${text} This page stays as it is.`);
  element("where").hidden = true;
});
