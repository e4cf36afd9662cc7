// A configuration in words, by which a state knows the run it belongs to.

import { splitNames } from "../data/dataset.ts";
import { defaultConfig, type SimulationConfig } from "./config.ts";
import type { Fingerprints } from "./fingerprint.ts";
import type { FederatedMethod } from "./methods/method.ts";
import type { ConfigurationText } from "./recovery/state.ts";

/**
 * Settings that may change on resume, for what came before a state does not depend on them; and the method, which is
 * told in other words.
 */
const changeable = ["parallelClients", "memoryLimit", "initialState", "onNan"];
const settings = (Object.keys(defaultConfig) as (keyof typeof defaultConfig)[])
  .filter((name) => ![...changeable, "method", "methodSettings"].includes(name));

/** What runs did that were made before there was the setting. */
export const initialConfiguration: ConfigurationText = Object.fromEntries(
  settings.map((name) => [name, String(defaultConfig[name])]),
);

/** Of a method of one's own nothing else can be told from another one. */
function describe({ title, roles, memory = {}, sharing }: FederatedMethod): string {
  const parts = [
    `one with roles ${roles.join(", ")}`,
    ...(title === undefined ? [] : [`title ${title}`]),
    ...Object.entries(memory).map(([name, lifetime]) => `memory ${name} for a ${lifetime}`),
    ...(sharing ? [`sharing of ${sharing.role} with ${sharing.receivers}`] : []),
    ...Object.keys(sharing?.server?.memory ?? {}).map((name) => `server memory ${name}`),
  ];
  return parts.join("; ");
}

/** What is the same for all clients of a federation, wherever they are. */
export function sharedConfiguration(config: SimulationConfig): ConfigurationText {
  const { dataset, method, methodSettings } = config;
  const own = Object.entries(methodSettings)
    .map(([name, value]) => [`the method's ${name}`, String(value)]);
  return {
    method: typeof method === "string" ? method : describe(method),
    ...Object.fromEntries(settings.map((name) => [name, String(config[name])])),
    ...Object.fromEntries(own),
    "image size": String(dataset.imageSize),
    classes: dataset.classNames.join(", "),
  };
}

/** Everything that a state has to agree with. */
export function configurationText(
  config: SimulationConfig,
  { splits }: Fingerprints,
): ConfigurationText {
  const { dataset } = config;
  const clients = dataset.clients.map((client) => {
    const sizes = splitNames.map((split) => `${client[split].labels.length} ${split}`);
    return [`images of client ${client.name}`, sizes.join(", ")];
  });
  const contents = dataset.clients.flatMap(({ name }, index) =>
    splitNames.map((split) => [
      `the checksum of client ${name}'s ${split} images and labels`,
      splits[index][split],
    ])
  );
  const places = dataset.clients.flatMap(({ name, place }) =>
    place === undefined ? [] : [[`the place of client ${name}`, String(place)]]
  );
  return {
    ...sharedConfiguration(config),
    ...Object.fromEntries(places),
    clients: dataset.clients.map(({ name }) => name).join(", "),
    ...Object.fromEntries(clients),
    ...Object.fromEntries(contents),
  };
}
