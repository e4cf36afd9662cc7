// The command `site init`: makes the folder of a site, with its models before the first round.

import { join, resolve } from "@std/path";
import { setupOf } from "../../federated/clients/setup.ts";
import type { SimulationConfig } from "../../federated/config.ts";
import { messageOf, sharingByMeans } from "../../federated/server/messages.ts";
import { Model } from "../../nn/model.ts";
import { Owned } from "../../owned.ts";
import { settingText } from "../../report/format.ts";
import type { Setting } from "../../report/run_header.ts";
import type { Gpu } from "../../tensor/gpu.ts";
import { openTunedGpu } from "../tuned_gpu.ts";
import { UsageError } from "../usage_error.ts";
import { neededFlag } from "./needed_flag.ts";
import { printResult, SiteRows } from "./results.ts";
import { readSite, SiteFolder, type SiteRecord } from "./site_folder.ts";
import { beginRun } from "./site_run.ts";
import {
  agreementOf,
  checkInitFlags,
  chooseClient,
  readInitFlags,
  siteConfig,
} from "./site_setup.ts";

/**
 * Makes the site whole or not at all. With the settings that it has already it changes nothing.
 *
 * @throws {UsageError | DataError | ConfigError | GpuError} saying what is wrong and what to do
 */
export async function siteInit(args: readonly string[], signal: AbortSignal): Promise<void> {
  const { options, settings } = await readInitFlags(args);
  const path = resolve(neededFlag("site init", "state", options.state));
  await checkInitFlags(options, settings);
  const existing = await readSite(path);
  if (existing) expectSame(path, existing, settings);
  const { client, place } = existing ?? await chooseClient(options);
  const config = await siteConfig(options, { client, place }, signal);
  using owned = new Owned();
  const gpu = owned.adopt(await openTunedGpu(options), (gpu) => gpu.dispose());
  const agreement = await agreementOf(config);
  if (existing === null) {
    const record: SiteRecord = { client, place, agreement, settings };
    await SiteFolder.create(path, record, async (folder) => {
      await beginRun(gpu, folder, config, record, signal);
    });
  } else if (existing.agreement !== agreement) {
    throw new UsageError(
      `Cannot use --state ${path}: its site was made with other classes or first weights; make another site`,
    );
  }
  const { images, run } = await SiteRows.read(join(path, "run"));
  printResult({
    ...{ type: "init", client, place, agreement, method: options.method },
    ...{ rounds: run.rounds, localEpochs: run.localEpochs, classes: run.classNames, images },
    sends: sizeOfMessage(gpu, config),
  });
}

/** Data may lie elsewhere by now: whether the images are the same, the state tells when it goes on. */
const changeable = ["state", "data", "csv-folder"];

/** @throws {UsageError} naming settings that the site was made with otherwise */
function expectSame(path: string, { settings }: SiteRecord, now: readonly Setting[]): void {
  const differing = now.flatMap(({ name, value, decisive }) => {
    const then = settings.find((setting) => setting.name === name)?.value ?? null;
    if (!decisive || changeable.includes(name) || then === value) return [];
    return [`${name} ${then === null ? "unset" : settingText(then)}, not ${settingText(value)}`];
  });
  if (differing.length === 0) return;
  throw new UsageError(
    `Cannot use --state ${path}: its site was made with ${
      differing.join("; ")
    }; leave that as it was, or ` +
      "make a site in another folder",
  );
}

/** What a site sends in the first round. */
function sizeOfMessage(gpu: Gpu, config: SimulationConfig) {
  const { method, settings, module } = setupOf(gpu, config);
  const sharing = sharingByMeans(method);
  const model = new Model(gpu, module, { stack: 1, seed: config.seed });
  const rate = sharing.rate?.(0, config.rounds, settings) ?? 0;
  const message = messageOf(sharing, { model, index: 0, weight: 1, sends: true }, rate);
  const bytes = [...message.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  for (const tensor of message.values()) tensor.dispose();
  model.dispose();
  return { tensors: message.size, bytes };
}
