// Shows what a communication does to the spectra of a layer.

import { amplitudeSpectra, type Spectrum } from "./aggregate/spectrum.ts";
import { collect, type SharedModel } from "./server/communicate.ts";

/** Amplitudes of the second convolution's weights, or the only one's, of every client. */
export interface SpectraAround {
  /** the parameter */
  readonly layer: string;
  readonly before: readonly Spectrum[];
  readonly after: readonly Spectrum[];
}

/** Communicates, and measures the models before and after; gives null where the network has no convolution. */
export async function spectraAround(
  models: readonly SharedModel[],
  communicate: () => void,
): Promise<SpectraAround | null> {
  const [first, second] = models[0].model.module.parameters.filter(({ kind }) => kind === "conv");
  const layer = second ?? first;
  if (layer === undefined) {
    communicate();
    return null;
  }
  const measure = async () => {
    using weights = collect(models, layer);
    return await amplitudeSpectra(weights);
  };
  const before = await measure();
  communicate();
  return { layer: layer.name, before, after: await measure() };
}
