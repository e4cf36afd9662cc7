// The results of methods with their intervals, a line for each.

import type { EChartsOption } from "echarts";
import { intervalText } from "../format.ts";
import {
  type IntervalOf,
  overImages,
  overSeeds,
  ownViews,
  type ResultInterval,
} from "../reading/method_intervals.ts";
import { byMethod, type LabelledRun, type MethodRuns } from "../reading/method_runs.ts";
import type { DrawnMetric } from "../reading/result_draws.ts";
import { resultAt, type ResultView } from "../reading/result_views.ts";
import { metricNames, rounded } from "./epoch_chart.ts";
import { type Figure, missingFigure, type Panel, switchesOf, type Variant } from "./figure.ts";
import { palette } from "./theme.ts";

const about = {
  id: "intervals",
  title: "Results and how sure they are",
  caption:
    "Personal models, mean over clients, with 95 % intervals, each of one method alone: whether two methods differ " +
    "is told by differences on the same images.",
};

/** What intervals are over. */
const kinds: readonly { choice: string; words: string; intervalOf: IntervalOf }[] = [
  { choice: "images", words: "over the test images", intervalOf: overImages },
  { choice: "seeds", words: "over seeds", intervalOf: overSeeds },
];

const colours: Readonly<Record<ResultView, string>> = {
  before: palette[4],
  after: palette[0],
  chosen: palette[2],
};

/** A chart for each metric and kind of interval. */
export function resultsFigure(runs: readonly LabelledRun[]): Figure {
  const methods = byMethod(runs.filter((run) => resultAt(run, "after") !== null));
  const variants = (["f1", "auc"] as const).flatMap((metric) => {
    const drawn = kinds.flatMap(({ choice, words, intervalOf }) => {
      const lines = linesOf(methods, metric, intervalOf);
      return lines.length === 0 ? [] : [{ choice, words, lines }];
    });
    return drawn.map(({ choice, words, lines }, index): Variant => ({
      choices: [metricNames[metric].name, choice],
      title: `Test ${metricNames[metric].name} with 95 % intervals ${words}`,
      panels: [chart(lines, metric)],
      file: index === 0 ? `intervals-${metric}` : null,
    }));
  });
  if (variants.length === 0) {
    return missingFigure(about, "No run stored its predictions, and no method has several seeds.");
  }
  return {
    ...{ ...about, switches: switchesOf(["Metric", "Interval over"], variants) },
    ...{ variants, missing: null },
  };
}

interface Line extends ResultInterval {
  readonly method: string;
  readonly view: ResultView;
  readonly name: string;
}

function linesOf(
  methods: readonly MethodRuns[],
  metric: DrawnMetric,
  intervalOf: IntervalOf,
): Line[] {
  return methods.flatMap((method) =>
    ownViews(method).flatMap(({ view, name }) => {
      const interval = intervalOf(method, { client: null, metric, view });
      if (interval === null || interval.value === null) return [];
      return [{ ...interval, view, name, method: method.method }];
    })
  );
}

function chart(lines: readonly Line[], metric: DrawnMetric): Panel {
  const views = [...new Map(lines.map(({ view, name }) => [view, name]))];
  const labels = lines.map(({ method }, index) =>
    lines[index - 1]?.method === method ? "" : method
  );
  const points = lines.map((line, index) => ({ ...line, index }));
  const option: EChartsOption = {
    animation: false,
    legend: { data: views.map(([, name]) => name), top: 0, left: 56, itemGap: 18, itemHeight: 10 },
    grid: { left: 120, right: 20, top: 32, bottom: 48 },
    xAxis: {
      ...{ type: "value", name: metricNames[metric].axis, nameLocation: "middle", nameGap: 28 },
      scale: true,
    },
    yAxis: {
      ...{ type: "category", data: labels, inverse: true },
      axisLabel: { interval: 0, width: 108, overflow: "truncate" },
      axisTick: { show: false },
    },
    series: views.flatMap(([view, name]) => {
      const own = points.filter((point) => point.view === view);
      const whiskers = own.filter(({ low, high }) => low !== null && high !== null);
      return [
        {
          ...{ type: "scatter" as const, name, color: colours[view], symbolSize: 9, z: 3 },
          data: own.map(({ index, value, low, high, method }) => ({
            name: `${method}, ${name}: ${intervalText(value, { low, high })} %`,
            value: [rounded(value!, 2), index],
          })),
        },
        ...whiskers.map(({ index, low, high }) => ({
          ...{ type: "line" as const, name, color: colours[view], silent: true },
          data: [[rounded(low!, 2), index], [rounded(high!, 2), index]],
          symbol: "rect",
          symbolSize: [2, 10],
          lineStyle: { width: 2 },
          emphasis: { disabled: true },
        })),
      ];
    }),
  };
  return { heading: null, option, tooltip: "named", shape: "wide", height: 90 + 24 * lines.length };
}
