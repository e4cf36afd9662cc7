// What a method's server averages, per kind of tensor, and how much each client counts in it.

import type { SharedKind } from "../../federated/methods/method.ts";
import { byMethod, type LabelledRun } from "../reading/method_runs.ts";
import type { Table } from "../page/tables.ts";

/** The kinds of tensors as a reader knows them. */
const kinds: readonly (readonly [name: string, ...kinds: SharedKind[]])[] = [
  ["weights", "conv", "linear"],
  ["biases", "bias"],
  ["normalization", "norm"],
  ["running statistics", "statistics"],
];

/** A row for each method: which tensors are averaged and which stay with the client. */
export function sharingTable(runs: readonly LabelledRun[]): Table {
  return {
    caption:
      "What the server does with each kind of tensor of the models that are sent to it, and " +
      "how much each client counts there",
    head: ["Method", "Model sent", ...kinds.map(([name]) => capitalized(name)), "Client weights"],
    rows: byMethod(runs).map(({ method, runs: [run] }) => {
      const { sharedRole, shares } = run.run;
      const cells = kinds.map(([, ...kinds]) => treatment(run, kinds));
      const known = shares === undefined ? "not recorded" : sharedRole ?? "none";
      const weights = sharedRole === null ? "none" : weightingOf(run);
      return [method, known, ...cells, weights].map((text) => ({ text }));
    }),
  };
}

/** The same as a sentence, for pictures. */
export function sharingWords(runs: readonly LabelledRun[]): string {
  const methods = byMethod(runs).map(({ method, runs: [run] }) => {
    const { sharedRole, shares } = run.run;
    if (sharedRole === null) return `${method}: nothing`;
    if (shares === undefined) return `${method}: not recorded`;
    const names = kinds.flatMap(([name, ...kinds]) => {
      const how = treatment(run, kinds);
      return how === "local" ? [] : [how === "averaged" ? name : `${name} (${how})`];
    });
    return `${method}: ${names.length === 0 ? "nothing" : names.join(", ")}`;
  });
  const sharing = runs.filter(({ run }) => run.sharedRole !== null);
  const weightings = [...new Set(sharing.map(weightingOf))];
  const weights = weightings.length === 1 ? `, clients weighted ${weightings[0]}` : "";
  return `Averaged by the server${weights} – ${methods.join("; ")}.`;
}

/** One word where all kinds are treated alike. */
function treatment({ run }: LabelledRun, kinds: readonly SharedKind[]): string {
  const { sharedRole, shares } = run;
  if (sharedRole === null) return "local";
  if (shares === undefined) return "not recorded";
  const treatments = kinds.map((kind) => shares[kind] ?? "local");
  if (new Set(treatments).size === 1) return treatments[0];
  return kinds.map((kind, index) => `${kind} ${treatments[index]}`).join(", ");
}

/** As the flag --client-weights said; runs from before it counted all the same. */
function weightingOf({ settings }: LabelledRun): string {
  return settings["client-weights"] === "samples" ? "by training images" : "equally";
}

function capitalized(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
