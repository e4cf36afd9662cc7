// The retrogress: what each communication does to the models, as a fall in their curves.

import { byMethod, type LabelledRun, type MethodRuns } from "../reading/method_runs.ts";
import { sharingWords } from "../terminal/sharing.ts";
import { byTime, communications, fewerClientsWords, trace, type TracePoint } from "./trace.ts";
import { deviation, mean } from "../../metrics/statistics.ts";
import { type Curve, epochChart, metricNames } from "./epoch_chart.ts";
import { type Figure, missingFigure, switchesOf, type Variant } from "./figure.ts";

const about = {
  id: "retrogress",
  title: "Retrogress",
  caption: "Each dotted line is a communication: the model that receives the server's weights is " +
    "tested right before and right after it, so what it forgets is a vertical fall.",
};

/** Which of a client's models is followed. */
const modelChoices = [
  { choice: "receives weights", words: "models that receive the server's weights" },
  { choice: "personal", words: "personal models" },
] as const;

const meanOverClients = "mean";

/** Test F1 and AUC of each method, with the value on both sides of every communication. */
export function retrogressFigure(runs: readonly LabelledRun[]): Figure {
  if (!runs.some(({ rows }) => rows.length > 0)) {
    return missingFigure(about, "No local epoch has been finished yet.");
  }
  const methods = byMethod(runs);
  const clients = [null, ...runs[0].run.clients.map(({ name }) => name)];
  const variants = (["f1", "auc"] as const).flatMap((metric) =>
    modelChoices.flatMap(({ choice, words }) =>
      clients.map((client): Variant => ({
        choices: [metricNames[metric].name, choice, client ?? meanOverClients],
        title: `Test ${metricNames[metric].name} of the ${words}, ` +
          (client === null ? "mean over clients" : `client ${client}`),
        panels: [
          epochChart({
            curves: methods.map((method) => methodCurve(method, { metric, choice, client })),
            communications: commonCommunications(runs),
            metric,
          }),
        ],
        file: choice === modelChoices[0].choice && client === null ? `retrogress-${metric}` : null,
      }))
    )
  );
  const seeds = methods.some(({ runs }) => runs.length > 1)
    ? " Lines are means over seeds, bands one standard deviation."
    : "";
  const isPartial = runs.some(({ rows }) =>
    rows.some((row) => row.type === "epoch" && row.clients.some(({ train }) => train === null))
  );
  const absent = isPartial
    ? " Some clients sat rounds out: they are in these means, but not in the table's changes."
    : "";
  return {
    ...about,
    caption: `${about.caption}${seeds} Means are over clients, each counting the same.${
      fewerClientsWords(runs)
    }${absent} ${sharingWords(runs)}`,
    switches: switchesOf(["Metric", "Model", "Client"], variants),
    variants,
    missing: null,
  };
}

/** Mean and standard deviation over the seeds of one method. */
export function methodCurve(
  { method, runs }: MethodRuns,
  { metric, choice, client }: {
    metric: "f1" | "auc";
    choice: typeof modelChoices[number]["choice"];
    client: string | null;
  },
): Curve {
  const traces = runs.map((run) => {
    const { personalRole, sharedRole } = run.run; // clients that share nothing have but one model
    const role = choice === "personal" ? personalRole : sharedRole ?? personalRole;
    return trace(run, { split: "test", role, client, metric });
  });
  const moments = Map.groupBy(traces.flat(), ({ x, after }) => `${x.toFixed(6)} ${after}`);
  const points = [...moments.values()].map((same) => {
    const { x, after } = same[0];
    return { x, after, ...spread(same) };
  });
  return { name: method, points: points.sort(byTime) };
}

function spread(points: readonly TracePoint[]): { value: number | null; deviation: number } {
  const values = points.map(({ value }) => value).filter((value) => value !== null);
  if (values.length === 0) return { value: null, deviation: 0 };
  return { value: mean(values), deviation: deviation(values) };
}

/** Communications of all runs where they coincide; where not, the falls alone show them. */
function commonCommunications(runs: readonly LabelledRun[]): number[] {
  const longest = runs.map(communications).reduce((a, b) => b.length > a.length ? b : a);
  const period = runs[0].run.localEpochs;
  return runs.every(({ run }) => run.localEpochs === period) ? longest : [];
}
