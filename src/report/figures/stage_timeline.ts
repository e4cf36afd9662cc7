// DET along a run: the stage of every client in every local epoch, as coloured strips.

import type { EChartsOption } from "echarts";
import type { EpochEvent } from "../../federated/events.ts";
import { areMany } from "../many_clients.ts";
import type { LabelledRun } from "../reading/method_runs.ts";
import { rounded } from "./epoch_chart.ts";
import {
  type Figure,
  fileNameOf,
  missingFigure,
  type Panel,
  switchesOf,
  type Variant,
} from "./figure.ts";

const about = {
  id: "stages",
  title: "DET stages",
  caption:
    "In stage 1 a deputy that has lost too much learns from the personal model (recover), in " +
    "stage 2 they teach each other (exchange), in stage 3 the deputy teaches (sublimate). " +
    "Vertical lines are communications; after each, the stages begin anew. The macro F1 of both models on " +
    "the client's training images decides before every epoch; under the pointer it is told with the bounds.",
};

const stages = [
  { value: 1, label: "1 recover", color: "#d55e00" },
  { value: 2, label: "2 exchange", color: "#e69f00" },
  { value: 3, label: "3 sublimate", color: "#009e73" },
] as const;
/** What a schedule without decisions leaves. */
const mutual = 4;

/** Strips of every run whose method decides stages. */
export function stageTimeline(runs: readonly LabelledRun[]): Figure {
  const deciding = runs.filter(({ rows }) => epochsOf(rows).some(decides));
  if (deciding.length === 0) {
    return missingFigure(
      about,
      "No run decided any stage: PRR-FL does, with at least two local epochs per round.",
    );
  }
  const variants = deciding.map((run): Variant => ({
    choices: [run.label],
    title: `Stages of every client, ${run.label}`,
    panels: [strips(run)],
    file: "stage-timeline" + (runs.length > 1 ? `-${fileNameOf(run.label)}` : ""),
  }));
  return { ...about, switches: switchesOf(["Run"], variants), variants, missing: null };
}

function strips({ run, rows, settings, decisions = [] }: LabelledRun): Panel {
  const epochs = epochsOf(rows);
  const clients = run.clients.map(({ name }) => name);
  const many = areMany(clients);
  const thresholds = [settings.alpha1, settings.alpha2];
  const decided = new Map(
    decisions.flatMap(({ round, epoch, clients }) =>
      clients.map(({ client, decision }) => [`${round} ${epoch} ${client}`, decision])
    ),
  );
  const cells = epochs.flatMap(({ round, epoch, clients: results }) =>
    results.flatMap(({ client, stage }, index) => {
      if (!stage || stage === mutual) return [];
      const { deputy, personal } = decided.get(`${round} ${epoch} ${client}`) ?? {};
      // What decided it, for the pointer, where that is known.
      const f1s = deputy && personal ? [rounded(deputy.f1, 3), rounded(personal.f1, 3)] : [];
      const bounds = f1s.length > 0 && thresholds.every((one) => typeof one === "number");
      const more = bounds ? thresholds : [];
      return [[round * run.localEpochs + epoch, index, stage, ...f1s, ...more]];
    })
  );
  const count = Math.max(...epochs.map(({ round, epoch }) => round * run.localEpochs + epoch)) + 1;
  const option: EChartsOption = {
    animation: false,
    grid: { left: 56, right: 20, top: 36, bottom: 48 },
    xAxis: {
      type: "category",
      name: "local epoch",
      nameLocation: "middle",
      nameGap: 28,
      data: Array.from({ length: count }, (_, epoch) => String(epoch + 1)),
      axisTick: { show: false },
      // Lines at the borders of every so many epochs, above the cells: the communications.
      splitLine: {
        show: true,
        interval: run.localEpochs - 1,
        lineStyle: { color: "rgba(0, 0, 0, 0.75)", width: 2 },
      },
      z: 5,
    },
    yAxis: {
      type: "category",
      name: "client",
      nameLocation: "middle",
      nameGap: 38,
      data: clients,
      inverse: true,
      axisTick: { show: false },
      splitLine: { show: true, lineStyle: { width: many ? 1 : 6 } }, // in the paper's colour: gaps
      z: 4,
    },
    visualMap: {
      type: "piecewise",
      dimension: 2,
      orient: "horizontal",
      left: 8,
      top: 0,
      itemGap: 24, // widths of text are underestimated without a browser
      itemWidth: 14,
      itemHeight: 12,
      pieces: stages.map((stage) => ({ ...stage })),
    },
    series: [{
      type: "heatmap",
      name: "stage",
      data: cells,
      progressive: 0,
    }],
  };
  const height = 110 + (many ? 10 : 34) * clients.length;
  return { heading: null, option, tooltip: "stages", shape: "wide", height };
}

function epochsOf(rows: LabelledRun["rows"]): EpochEvent[] {
  return rows.filter((row) => row.type === "epoch");
}

function decides({ clients }: EpochEvent): boolean {
  return clients.some(({ stage }) => stage && stage !== mutual);
}
