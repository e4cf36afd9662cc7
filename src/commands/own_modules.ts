// Networks, methods and data sets of people's own: modules whose default export is one.

import { basename, resolve, toFileUrl } from "@std/path";
import { checkDataset } from "../data/check_dataset.ts";
import { type Dataset, splitNames } from "../data/dataset.ts";
import {
  defineMethod,
  type FederatedMethod,
  type MethodSetting,
  type Settings,
} from "../federated/methods/method.ts";
import {
  builtInMethods,
  isBuiltInSetting,
  type MethodName,
} from "../federated/methods/registry.ts";
import { readUnfinishedConfig } from "../report/reading/earlier_run.ts";
import type { Network } from "../nn/network.ts";
import { builtInNetworks, type NetworkName } from "../nn/networks.ts";
import { vggStride } from "../nn/vgg.ts";
import { withWords, wordsOf } from "./config_file.ts";
import { settingFlag } from "./flags/method.ts";
import { compareFlags, type DataOptions, type Flag, type FlagTable, trainFlags } from "./flags.ts";
import { canonical, spellingsOf } from "./options.ts";
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
 * Looks at what the program's networks ask of images before any is read; others say it once they are made.
 *
 * @throws {UsageError} naming the nearest sizes that suit
 */
export function expectImageSize(network: NetworkName | Network, imageSize: number): void {
  if (typeof network !== "string" || imageSize % vggStride === 0) return;
  const below = Math.floor(imageSize / vggStride) * vggStride;
  const suitable = [below, below + vggStride].filter((size) => size > 0).join(" or ");
  throw new UsageError(
    `Cannot use --image-size ${imageSize} with --network ${network}, which halves images five times: ` +
      `it has to be a multiple of ${vggStride}, such as ${suitable}`,
  );
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
  const problem = (text: string) => new UsageError(`Cannot use --data ${data}: ${text}`);
  const unused = clients !== null ? "clients" : limit !== null ? "limit" : null;
  if (typeof found !== "function" && unused !== null) {
    throw problem(
      `its default export is a data set as it is, so that --${unused} would change nothing; ` +
        "leave it out, or export a function, which is told of it",
    );
  }
  let dataset: unknown = found;
  if (typeof found === "function") {
    const options = { imageSize, clients: clients ?? undefined, limit: limit ?? undefined };
    try {
      dataset = await found(options);
    } catch (error) {
      throw problem(`its function fails (${error instanceof Error ? error.message : error})`);
    }
  }
  const { clients: members, classNames, imageSize: size } = (dataset ?? {}) as Partial<Dataset>;
  if (!Array.isArray(members) || !Array.isArray(classNames)) {
    if (typeof found !== "function") throw unsuitable("data", data, dataset, wish);
    throw problem(`its function makes ${kindOf(dataset)}, but has to make a Dataset`);
  }
  for (const client of members) {
    const missing = splitNames.find((name) => !client?.[name]?.ids);
    if (missing === undefined) continue;
    throw problem(
      `its client ${
        client?.name ?? ""
      } lacks ${missing}, or its ids; every client has train, valid and ` +
        "test, each { ids, images, labels }",
    );
  }
  if (size !== imageSize) {
    throw problem(
      `its images have ${size} pixels each way, but --image-size is ${imageSize}; make it ` +
        `--image-size ${size}, or images of that size`,
    );
  }
  try {
    checkDataset(dataset as Dataset);
  } catch (error) {
    if (error instanceof RangeError) throw problem(error.message);
    throw error;
  }
  return dataset as Dataset;
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
  const definitions = new Map<string, { readonly text: string; readonly words: string }>();
  for (const text of methods) {
    const method = await loadMethod(text);
    if (typeof method === "string") continue;
    for (const [name, setting] of Object.entries(method.settings ?? {})) {
      if (isBuiltInSetting(name, setting)) continue; // shared with a method that comes with the program
      const words = JSON.stringify(setting);
      const earlier = definitions.get(name);
      if (earlier?.words === words) continue; // one flag for both
      if (earlier !== undefined) {
        throw new UsageError(
          `Cannot use --method ${text}: its setting ${name} is described as ${words}, but that of ` +
            `${earlier.text} as ${earlier.words}, and both would be one flag; give one another name`,
        );
      }
      definitions.set(name, { text, words });
      const flag = settingFlag(name, setting as MethodSetting);
      const taken = spellingsOf({ ...flags, ...own });
      const clash = [flag.name, ...flag.aliases].find((word) => taken.has(canonical(word)));
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
  const given = valuesOf("method", [...words, ...args]);
  // A module that has moved is named anew; it is no longer where the run found it.
  const methods = given.length === 0 && typeof stored === "string" ? [stored] : given;
  const flags = await withSettingFlags(trainFlags, [...new Set(methods.filter(isModulePath))]);
  return { flags, words: file === undefined ? args : withWords(file, words, args, flags) };
}

/** A command's flags, and those of the settings of the method that the words name, where that is one of one's own. */
export async function flagsWithOwnSettings<F extends FlagTable>(
  flags: F,
  args: readonly string[],
): Promise<F> {
  return await withSettingFlags(flags, valuesOf("method", args).filter(isModulePath));
}

/**
 * The flags of `compare`, likewise. The words hold what the file says, and no longer name it.
 *
 * @param preset defaults of the command that differ from the table's
 * @param folder against which relative paths are meant
 */
export async function compareFlagsFor(
  args: readonly string[],
  preset: Readonly<Record<string, unknown>>,
  folder = Deno.cwd(),
): Promise<{ readonly words: readonly string[]; readonly flags: typeof compareFlags }> {
  const [file] = valuesOf("config", args);
  const ofRun = file === undefined ? [] : await wordsOf(file);
  const words = ofRun.map((word) => word.replace(/^--(method|seed)=/, "--$1s="));
  const methods = valuesOf("methods", [...words, ...args]).flatMap((text) => text.split(","))
    .map((part) => part.trim()).filter(isModulePath);
  const paths = [...new Set(methods)].map((path) => resolve(folder, path));
  const flags = await withSettingFlags(compareFlags, paths);
  if (file === undefined) return { flags, words: args };
  return { flags, words: withWords(file, words, withoutFlag("config", args), flags, preset) };
}

function withoutFlag(name: string, args: readonly string[]): string[] {
  return args.filter((word, index) =>
    word !== `--${name}` && !word.startsWith(`--${name}=`) && args[index - 1] !== `--${name}`
  );
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
  const settings = typeof method === "string" ? {} : method.settings ?? {};
  return Object.fromEntries(
    Object.entries(settings).filter(([name, setting]) => !isBuiltInSetting(name, setting))
      .map(([name]) => [name, options[name] as number]),
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
  return new UsageError(
    `Cannot use --${flag} ${path}: its default export is ${kindOf(found)}, expected ${wish}`,
  );
}

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}
