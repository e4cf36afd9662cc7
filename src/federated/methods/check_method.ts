// What the types cannot say of a method of one's own: checked before anything is allocated.

import { ConfigError } from "../errors.ts";
import type { FederatedMethod, Lifetime, ServerUpdate } from "./method.ts";

const lifetimes: readonly Lifetime[] = ["training", "round", "run"];

/** What states call the engine's own tensors of a model; those of where a round began have the prefix. */
const taken = [
  ...["parameters", "buffers", "gradients", "progress"],
  ...["momentum_buffer", "exp_avg", "exp_avg_sq", "corrections"],
];
const takenPrefix = "start_";

/** @throws {ConfigError} naming what does not fit together */
export function checkMethod({ roles, personalRole, sharing, memory = {} }: FederatedMethod): void {
  const names = roles.join(", ");
  if (roles.length === 0 || new Set(roles).size < roles.length) {
    throw problem(`its roles are [${names}] but have to be different names`);
  }
  for (const role of [personalRole, ...(sharing ? [sharing.role] : [])]) {
    if (!roles.includes(role)) throw problem(`it has no role "${role}", its roles are [${names}]`);
  }
  for (const [name, lifetime] of Object.entries(memory)) {
    expectName("memory", name);
    if (!lifetimes.includes(lifetime)) {
      throw problem(
        `its memory "${name}" lasts "${lifetime}" but has to last one of ${lifetimes.join(", ")}`,
      );
    }
  }
  if (sharing?.server) checkServer(sharing.server, memory);
}

function checkServer(
  { memory, sent }: ServerUpdate,
  ofClients: Readonly<Record<string, Lifetime>>,
): void {
  for (const [name, start] of Object.entries(memory)) {
    expectName("the server's memory", name);
    if (start === "zeros" || start === "weights") continue;
    throw problem(
      `the server's memory "${name}" begins with "${start}" but has to begin with "zeros" or "weights"`,
    );
  }
  for (const name of sent) {
    const lifetime = Object.hasOwn(ofClients, name) ? ofClients[name] : null;
    if (lifetime === null) {
      throw problem(
        `clients send "${name}" but remember [${
          Object.keys(ofClients).join(", ")
        }]; declare it in memory`,
      );
    }
    if (lifetime === "training") {
      throw problem(
        `clients send their memory "${name}", which ends with local training; let it last a "round"`,
      );
    }
  }
}

/** States call tensors `client.role.memory.parameter`. */
function expectName(what: string, name: string): void {
  if (!/^[A-Za-z]\w*$/.test(name)) {
    throw problem(
      `${what} "${name}" has to be called by letters, digits and underscores, beginning with a letter`,
    );
  }
  if (!taken.includes(name) && !name.startsWith(takenPrefix)) return;
  throw problem(`${what} "${name}" has a name that the engine uses itself; give it another one`);
}

function problem(text: string): ConfigError {
  return new ConfigError(`Cannot simulate the method: ${text}`);
}
