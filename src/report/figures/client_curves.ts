// Learning curves: every client's metrics against local epochs, on the training and the test images.

import type { Metrics } from "../../metrics/classification.ts";
import { areMany } from "../many_clients.ts";
import { curveFileName } from "../files/file_names.ts";
import type { LabelledRun } from "../reading/method_runs.ts";
import type { RecordedHistory } from "../reading/progress.ts";
import { epochChart, metricNames } from "./epoch_chart.ts";
import {
  type Figure,
  fileNameOf,
  missingFigure,
  type Panel,
  switchesOf,
  type Variant,
} from "./figure.ts";
import { communications, fewerClientsWords, trace, type TraceChoice } from "./trace.ts";

const reading =
  "One line per client and, heavier, their mean, after every local epoch and, on the test images, " +
  "on both sides of every communication (dotted lines).";

const about = {
  id: "curves",
  title: "Learning curves",
  caption: reading,
};

/** How to read the curves of these runs. */
export function curvesCaption(runs: readonly RecordedHistory[]): string {
  return reading + fewerClientsWords(runs);
}

const metrics: readonly (keyof Metrics)[] = ["f1", "auc", "accuracy", "loss"];
const splits = ["test", "train"] as const;

/** All metrics of all runs, roles and splits. */
export function clientCurvesFigure(runs: readonly LabelledRun[]): Figure {
  const variants = runs.filter(({ rows }) => rows.length > 0).flatMap((run) =>
    run.run.roles.flatMap((role) =>
      splits.flatMap((split) =>
        metrics.map((metric): Variant => ({
          choices: [metricNames[metric].name, split, role, run.label],
          title: curvesTitle({ split, role, metric }) + (runs.length > 1 ? `, ${run.label}` : ""),
          panels: [clientCurves(run, { split, role, metric })],
          file: isOfficial(run, { split, role, metric })
            ? curveFileName(metric) + (runs.length > 1 ? `-${fileNameOf(run.label)}` : "")
            : null,
        }))
      )
    )
  );
  if (variants.length === 0) return missingFigure(about, "No local epoch has been finished yet.");
  const switches = switchesOf(["Metric", "Images", "Model", "Run"], variants);
  return { ...about, caption: curvesCaption(runs), switches, variants, missing: null };
}

/** The chart of one metric: all clients and, last, their mean. */
export function clientCurves(
  history: RecordedHistory,
  choice: Omit<TraceChoice, "client">,
): Panel {
  const clients = history.run.clients.map(({ name }) => name);
  const faint = areMany(clients);
  const curves = [...clients, null].map((client) => ({
    name: client ?? "mean",
    points: trace(history, { ...choice, client }),
    strong: client === null,
    faint: faint && client !== null,
  }));
  return epochChart({ curves, communications: communications(history), metric: choice.metric });
}

/** What such a chart shows. */
export function curvesTitle({ split, role, metric }: Omit<TraceChoice, "client">): string {
  const { name } = metricNames[metric];
  return `${split === "test" ? "Test" : "Training"} ${name} of the ${role} models`;
}

/** The authors' code draws these two. */
function isOfficial({ run }: RecordedHistory, choice: Omit<TraceChoice, "client">): boolean {
  return choice.role === run.personalRole && choice.split === "test" &&
    (choice.metric === "f1" || choice.metric === "auc");
}
