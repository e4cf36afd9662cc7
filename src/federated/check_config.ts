// Whether a configuration can be simulated: checked before anything is allocated.

import { batchingOf, lastBatches } from "../data/batching.ts";
import { checkBatches, checkDataset } from "../data/check_dataset.ts";
import { expectOptions } from "../tensor/checks.ts";
import {
  augmentations,
  clientWeightings,
  methods,
  nanActions,
  networks,
  optimizers,
  settingNames,
  type SimulationConfig,
} from "./config.ts";
import { asConfigError, ConfigError } from "./errors.ts";
import { type Bounds, describeBounds, isWithin, settingBounds } from "./bounds.ts";
import { checkMethod } from "./methods/check_method.ts";
import { methodOf, type MethodSettingName, methodSettings } from "./methods/registry.ts";

/** What some settings may be instead of a number. */
const alternatives = new Map<string, unknown>([
  ["evaluateEvery", null],
  ["memoryLimit", null],
  ["parallelClients", "auto"],
]);

/**
 * Checks a configuration before anything is allocated.
 *
 * @throws {ConfigError} naming the setting, its value and what it has to be
 */
export function checkConfig(config: SimulationConfig): void {
  asConfigError("Cannot simulate this configuration", () => {
    expectOptions("simulate", config, settingNames, ["dataset", "method"]);
  });
  for (const [name, bounds] of Object.entries(settingBounds)) {
    const value = config[name as keyof typeof settingBounds];
    if (alternatives.has(name) && alternatives.get(name) === value) continue;
    const instead = alternatives.has(name) ? `${showValue(alternatives.get(name))} or ` : "";
    expectNumber(name, value, bounds, instead);
  }
  for (const [name, setting] of Object.entries(methodSettings)) {
    expectNumber(name, config[name as MethodSettingName], setting);
  }
  if (typeof config.method === "object" && config.method !== null) checkMethod(config.method);
  else expectChoice("method", config.method, methods);
  checkMethodSettings(config);
  expectChoice("lastBatch", config.lastBatch, lastBatches);
  if (typeof config.network !== "function") expectChoice("network", config.network, networks);
  expectChoice("optimizer", config.optimizer, optimizers);
  expectChoice("augment", config.augment, augmentations);
  expectChoice("onNan", config.onNan, nanActions);
  expectChoice("clientWeights", config.clientWeights, clientWeightings);
  for (const name of ["shuffle", "nesterov", "keepOptimizer"] as const) {
    expectSwitch(name, config[name]);
  }
  checkMomentum(config);
  asConfigError("Cannot simulate", () => {
    checkDataset(config.dataset);
    checkBatches(config.dataset, batchingOf(config));
  });
}

function checkMomentum(
  { optimizer, momentum, nesterov, keepOptimizer }: SimulationConfig,
): void {
  if (optimizer !== "sgd" && (momentum > 0 || nesterov)) {
    throw new ConfigError(
      `Cannot simulate: momentum is ${momentum} and nesterov ${nesterov}, but optimizer "${optimizer}" ` +
        'takes neither; choose "sgd", or leave them out',
    );
  }
  if (nesterov && momentum === 0) {
    throw new ConfigError(
      "Cannot simulate: nesterov is true but momentum is 0; it has to be above 0, 0.9 is usual",
    );
  }
  if (keepOptimizer && optimizer === "sgd" && momentum === 0) {
    throw new ConfigError(
      'Cannot simulate: keepOptimizer is true but optimizer "sgd" with momentum 0 remembers nothing; ' +
        'choose momentum, 0.9 is usual, or "adam", or leave it out',
    );
  }
}

/** The own settings of a method of one's own, and whether it can train as it is told to. */
function checkMethodSettings(config: SimulationConfig): void {
  const { method, methodSettings: given, optimizer, momentum } = config;
  const { settings = {}, refuses } = methodOf(method);
  asConfigError("Cannot simulate this configuration", () => {
    expectOptions("simulate", given, typeof method === "string" ? [] : Object.keys(settings));
  });
  for (const [name, value] of Object.entries(given)) expectNumber(name, value, settings[name]);
  const reason = refuses?.({ optimizer, momentum }) ?? null;
  if (reason === null) return;
  const subject = typeof method === "string" ? method : "the method";
  const how = `optimizer "${optimizer}"${momentum > 0 ? ` and momentum ${momentum}` : ""}`;
  throw new ConfigError(`Cannot simulate ${subject} with ${how}: ${reason}`);
}

/** @param instead what else it may be, before the words for a number */
function expectNumber(name: string, value: unknown, bounds: Bounds, instead = ""): void {
  const wish = instead + describeBounds(bounds);
  if (typeof value === "string") {
    throw new ConfigError(
      `Cannot simulate: ${name} is "${value}" but has to be ${wish}, not a text`,
    );
  }
  if (typeof value !== "number" || !isWithin(value, bounds)) {
    throw new ConfigError(`Cannot simulate: ${name} is ${value} but has to be ${wish}`);
  }
}

function showValue(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}

function expectSwitch(name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new ConfigError(`Cannot simulate: ${name} is ${value} but has to be true or false`);
}

/** @throws {ConfigError} unless a setting is one of these words */
export function expectChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (!choices.some((choice) => choice === value)) {
    throw new ConfigError(
      `Cannot simulate: ${name} is ${showValue(value)} but has to be one of ${choices.join(", ")}`,
    );
  }
}
