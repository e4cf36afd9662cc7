// The files that compute what the page shows, by the figure: the build puts them beside the page, which links them.

/** Paths in the project, by the figures' ids. */
export const figureSources: Readonly<Record<string, string>> = {
  clients: "kernels/augment.wgsl",
  retrogress: "src/federated/simulation.ts",
  spectra: "kernels/fourier_aggregation.wgsl",
  stages: "src/federated/methods/transfer_stage.ts",
  curves: "src/metrics/classification.ts",
  confusion: "src/metrics/classification.ts",
  roc: "src/metrics/roc_curve.ts",
};

/** Where the page finds a file, as a text whatever a host makes of its ending. */
export function sourceAddress(path: string): string {
  return `source/${path}.txt`;
}
