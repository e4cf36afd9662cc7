// The files of tensors that a run leaves: checkpoints, spectra of a layer, predictions.

import type { SimulationEvent } from "../../federated/events.ts";
import { writeCheckpoint } from "./checkpoint_file.ts";
import { predictionsFiles, spectraFile } from "./file_names.ts";
import { writePredictions } from "./predictions.ts";
import type { RunContext, RunFile } from "./run_file.ts";
import { writeSpectra } from "./spectra_file.ts";

export class TensorFiles implements RunFile {
  constructor(private readonly context: RunContext) {}

  async consume(event: SimulationEvent): Promise<void> {
    const { context } = this;
    switch (event.type) {
      case "spectra":
        return await writeSpectra(context.path(spectraFile), event);
      case "predictions":
        return await writePredictions(context.path(predictionsFiles[event.view]), event);
      case "checkpoint":
        return await writeCheckpoint(context.header, context.run, event);
    }
  }

  resume(): void {}
}
