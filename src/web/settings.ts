// What a visitor of the page chooses: read from its address and written there, so that a link shows the same run.

import { defaultConfig, methods, type SimulationConfig } from "../federated/config.ts";
import type { MethodName } from "../federated/methods/registry.ts";
import type { NetworkName } from "../nn/networks.ts";

/** A number of the form. */
interface NumberField {
  readonly label: string;
  readonly least: number;
  readonly most: number;
  readonly step: number;
  readonly initial: number;
}

/** The numbers, by their name in the address. */
export const numberFields = {
  seed: { label: "Seed", least: 0, most: 4_294_967_295, step: 1, initial: 1 },
  images: { label: "Training images of all clients", least: 48, most: 8192, step: 1, initial: 256 },
  size: { label: "Pixels of a side", least: 32, most: 128, step: 32, initial: 32 },
  width: { label: "Width of the network", least: 0.125, most: 1, step: 0.125, initial: 0.125 },
  rounds: { label: "Rounds", least: 1, most: 50, step: 1, initial: 6 },
  epochs: { label: "Local epochs", least: 1, most: 10, step: 1, initial: 3 },
  batch: { label: "Batch size", least: 2, most: 64, step: 1, initial: 8 },
  lr: { label: "Learning rate", least: 0.0001, most: 1, step: 0.0001, initial: 0.05 },
  l_rate: {
    label: "Low frequencies at first (l_rate)",
    least: 0.05,
    most: 1,
    step: 0.05,
    initial: 0.7,
  },
  alpha1: { label: "α1: deputy recovers below", least: 0, most: 1, step: 0.05, initial: 0.7 },
  alpha2: { label: "α2: deputy teaches above", least: 0, most: 1, step: 0.05, initial: 0.9 },
} as const satisfies Record<string, NumberField>;

/** Name of a number of the form. */
export type NumberName = keyof typeof numberFields;
const numberNames = Object.keys(numberFields) as NumberName[];

/** All that determines what the page shows. */
export interface PageSettings extends Readonly<Record<NumberName, number>> {
  readonly methods: readonly MethodName[];
}

const initialMethods: readonly MethodName[] = ["fedavg", "fedbn", "prrfl"];

/** Settings that go well together; those at first learn enough in little time for falls to show. */
export const presets: Readonly<Record<string, Partial<PageSettings>>> = {
  "A minute": {},
  "Ten minutes": { rounds: 10, epochs: 4, images: 768, width: 0.25 },
  "The paper's": { rounds: 50, epochs: 5, images: 7343, size: 128, width: 1, batch: 16, lr: 0.01 },
};

/** Those of a preset; what it leaves open is as at first. */
export function presetSettings(name: string): PageSettings {
  const numbers = Object.fromEntries(
    numberNames.map((field) => [field, numberFields[field].initial]),
  ) as Record<NumberName, number>;
  return { methods: initialMethods, ...numbers, ...presets[name] };
}

/**
 * Reads them from an address such as `?methods=fedavg,prrfl&seed=2`.
 *
 * @returns also what could not be taken, in words; it is as at first then
 */
export function readSettings(
  query: URLSearchParams,
): { settings: PageSettings; problems: string[] } {
  const problems: string[] = [];
  const settings: Record<string, unknown> = { ...presetSettings("A minute") };
  for (const [name, text] of query) {
    if (name === "methods") {
      const chosen = text.split(",");
      const unknown = chosen.filter((one) => !(methods as readonly string[]).includes(one));
      if (unknown.length === 0) settings.methods = [...new Set(chosen)];
      else problems.push(`methods has ${unknown.join(", ")}; there are ${methods.join(", ")}`);
    } else if (Object.hasOwn(numberFields, name)) {
      const { least, most, step } = numberFields[name as NumberName];
      const value = Number(text);
      const steps = (value - least) / step;
      const isStep = Math.abs(steps - Math.round(steps)) < 1e-6;
      const isWithin = text !== "" && value >= least && value <= most;
      if (isWithin && isStep) settings[name] = value;
      else {problems.push(
          `${name} is ${text}; it goes from ${least} to ${most} in steps of ${step}`,
        );}
    } else problems.push(`${name} is no setting`);
  }
  return { settings: settings as unknown as PageSettings, problems };
}

/** The address for them, without what is as at first. */
export function addressOf(settings: PageSettings): string {
  const initial = presetSettings("A minute");
  const query = new URLSearchParams();
  if (`${settings.methods}` !== `${initial.methods}`) query.set("methods", `${settings.methods}`);
  for (const name of numberNames) {
    if (settings[name] !== initial[name]) query.set(name, String(settings[name]));
  }
  return `${query}`.replaceAll("%2C", ",");
}

/** The network of every method. */
export const pageNetwork: NetworkName = "vgg_nb";

/** What the demo data are made with. */
export function demoOptions({ seed, size, images }: PageSettings) {
  const others = Math.round(images / 2);
  return { seed, imageSize: size, trainSize: images, validSize: others, testSize: others };
}

/** The configuration of one method's run, without its data. */
export function configOf(
  settings: PageSettings,
  method: MethodName,
): Omit<SimulationConfig, "dataset"> {
  const { seed, width, rounds, epochs, batch, lr, l_rate, alpha1, alpha2 } = settings;
  return {
    ...{ ...defaultConfig, method, seed, width, rounds, localEpochs: epochs, batchSize: batch },
    ...{ network: pageNetwork, learningRate: lr, fourierRate: l_rate, alpha1, alpha2 },
    lastBatch: "join", // whatever number of images is chosen
  };
}
