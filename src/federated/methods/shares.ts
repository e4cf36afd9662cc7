// What a method's server does with each kind of tensor, in words, for the reports.

import { averageOverClients } from "../aggregate/average.ts";
import { progressiveFourierAggregation } from "../aggregate/fourier.ts";
import type { Aggregation, SharedKind, Sharing } from "./method.ts";

const kinds: readonly SharedKind[] = ["conv", "linear", "bias", "norm", "statistics"];

/** By kind; null where clients keep their own. */
export function sharesOf(sharing: Sharing | null): Record<SharedKind, string | null> {
  const shares = kinds.map((kind) => [kind, wordsOf(sharing?.aggregation(kind) ?? null)]);
  return Object.fromEntries(shares);
}

function wordsOf(aggregation: Aggregation | null): string | null {
  switch (aggregation) {
    case null:
      return null;
    case averageOverClients:
      return "averaged";
    case progressiveFourierAggregation:
      return "low frequencies averaged";
    default:
      return "aggregated"; // in somebody's own way
  }
}
