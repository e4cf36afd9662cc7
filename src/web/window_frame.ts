// The frame of PFA's window on the maps of the spectra, which pointer and keyboard move.

/// <reference lib="dom" />

import { windowOf } from "../report/figures/spectra_figure.ts";
import type { FigureView } from "../report/page/figure_view.js";

/** The share goes from 0 to 1 in so many steps, as the slider's does. */
const stepCount = 20;

/** Whom to tell of what the visitor does. */
interface FrameListener {
  /** at every move */
  readonly onMove: (rate: number) => void;
  /** when pointer or key is let go, if the frame has moved */
  readonly onRelease: () => void;
}

/** The part of a map that the frame needs: the chart, and what it is drawn on. */
interface MapPlace {
  readonly paper: HTMLElement;
  readonly chart: {
    on(event: "rendered", handler: () => void): void;
    convertToPixel(axes: object, value: readonly number[]): number[];
    convertFromPixel(axes: object, pixel: readonly number[]): number[];
  };
}

/** Of frequencies, which lie on the second pair of axes. */
const axes = { xAxisIndex: 1, yAxisIndex: 1 };

/** What stands on one map. */
interface MapFrame extends MapPlace {
  /** over the chart, as large as that */
  readonly layer: HTMLElement;
  readonly frame: HTMLElement;
  readonly label: HTMLElement;
  readonly handle: HTMLElement;
}

/** How keys change the share; the others go to an end. */
const steps: Readonly<Record<string, number>> = {
  ...{ ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4 },
  ...{ Home: -Infinity, End: Infinity },
};

/** One frame on each map; the handle of the first is the keyboard's. */
export class WindowFrame {
  #view: FigureView | null = null;
  #maps: readonly MapFrame[] = [];
  #rate = 0;
  #words = "";
  #isEnabled = false;
  /** the share when the frame was taken hold of; null where nobody holds it */
  #held: number | null = null;

  constructor(private readonly listener: FrameListener) {}

  /** Lies on the maps of a figure from here on; null: there are none. */
  follow(view: FigureView | null): void {
    if (view !== this.#view) {
      this.#maps.forEach(({ layer }) => layer.remove());
      this.#held = null;
      this.#view = view;
      const places: readonly MapPlace[] = view?.places ?? [];
      this.#maps = places.map((place, at) => this.#mapFrame(place, at === 0));
    }
    this.#place();
  }

  /** @param words what the share has come to, where that is known */
  show(rate: number, words: string): void {
    this.#rate = rate;
    this.#words = words;
    this.#place();
  }

  enable(isEnabled: boolean): void {
    this.#isEnabled = isEnabled;
    this.#place();
  }

  #mapFrame(place: MapPlace, isFirst: boolean): MapFrame {
    const layer = document.createElement("div");
    layer.className = "window-layer";
    layer.innerHTML = '<div class="window-frame"><i></i><i></i><i></i><i></i>' +
      '<span class="window-label" aria-hidden="true"></span><b></b></div>';
    const frame = layer.querySelector("div")!;
    const handle = layer.querySelector("b")!;
    if (isFirst) this.#makeSlider(handle);
    for (const grip of [handle, ...layer.querySelectorAll("i")]) {
      grip.addEventListener("pointerdown", (event) => this.#takeHold(event, place));
      grip.addEventListener("pointermove", (event) => this.#drag(event, place));
      grip.addEventListener("pointerup", () => this.#release());
      grip.addEventListener("pointercancel", () => this.#release());
    }
    place.paper.after(layer);
    place.chart.on("rendered", () => this.#place()); // after a change of size or of values
    return { ...place, layer, frame, handle, label: layer.querySelector("span")! };
  }

  /** A screen reader meets it once, not on every map. */
  #makeSlider(handle: HTMLElement): void {
    handle.tabIndex = 0;
    handle.role = "slider";
    handle.ariaLabel = "Share of low frequencies, L: the frame on the spectrum";
    Object.assign(handle, { ariaValueMin: "0", ariaValueMax: "1" });
    handle.addEventListener("keydown", (event) => {
      if (!(event.key in steps)) return;
      event.preventDefault(); // the page stays where it is
      this.#held ??= this.#rate;
      this.#move(this.#rate + steps[event.key] / stepCount);
    });
    handle.addEventListener("keyup", ({ key }) => key in steps && this.#release());
    handle.addEventListener("blur", () => this.#release());
  }

  #takeHold(event: PointerEvent, place: MapPlace): void {
    if (!event.isPrimary || event.button !== 0) return;
    event.preventDefault(); // no text is selected
    (event.target as HTMLElement).setPointerCapture(event.pointerId);
    this.#maps[0].handle.focus({ preventScroll: true });
    this.#held = this.#rate;
    this.#drag(event, place);
  }

  /** The nearest edge comes under the pointer: the window is square in shares of both axes. */
  #drag({ clientX, clientY }: PointerEvent, { chart, paper }: MapPlace): void {
    if (this.#held === null || !this.#sizes) return;
    const { left, top } = paper.getBoundingClientRect();
    const { rows, cols } = this.#sizes;
    const [x, y] = chart.convertFromPixel(axes, [clientX - left, clientY - top]);
    this.#move(Math.max(Math.abs(x) / (cols / 2), Math.abs(y) / (rows / 2)));
  }

  #move(rate: number): void {
    const next = Math.min(Math.max(Math.round(rate * stepCount) / stepCount, 0), 1);
    if (next === this.#rate) return;
    this.show(next, "");
    this.listener.onMove(next);
  }

  #release(): void {
    const hasMoved = this.#held !== null && this.#held !== this.#rate;
    this.#held = null;
    if (hasMoved) this.listener.onRelease();
  }

  /** Of the layer that is shown; null where its server has no window. */
  get #sizes(): { rows: number; cols: number } | null {
    const { series, xAxis, yAxis } = this.#view?.variant.panels[0].option ?? {};
    if (!series?.[1]?.data.length) return null;
    const [cols, rows] = [xAxis[1], yAxis[1]].map(({ min, max }) => max - min);
    return { rows, cols };
  }

  #place(): void {
    const sizes = this.#sizes;
    const text = `${Math.round(100 * this.#rate)} % of each axis`;
    for (const [at, { paper, chart, layer, frame, label, handle }] of this.#maps.entries()) {
      layer.hidden = !this.#isEnabled || sizes === null;
      if (layer.hidden || sizes === null) continue;
      const { rows, cols } = windowOf(sizes, this.#rate);
      const pixel = (x: number, y: number): number[] => chart.convertToPixel(axes, [x, y]);
      const [[left, bottom], [right, top]] = [pixel(cols[0], rows[0]), pixel(cols[1], rows[1])];
      Object.assign(frame.style, {
        left: `${paper.offsetLeft + left}px`,
        top: `${paper.offsetTop + top}px`,
        width: `${right - left}px`,
        height: `${bottom - top}px`,
      });
      label.textContent = `L ${this.#rate.toFixed(2)}${this.#words && `: ${this.#words}`}`;
      if (at > 0) continue;
      Object.assign(handle, { ariaValueNow: this.#rate.toFixed(2), ariaValueText: text });
    }
  }
}
