// Networks, methods and data sets of people's own: modules whose default export is one.

import { basename, resolve, toFileUrl } from "@std/path";
import type { Dataset } from "../data/dataset.ts";
import {
  defineMethod,
  type FederatedMethod,
  type MethodSetting,
  type Settings,
} from "../federated/methods/method.ts";
import { builtInMethods, type MethodName, methodSettings } from "../federated/methods/registry.ts";
import { readUnfinishedConfig } from "../report/reading/earlier_run.ts";
import type { Network } from "../nn/network.ts";
import { builtInNetworks, type NetworkName } from "../nn/networks.ts";
import { withWords, wordsOf } from "./config_file.ts";
import { settingFlag } from "./flags/method.ts";
import { compareFlags, type DataOptions, type Flag, type FlagTable, trainFlags } from "./flags.ts";
import { isModulePath } from "./values.ts";
import { UsageError } from "./usage_error.ts";

/**
 * The network of `--network`.
 *
 * @throws {UsageError} if it names a module without one
 */
export async function loadNetwork(text: string): Promise<NetworkName | Network> {
  if (text in builtInNetworks) return text as NetworkName;
  const found = await defaultExport("network", text, "a function (gpu, options) => Module");
  if (typeof found === "function") return found as Network;
  throw unsuitable("network", text, found, "a function (gpu, options) => Module");
}

/**
 * The method of `--method`, or one of `--methods`.
 *
 * @throws {UsageError} if it names a module without one
 */
export async function loadMethod(text: string): Promise<MethodName | FederatedMethod> {
  if (text in builtInMethods) return text as MethodName;
  const found = await defaultExport("method", text, "a method, as defineMethod() gives it");
  try {
    return defineMethod(found as FederatedMethod);
  } catch (error) {
    throw new UsageError(`Cannot use --method ${text}: ${(error as Error).message}`);
  }
}

/**
 * The data set of `--data`, where that is a module: its default export is one, or a function that makes one of
 * `{ imageSize, clients, limit }`.
 *
 * @throws {UsageError} if it is neither, or its images have another size
 */
export async function loadOwnDataset(
  { data, imageSize, clients, limit }: DataOptions,
): Promise<Dataset> {
  const wish = "a Dataset, or a function that makes one of { imageSize, clients, limit }";
  const found = await defaultExport("data", data, wish);
  const dataset = typeof found === "function"
    ? await found({ imageSize, clients: clients ?? undefined, limit: limit ?? undefined })
    : found;
  const { clients: members, classNames, imageSize: size } = (dataset ?? {}) as Partial<Dataset>;
  if (!Array.isArray(members) || !Array.isArray(classNames)) {
    throw unsuitable("data", data, dataset, wish);
  }
  if (size === imageSize) return dataset as Dataset;
  throw new UsageError(
    `Cannot use --data ${data}: its images have ${size} pixels each way, but --image-size is ` +
      `${imageSize}; make it --image-size ${size}, or images of that size`,
  );
}

/** What a method of one's own is called in the names of folders: its file without the ending. */
export function methodLabel(method: string): string {
  return method in builtInMethods ? method : basename(method).replace(/\.[^.]*$/, "");
}

/**
 * A command's flags, and those of the settings of methods of one's own.
 *
 * @param methods names or paths
 * @throws {UsageError} if a module holds no method, or a setting's flag is taken
 */
async function withSettingFlags<F extends FlagTable>(
  flags: F,
  methods: readonly string[],
): Promise<F> {
  const own: Record<string, Flag<number>> = {};
  for (const text of methods) {
    const method = await loadMethod(text);
    if (typeof method === "string") continue;
    for (const [name, setting] of Object.entries(method.settings ?? {})) {
      if (name in methodSettings) continue; // shared with a method that comes with the program
      const flag = settingFlag(name, setting as MethodSetting);
      const taken = Object.values(flags).flatMap(({ name, aliases = [] }) => [name, ...aliases]);
      const clash = [flag.name, ...flag.aliases].find((spelling) => taken.includes(spelling));
      if (clash !== undefined || name in flags) {
        throw new UsageError(
          `Cannot use --method ${text}: its setting ${name} would be the flag --${
            clash ?? name
          }, ` +
            "which means something else; give it another name",
        );
      }
      own[name] = flag;
    }
  }
  return { ...flags, ...own };
}

/**
 * The flags of `train`, with those of the settings of a method of one's own: the one typed, or of the run that is
 * resumed; and the words that set them, with those of `--config`.
 */
export async function trainFlagsFor(
  args: readonly string[],
): Promise<{ readonly words: readonly string[]; readonly flags: typeof trainFlags }> {
  const [folder] = valuesOf("resume", args);
  const [file] = valuesOf("config", args);
  const stored = folder === undefined ? null : (await readUnfinishedConfig(folder)).settings.method;
  const words = file === undefined ? [] : await wordsOf(file);
  const methods = [
    ...valuesOf("method", [...words, ...args]),
    ...(typeof stored === "string" ? [stored] : []),
  ];
  const flags = await withSettingFlags(trainFlags, [...new Set(methods.filter(isModulePath))]);
  return { flags, words: file === undefined ? args : withWords(file, words, args, flags) };
}

/**
 * The flags of `compare`, likewise.
 *
 * @param folder against which relative paths are meant
 */
export async function compareFlagsFor(
  args: readonly string[],
  folder = Deno.cwd(),
): Promise<{ readonly words: readonly string[]; readonly flags: typeof compareFlags }> {
  const [file] = valuesOf("config", args);
  const ofRun = file === undefined ? [] : await wordsOf(file);
  const words = ofRun.map((word) => word.replace(/^--(method|seed)=/, "--$1s="));
  const methods = valuesOf("methods", [...words, ...args]).flatMap((text) => text.split(","))
    .map((part) => part.trim()).filter(isModulePath);
  const paths = [...new Set(methods)].map((path) => resolve(folder, path));
  const flags = await withSettingFlags(compareFlags, paths);
  return { flags, words: file === undefined ? args : withWords(file, words, args, flags) };
}

/** What is typed for a flag, before anything is checked: other flags depend on it. */
function valuesOf(name: string, args: readonly string[]): string[] {
  return args.flatMap((word, index) => {
    if (word === `--${name}`) return index + 1 < args.length ? [args[index + 1]] : [];
    return word.startsWith(`--${name}=`) ? [word.slice(name.length + 3)] : [];
  });
}

/** Of all options, the settings of a method of one's own. */
export function ownSettings(
  method: MethodName | FederatedMethod,
  options: Readonly<Record<string, unknown>>,
): Settings {
  const names = typeof method === "string" ? [] : Object.keys(method.settings ?? {});
  return Object.fromEntries(
    names.filter((name) => !(name in methodSettings)).map((
      name,
    ) => [name, options[name] as number]),
  );
}

async function defaultExport(flag: string, path: string, wish: string): Promise<unknown> {
  let module: Record<string, unknown>;
  try {
    module = await import(toFileUrl(resolve(path)).href);
  } catch (error) {
    throw new UsageError(
      `Cannot use --${flag} ${path}: it cannot be loaded (${(error as Error).message})`,
    );
  }
  if ("default" in module) return module.default;
  throw new UsageError(
    `Cannot use --${flag} ${path}: it has no default export, expected ${wish}; ` +
      `its exports are [${Object.keys(module).join(", ")}]`,
  );
}

function unsuitable(flag: string, path: string, found: unknown, wish: string): UsageError {
  const kind = found === null ? "null" : typeof found;
  return new UsageError(
    `Cannot use --${flag} ${path}: its default export is ${kind}, expected ${wish}`,
  );
}
