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
import { checkMethod } from "./methods/check_method.ts";
import type { MethodSetting } from "./methods/method.ts";
import { methodOf, type MethodSettingName, methodSettings } from "./methods/registry.ts";

/** What a number has to be, by setting. */
const requirements: readonly (readonly [
  keyof SimulationConfig,
  string,
  (value: number) => boolean,
])[] = [
  ["width", "a number above 0", (value) => value > 0],
  ["rounds", "a whole number of at least 1", positiveWhole],
  ["localEpochs", "a whole number of at least 1", positiveWhole],
  ["batchSize", "a whole number of at least 2", (value) => positiveWhole(value) && value >= 2],
  ["learningRate", "a number above 0", (value) => value > 0],
  ["learningRateStep", "a whole number of at least 1", positiveWhole],
  ["learningRateGamma", "a number above 0", (value) => value > 0],
  ["weightDecay", "a number of at least 0", (value) => value >= 0],
  ["momentum", "a number of at least 0 and below 1", (value) => value >= 0 && value < 1],
  ["participation", "a number above 0 and at most 1", (value) => value > 0 && value <= 1],
  ["dropout", "a number of at least 0 and below 1", (value) => value >= 0 && value < 1],
  ["seed", "a whole number from 0 to 4294967295", (value) => value === value >>> 0],
];

/**
 * Checks a configuration before anything is allocated.
 *
 * @throws {ConfigError} naming the setting, its value and what it has to be
 */
export function checkConfig(config: SimulationConfig): void {
  asConfigError("Cannot simulate this configuration", () => {
    expectOptions("simulate", config, settingNames, ["dataset", "method"]);
  });
  for (const [name, wish, holds] of requirements) expectNumber(name, config[name], wish, holds);
  for (const [name, setting] of Object.entries(methodSettings)) {
    expectSetting(name, config[name as MethodSettingName], setting);
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
  const { parallelClients, memoryLimit, evaluateEvery, dataset } = config;
  if (evaluateEvery !== null && !positiveWhole(evaluateEvery)) {
    throw new ConfigError(
      `Cannot simulate: evaluateEvery is ${evaluateEvery} but has to be null or a whole number of at least 1`,
    );
  }
  if (parallelClients !== "auto" && !positiveWhole(parallelClients)) {
    throw new ConfigError(
      `Cannot simulate: parallelClients is ${parallelClients} but has to be "auto" or a whole number of at least 1`,
    );
  }
  if (memoryLimit !== null && !(memoryLimit > 0)) {
    throw new ConfigError(
      `Cannot simulate: memoryLimit is ${memoryLimit} but has to be null or a number of MiB above 0`,
    );
  }
  for (const name of ["shuffle", "nesterov", "keepOptimizer"] as const) {
    expectSwitch(name, config[name]);
  }
  checkMomentum(config);
  asConfigError("Cannot simulate", () => {
    checkDataset(dataset);
    checkBatches(dataset, batchingOf(config));
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
  for (const [name, value] of Object.entries(given)) expectSetting(name, value, settings[name]);
  const reason = refuses?.({ optimizer, momentum }) ?? null;
  if (reason === null) return;
  const subject = typeof method === "string" ? method : "the method";
  const how = `optimizer "${optimizer}"${momentum > 0 ? ` and momentum ${momentum}` : ""}`;
  throw new ConfigError(`Cannot simulate ${subject} with ${how}: ${reason}`);
}

function expectSetting(name: string, value: unknown, bounds: MethodSetting): void {
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = bounds;
  const wish = min === 0 && max === 1 ? "a number between 0 and 1" : [
    "a number",
    ...(bounds.min === undefined ? [] : [`of at least ${min}`]),
    ...(bounds.max === undefined ? [] : [`of at most ${max}`]),
    ...(bounds.above === undefined ? [] : [`above ${above}`]),
    ...(bounds.below === undefined ? [] : [`below ${below}`]),
  ].join(" ");
  const holds = (value: number) => value >= min && value <= max && value > above && value < below;
  expectNumber(name, value, wish, holds);
}

function expectNumber(
  name: string,
  value: unknown,
  wish: string,
  holds: (value: number) => boolean,
): void {
  if (typeof value === "string") {
    throw new ConfigError(
      `Cannot simulate: ${name} is "${value}" but has to be a number, not a text`,
    );
  }
  if (typeof value !== "number" || !Number.isFinite(value) || !holds(value)) {
    throw new ConfigError(`Cannot simulate: ${name} is ${value} but has to be ${wish}`);
  }
}

function expectSwitch(name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new ConfigError(`Cannot simulate: ${name} is ${value} but has to be true or false`);
}

/** @throws {ConfigError} unless a setting is one of these words */
export function expectChoice(name: string, value: unknown, choices: readonly string[]): void {
  if (!choices.some((choice) => choice === value)) {
    const shown = typeof value === "string" ? `"${value}"` : value;
    throw new ConfigError(
      `Cannot simulate: ${name} is ${shown} but has to be one of ${choices.join(", ")}`,
    );
  }
}

function positiveWhole(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}
