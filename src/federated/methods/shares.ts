// What a method's server does with each kind of tensor, in words, for the reports.

import { averageOverClients } from "../aggregate/average.ts";
import { progressiveFourierAggregation } from "../aggregate/fourier.ts";
import { type Aggregation, type SharedKind, sharedKinds, type Sharing } from "./method.ts";

/** By kind; null where clients keep their own. */
export function sharesOf(sharing: Sharing | null): Record<SharedKind, string | null> {
  const shares = sharedKinds.map((kind) => [kind, wordsOf(sharing?.aggregation(kind) ?? null)]);
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
