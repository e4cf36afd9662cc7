// What the page's models are, for those in the worker that load their weights anew.

import type { Dataset } from "../data/dataset.ts";
import type { Architecture } from "../federated/checkpoint.ts";
import { builtInNetworks } from "../nn/networks.ts";
import { pageNetwork, type PageSettings } from "./settings.ts";

/** Of the models of a run. */
export function architectureOf(
  { width }: Pick<PageSettings, "width">,
  { classNames, imageSize }: Dataset,
): Architecture {
  const network = builtInNetworks[pageNetwork];
  return { network, networkName: pageNetwork, width, classNames, imageSize };
}
