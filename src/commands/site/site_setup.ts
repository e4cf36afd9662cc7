// What a site simulates: its flags become a configuration with one client, which knows its place.

import type { Dataset } from "../../data/dataset.ts";
import { defaultConfig, pickSettings, type SimulationConfig } from "../../federated/config.ts";
import { sharedConfiguration } from "../../federated/configuration_text.ts";
import { methodOf } from "../../federated/methods/registry.ts";
import { sharingByMeans } from "../../federated/server/messages.ts";
import { sha256 } from "../../io/sha256.ts";
import { mostEpochs } from "../../report/reading/recorded_run.ts";
import type { Setting } from "../../report/run_header.ts";
import { withAbsolutePaths } from "../absolute_paths.ts";
import { wordOf } from "../config_file.ts";
import type { OptionsOf } from "../flags.ts";
import { siteInitFlags } from "../flags/site.ts";
import { readInitialState } from "../initial_state.ts";
import { checkDataFlags, loadDataset, showLoading } from "../load_dataset.ts";
import { checkMethodFlags } from "../method_flags.ts";
import {
  expectImageSize,
  flagsWithOwnSettings,
  loadMethod,
  loadNetwork,
  ownSettings,
} from "../own_modules.ts";
import { type ResolvedOptions, resolveOptions } from "../options.ts";
import { UsageError } from "../usage_error.ts";
import { isModulePath } from "../values.ts";
import type { SiteRecord } from "./site_folder.ts";

export type SiteOptions = OptionsOf<typeof siteInitFlags>;

/** What `site init` is told, with paths that mean the same wherever the next process is started. */
export async function readInitFlags(
  args: readonly string[],
): Promise<ResolvedOptions<typeof siteInitFlags>> {
  const flags = await flagsWithOwnSettings(siteInitFlags, args);
  return withAbsolutePaths(resolveOptions(args, flags));
}

/** What it was told then. */
export async function readStoredFlags({ settings }: SiteRecord): Promise<SiteOptions> {
  const words = settings.flatMap(({ name, value }) => value === null ? [] : [wordOf(name, value)]);
  return (await readInitFlags(words)).options;
}

/**
 * Which client is here, and its place.
 *
 * @throws {UsageError} if the data have several and none is chosen, or not the chosen one
 */
export async function chooseClient(
  options: SiteOptions,
): Promise<Pick<SiteRecord, "client" | "place">> {
  const { data, client, place } = options;
  const { clients } = await loadDataset({ ...options, clients: null, splits: [] }, () => {});
  const names = clients.map(({ name }) => name);
  const chosen = client ?? (names.length === 1 ? names[0] : null);
  if (chosen === null) {
    throw new UsageError(
      `Cannot make a site of --data ${data}: it has the clients ${
        names.join(", ")
      }, and one is at a ` +
        "site; choose it with --client",
    );
  }
  if (!names.includes(chosen)) {
    throw new UsageError(
      `Cannot use --client ${chosen}: the clients of --data ${data} are ${names.join(", ")}`,
    );
  }
  return { client: chosen, place: place ?? names.indexOf(chosen) };
}

/**
 * All that a site simulates; reads its images.
 *
 * @throws {UsageError | DataError | ConfigError} saying what is wrong and what to do
 */
export async function siteConfig(
  options: SiteOptions,
  { client, place }: Pick<SiteRecord, "client" | "place">,
  signal: AbortSignal,
): Promise<SimulationConfig> {
  const method = await loadMethod(options.method);
  sharingByMeans(methodOf(method));
  const network = await loadNetwork(options.network);
  expectImageSize(network, options.imageSize);
  const initialState = await readInitialState(options.init);
  const dataset = await showLoading(
    { ...options, clients: isModulePath(options.data) ? null : [client] },
    false,
    signal,
  );
  return {
    ...defaultConfig,
    ...pickSettings(options),
    ...{ method, network, initialState, methodSettings: ownSettings(method, options) },
    dataset: siteDataset(dataset, client, place),
  };
}

/** @throws {UsageError} if the client is not there any more */
function siteDataset(dataset: Dataset, client: string, place: number): Dataset {
  const found = dataset.clients.find(({ name }) => name === client);
  if (found) return { ...dataset, clients: [{ ...found, place }] };
  throw new UsageError(`Cannot use the data: they have no client ${client} any more`);
}

/** @throws {UsageError} for flags that do not go together, before anything is read */
export async function checkInitFlags(
  options: SiteOptions,
  settings: readonly Setting[],
): Promise<void> {
  checkDataFlags({ ...options, clients: null });
  const { rounds, localEpochs } = options;
  if (rounds * localEpochs > mostEpochs) {
    throw new UsageError(
      `Cannot make a site of ${rounds} rounds of ${localEpochs} local epochs: at most ${mostEpochs} epochs in all ` +
        "can be gone on with after a site was away",
    );
  }
  checkMethodFlags([await loadMethod(options.method)], options, settings);
}

/** A digest of all that sites have to agree on: sixteen hexadecimal digits. */
export async function agreementOf(config: SimulationConfig): Promise<string> {
  const { initialState } = config;
  const weights: [string, string][] = [];
  for (const [name, { data }] of initialState ?? []) weights.push([name, await sha256(data)]);
  const words = JSON.stringify([sharedConfiguration(config), weights]);
  return (await sha256(new TextEncoder().encode(words))).slice(0, 16);
}
