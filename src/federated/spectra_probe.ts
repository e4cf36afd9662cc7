// Shows what a communication does to the spectra of layers.

import type { ParameterSpec } from "../nn/module.ts";
import { amplitudeSpectra, type Spectrum } from "./aggregate/spectrum.ts";
import type { RunControl } from "./control.ts";
import { ConfigError } from "./errors.ts";
import { collect, type SharedModel } from "./server/communicate.ts";

/** Amplitudes of a convolution's weights, of every client. */
export interface SpectraAround {
  /** the parameter */
  readonly layer: string;
  readonly before: readonly Spectrum[];
  readonly after: readonly Spectrum[];
}

/** @param names null: the second convolution's, or the only one's, or none */
function probedLayers(
  parameters: readonly ParameterSpec[],
  names: readonly string[] | null,
): ParameterSpec[] {
  const convolutions = parameters.filter(({ kind }) => kind === "conv");
  if (names === null) return convolutions.slice(0, 2).slice(-1);
  return names.map((name) => {
    const found = convolutions.find((parameter) => parameter.name === name);
    if (found) return found;
    throw new ConfigError(
      `Cannot tell the spectra of "${name}": the network's convolutions are ` +
        (convolutions.map(({ name }) => name).join(", ") || "none"),
    );
  });
}

/** Measures layers around the communications for which a run is asked to. */
export class SpectraProbe {
  readonly #layers: readonly ParameterSpec[];

  /** @throws {ConfigError} for a layer that the network does not have */
  constructor(
    parameters: readonly ParameterSpec[],
    private readonly control: RunControl,
    private readonly rounds: number,
  ) {
    this.#layers = probedLayers(parameters, control.spectraLayers ?? null);
  }

  /** Communicates, and gives what was measured before and after. */
  async around(
    round: number,
    models: readonly SharedModel[],
    communicate: () => Promise<void>,
  ): Promise<SpectraAround[]> {
    const isAsked = this.control.spectraEvery === "round" || round === this.rounds - 1;
    const layers = isAsked ? this.#layers : [];
    const measure = async () => {
      const spectra: Spectrum[][] = [];
      for (const layer of layers) {
        using weights = collect(models, layer);
        spectra.push(await amplitudeSpectra(weights));
      }
      return spectra;
    };
    const before = await measure();
    await communicate();
    const after = await measure();
    return layers.map(({ name }, k) => ({ layer: name, before: before[k], after: after[k] }));
  }
}
