// The losses from their definitions, in double precision.

import { logProbabilities } from "./softmax.ts";
import { type Values, zeros } from "./values.ts";

/** Mean over the real rows of −log softmax(logits)[label]; logits `[S, N, classes]` → `[S]`. */
export function crossEntropyReference(
  logits: Values,
  labels: ArrayLike<number>,
  counts: ArrayLike<number>,
): Values {
  return rowMeans(logits, counts, (row, index) => -logProbabilities(row)[labels[index]]);
}

/** Mean over the real rows of Σ p (log p − log q), p the teacher's and q the student's softmax. */
export function klDivReference(
  student: Values,
  teacher: Values,
  counts: ArrayLike<number>,
  temperature: number,
): Values {
  return rowMeans(student, counts, (row, index) => {
    const start = index * row.length;
    const logP = logProbabilities(
      teacher.data.slice(start, start + row.length).map((value) => value / temperature),
    );
    const logQ = logProbabilities(row.map((value) => value / temperature));
    return logP.reduce((sum, value, c) => sum + Math.exp(value) * (value - logQ[c]), 0);
  });
}

/**
 * One model's loss in Deputy-Enhanced Transfer: cross-entropy, plus the divergence from the other
 * model unless the client is in the stage in which this one does not learn from the other.
 */
export function transferLossReference(
  own: Values,
  other: Values,
  labels: ArrayLike<number>,
  options: { stages: ArrayLike<number>; aloneIn: number; counts: ArrayLike<number> },
): Values {
  const { stages, aloneIn, counts } = options;
  const loss = crossEntropyReference(own, labels, counts);
  const divergence = klDivReference(own, other, counts, 1);
  divergence.data.forEach((value, s) => {
    if (stages[s] !== aloneIn) loss.data[s] += value;
  });
  return loss;
}

/** `loss` of every real row, averaged for each model; a model without rows has 0. */
function rowMeans(
  { shape: [S, N, classes], data }: Values,
  counts: ArrayLike<number>,
  loss: (row: Float64Array, index: number) => number,
): Values {
  const means = zeros([S]);
  for (let s = 0; s < S; s++) {
    for (let n = 0; n < counts[s]; n++) {
      const index = s * N + n;
      const row = data.subarray(index * classes, (index + 1) * classes);
      means.data[s] += loss(row, index) / counts[s];
    }
  }
  return means;
}
