// The methods that come with the program, by name.

import { det } from "./det.ts";
import { fedavg } from "./fedavg.ts";
import { fedbn } from "./fedbn.ts";
import { fedprox } from "./fedprox.ts";
import { fml } from "./fml.ts";
import { local } from "./local.ts";
import type { FederatedMethod, MethodSetting, Settings } from "./method.ts";
import { pfa } from "./pfa.ts";
import { prrfl } from "./prrfl.ts";
import { scaffold } from "./scaffold.ts";
import { silobn } from "./silobn.ts";

/** From the simplest to the whole of PRR-FL. */
const methods = { local, fedavg, fedprox, scaffold, fedbn, silobn, fml, pfa, det, prrfl };

/** Name of a method that comes with the program. */
export type MethodName = keyof typeof methods;

/** The methods that come with the program, by name; `simulate()` takes the name or the method. */
export const builtInMethods: Readonly<Record<MethodName, FederatedMethod>> = methods;

/** Names of the settings that are some method's own. */
export type MethodSettingName = (typeof methods)[MethodName] extends infer M
  ? M extends FederatedMethod<infer S> ? S : never
  : never;

/** The own settings of all of them; those of PRR-FL come first. */
export const methodSettings = Object.assign(
  {},
  ...Object.values(builtInMethods).toReversed().map(({ settings }) => settings ?? {}),
) as Readonly<Record<MethodSettingName, MethodSetting>>;

/** A method by its name, or one of your own as it is. */
export function methodOf(method: MethodName | FederatedMethod): FederatedMethod {
  return typeof method === "string" ? builtInMethods[method] : method;
}

/** Whether a method's setting is one of those that come with the program: another one may have its name. */
export function isBuiltInSetting(name: string, setting: MethodSetting): boolean {
  return Object.hasOwn(methodSettings, name) &&
    methodSettings[name as MethodSettingName] === setting;
}

/** Values of a method's own settings in a configuration; what is missing has its default. */
export function settingsOf(
  { settings = {} }: FederatedMethod,
  config: Settings<MethodSettingName> & { readonly methodSettings: Settings },
): Settings {
  const values = Object.entries(settings).map(([name, setting]) => {
    const shared = isBuiltInSetting(name, setting) ? config[name as MethodSettingName] : undefined;
    return [name, config.methodSettings[name] ?? shared ?? setting.default];
  });
  return Object.fromEntries(values);
}
