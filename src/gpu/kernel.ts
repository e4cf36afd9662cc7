// A kernel file as the runtime sees it: its parameters and bindings, read from the WGSL itself.

/** A scalar type that the `Params` struct of a kernel may have. */
export type ScalarType = "u32" | "i32" | "f32";

/** A WGSL file with what it shares with others: the only place where parameters and bindings are declared. */
export interface KernelFile {
  /** file name, for labels and error messages */
  readonly name: string;
  /** WGSL of all parts, one after the other */
  readonly source: string;
  /** what the source is made of: the file itself, then what is appended to it; `start` counts lines before it */
  readonly parts: readonly { readonly name: string; readonly start: number }[];
  /** members of `struct Params`, in order */
  readonly params: readonly { readonly name: string; readonly type: ScalarType }[];
  /** binding number of every storage variable of group 0, by name */
  readonly bindings: ReadonlyMap<string, number>;
  /** storage variables `x` that may be missing, for it declares `override has_x`, which tells it */
  readonly optional: ReadonlySet<string>;
}

const paramsStruct = /struct\s+Params\s*\{([^}]*)\}/;
const paramsMember = /(\w+)\s*:\s*(u32|i32|f32)/g;
const hasFlag = /override\s+has_(\w+)/g;
const storageVariable = /@group\(0\)\s*@binding\((\d+)\)\s*var<storage[^>]*>\s*(\w+)/g;

/**
 * Reads the declarations of a kernel file: `struct Params` at binding 0, and the storage variables of group 0, which
 * `gpu.dispatch` binds by their names.
 *
 * @param name for labels and error messages
 * @param own the WGSL
 * @param shared texts of `kernels/shared` that it uses. They are appended, because WGSL has no order of declarations, and
 *   so the line numbers of errors stay right
 * @throws {TypeError} unless all are texts
 */
export function kernelFile(name: string, own: string, ...shared: string[]): KernelFile {
  const texts: readonly unknown[] = [name, own, ...shared];
  const wrong = texts.findIndex((text) => typeof text !== "string");
  if (wrong >= 0) {
    throw new TypeError(
      `Cannot read a kernel: its name and its WGSL have to be texts but one is ${texts[wrong]}; ` +
        'a file is imported as a text with { type: "text" }',
    );
  }
  const source = [own, ...shared].join("\n");
  const code = source.replaceAll(/\/\/.*$/gm, "");
  const members = [...(code.match(paramsStruct)?.[1] ?? "").matchAll(paramsMember)];
  return {
    name,
    source,
    parts: partsOf(name, [own, ...shared]),
    params: members.map(([, name, type]) => ({ name, type: type as ScalarType })),
    bindings: new Map(
      [...code.matchAll(storageVariable)].map(([, binding, name]) => [name, Number(binding)]),
    ),
    optional: new Set([...code.matchAll(hasFlag)].map(([, name]) => name)),
  };
}

/** A shared file begins with its path. */
function partsOf(name: string, texts: readonly string[]): KernelFile["parts"] {
  let start = 0;
  return texts.map((text, k) => {
    const path = text.match(/^\/\/ (\S+\.wgsl):/)?.[1] ?? `text ${k} appended to ${name}`;
    const part = { name: k === 0 ? name : path, start };
    start += text.split("\n").length;
    return part;
  });
}

/** Where a line of the source, counted from 1, stands: `batch_norm.wgsl:12` or `kernels/shared/quotient.wgsl:7`. */
export function placeOfLine({ parts }: KernelFile, line: number): string {
  const { name, start } = parts.findLast(({ start }) => start < line) ?? parts[0];
  return `${name}:${line - start}`;
}

/**
 * The bytes of a `Params` struct.
 *
 * @throws {TypeError} unless exactly the declared members are given
 */
export function packParams(
  file: KernelFile,
  values: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const declared = file.params.map((member) => member.name);
  const given = Object.keys(values);
  if (given.length !== declared.length || declared.some((name) => !(name in values))) {
    throw new TypeError(
      `Cannot pack the parameters of ${file.name}: it declares [${declared}] but was given [${given}]`,
    );
  }
  const bytes = new ArrayBuffer(Math.ceil(declared.length / 4) * 16);
  const view = new DataView(bytes);
  file.params.forEach(({ name, type }, index) => {
    if (type === "f32") view.setFloat32(index * 4, values[name], true);
    else if (type === "i32") view.setInt32(index * 4, values[name], true);
    else view.setUint32(index * 4, values[name], true);
  });
  return new Uint8Array(bytes);
}
