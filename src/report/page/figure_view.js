// Draws figures into their places of a page, switches between their variants, shows values under the pointer.
// The page has the global `echarts`.

const darkPaper = matchMedia("(prefers-color-scheme: dark)");
const paperName = () => darkPaper.matches ? "dark" : "light";

/** A number as a person writes it, with a real minus. */
const shown = (value, digits = 1) =>
  typeof value === "number" ? value.toFixed(digits).replace("-", "−") : "n/a";
const signed = (value, digits) => (value > 0 ? "+" : "") + shown(value, digits);
const listed = (value) => Array.isArray(value) ? value : [value];
const escaped = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const asRow = (marker, name, text) =>
  `<div>${marker} ${escaped(name)}&ensp;<strong>${escaped(text)}</strong></div>`;

/** Words under the pointer stay on their chart, also while they grow: on their way they would widen the page. */
const confined = {
  confine: true,
  transitionDuration: 0,
  extraCssText: "box-sizing: border-box; max-width: 100%; white-space: normal;",
};

/** What stands under the pointer, by the kind of chart. */
const tooltips = {
  trace: (option) => ({
    trigger: "axis",
    formatter: (items) => traceText(items, option),
  }),
  cells: ({ xAxis, yAxis, visualMap: { pieces } }) => ({
    formatter: ({ value: [x, y, clipped, value = clipped] }) => {
      const [column, row] = [listed(xAxis)[0], listed(yAxis)[0]];
      const text = pieces?.find((piece) => piece.value === value)?.label ?? shown(value, 2);
      return `${escaped(column.name)} ${column.data[x]}, ${escaped(row.name)} ` +
        `${escaped(row.data[y])}<br><strong>${text}</strong>`;
    },
  }),
  stages: ({ xAxis, yAxis, visualMap: { pieces } }) => ({
    formatter: ({ value: [epoch, client, stage, deputy, personal, alpha1, alpha2] }) => {
      const { label } = pieces.find(({ value }) => value === stage);
      const rows = [
        `client ${escaped(yAxis.data[client])}, local epoch ${xAxis.data[epoch]}`,
        `<strong>${label}</strong>`,
      ];
      if (deputy !== undefined) {
        rows.push(
          `training F1: deputy ${shown(deputy)} %, personal ${shown(personal)} %`,
          `the deputy has ${shown(deputy / personal, 2)} of it`,
        );
      }
      if (alpha1 !== undefined) {
        rows.push(`below ${shown(alpha1, 2)} it recovers, from ${shown(alpha2, 2)} on it teaches`);
      }
      return rows.join("<br>");
    },
  }),
  counts: ({ xAxis, yAxis }) => ({
    formatter: ({ value: [predicted, truth, share, count] }) =>
      `true ${escaped(yAxis.data[truth])}, predicted ${escaped(xAxis.data[predicted])}<br>` +
      `<strong>${count}</strong> images, ${shown(share)} % of the row`,
  }),
  named: () => ({ formatter: ({ name }) => escaped(name) }),
  rates: () => ({
    trigger: "axis",
    formatter: (items) =>
      items.filter(({ seriesName }) => !seriesName.startsWith("series")).map((item) => {
        const [wrong, right] = item.value;
        return asRow(item.marker, item.seriesName, `${shown(right)} % at ${shown(wrong)} %`);
      }).join(""),
  }),
};

/** One line per curve; where there are values on both sides of a communication, both and their difference. */
function traceText(items, { legend, series, yAxis }) {
  const digits = yAxis.name.includes("%") ? 1 : 3;
  const named = new Set(legend?.data); // one of many lines has no name there
  const names = [...new Set(items.map(({ seriesName }) => seriesName))]
    .filter((name) => named.size === 0 || named.has(name));
  let isCommunication = false;
  const rows = names.map((name) => {
    const own = items.filter(({ seriesName }) => seriesName === name);
    const values = own.filter(({ seriesIndex }) => !series[seriesIndex].stack)
      .map(({ value }) => value[1]);
    const bands = own.filter(({ seriesIndex }) => series[seriesIndex].areaStyle)
      .map(({ value }) => value[1] / 2);
    if (values.length === 0) return "";
    const texts = values.map((value, index) =>
      shown(value, digits) + (bands[index] > 0 ? ` ± ${shown(bands[index], digits)}` : "")
    );
    const [before, after] = values;
    if (values.length === 2) isCommunication = true;
    const change = typeof before === "number" && typeof after === "number"
      ? ` (${signed(after - before, digits)})`
      : "";
    return asRow(own[0].marker, name, texts.join(" → ") + change);
  });
  const title = `local epochs: ${items[0].value[0]}` +
    (isCommunication ? ", before → after the communication" : "");
  return `<div>${title}</div>${rows.join("")}`;
}

/** One figure of the page: what is chosen, its charts, and which of their lines are hidden. */
export class FigureView {
  /** @param themes of the charts, for "light" and "dark" paper */
  constructor(figure, themes) {
    this.figure = figure;
    this.element = document.getElementById(figure.id);
    this.variant = figure.variants[0];
    this.hidden = new Set();
    const { panels } = this.variant; // all variants have as many
    const container = this.element.querySelector(".panels");
    container.classList.add(panels[0].shape, `of-${panels.length}`);
    this.places = panels.map(({ height }) => new PanelPlace(container, height, themes));
    this.switches = this.element.querySelector(".switches");
    this.switches.addEventListener("change", ({ target }) => this.choose(target));
    this.switches.addEventListener("submit", (event) => event.preventDefault());
    this.end = new AbortController();
    darkPaper.addEventListener("change", () => {
      this.places.forEach(({ chart }) => chart.setTheme(themes[paperName()]));
      this.draw();
    }, { signal: this.end.signal });
    this.draw();
  }

  /** Shows the same figure with other values, at the choices that were made. */
  update(figure) {
    this.figure = figure;
    const { choices } = this.variant;
    const kept = (variant) => variant.choices.filter((choice, k) => choice === choices[k]).length;
    this.variant = figure.variants.reduce((best, one) => kept(one) > kept(best) ? one : best);
    this.draw();
  }

  dispose() {
    this.end.abort();
    this.places.forEach(({ chart, paper }) => {
      resizes.unobserve(paper);
      chart.dispose();
    });
  }

  /** Takes the variant that has the new choice and differs least from what was shown. */
  choose({ name, value }) {
    const changed = this.figure.switches.findIndex((one) => one.name === name);
    const kept = ({ choices }) =>
      choices.filter((choice, index) => choice === this.variant.choices[index]).length;
    this.variant = this.figure.variants
      .filter(({ choices }) => choices[changed] === value)
      .reduce((best, variant) => kept(variant) > kept(best) ? variant : best);
    this.figure.switches.forEach(({ name }, index) => {
      const controls = this.switches.elements[name];
      if (controls) controls.value = this.variant.choices[index];
    });
    this.draw();
  }

  draw() {
    const { title, panels } = this.variant;
    this.element.querySelector(".shown").textContent = title;
    this.places.forEach((place, index) => {
      place.draw(panels[index], title);
      this.makeSeriesButtons(place, panels[index]);
    });
  }

  /** Buttons instead of the chart's own legend, which the keyboard cannot reach. */
  makeSeriesButtons({ chart, buttons }, { option }) {
    const names = option.legend?.data ?? [];
    buttons.hidden = names.length < 2;
    buttons.replaceChildren(...names.map((name) => this.seriesButton(chart, option, name)));
  }

  seriesButton(chart, option, name) {
    const seriesIndex = option.series.findIndex((series) => series.name === name);
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Show or hide this line";
    const swatch = document.createElement("i");
    swatch.style.borderTopColor = chart.getVisual({ seriesIndex }, "color");
    swatch.style.borderTopStyle = option.series[seriesIndex].lineStyle?.type ?? "solid";
    button.append(swatch, name);
    const show = () => {
      const isShown = !this.hidden.has(name);
      button.ariaPressed = String(isShown);
      chart.dispatchAction({ type: isShown ? "legendSelect" : "legendUnSelect", name });
    };
    button.addEventListener("click", () => {
      if (!this.hidden.delete(name)) this.hidden.add(name);
      show();
    });
    show();
    return button;
  }
}

/** The place of one chart: heading, buttons for its lines, and the chart itself. */
class PanelPlace {
  constructor(container, height, themes) {
    this.heading = document.createElement("h3");
    this.buttons = document.createElement("div");
    this.buttons.className = "series";
    this.buttons.role = "group";
    this.buttons.ariaLabel = "Lines of the chart";
    this.paper = document.createElement("div");
    this.paper.className = "chart";
    this.paper.style.height = `${height}px`;
    this.paper.role = "img";
    const panel = document.createElement("div");
    panel.append(this.heading, this.buttons, this.paper);
    container.append(panel);
    this.chart = echarts.init(this.paper, themes[paperName()]);
    resizes.observe(this.paper);
  }

  draw({ heading, option, tooltip }, title) {
    this.heading.textContent = heading;
    this.heading.hidden = heading === null;
    this.paper.ariaLabel = heading === null ? title : `${heading}. ${title}`;
    this.chart.setOption(option, { notMerge: true });
    const { fontFamily } = getComputedStyle(document.body);
    this.chart.setOption({
      textStyle: { fontFamily },
      tooltip: { ...confined, ...tooltips[tooltip](option) },
      // Buttons above the chart take the place of its legend.
      ...option.legend ? { legend: { show: false }, grid: { top: 12 } } : {},
    });
  }
}

const resizes = new ResizeObserver((entries) => {
  for (const { target } of entries) echarts.getInstanceByDom(target)?.resize();
});
