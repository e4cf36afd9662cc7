// Declarations of the package's modules, which strict TypeScript takes with @webgpu/types and nothing else.

import ts from "typescript";
import { join } from "@std/path";

const root = join(import.meta.dirname!, "..");

/** Kernels are imported as texts. */
const texts = 'declare module "*.wgsl" { const text: string; export default text; }';
/** `using` is younger than the libraries that a consumer has to have. */
const younger = '/// <reference lib="esnext.disposable" />\n';

/** Writes a file for each module that the entries need, at its path in the project. */
export async function writeTypes(entries: readonly string[], folder: string): Promise<void> {
  const scratch = await Deno.makeTempDir();
  try {
    const [globals, kernels] = [join(scratch, "deno.d.ts"), join(scratch, "kernels.d.ts")];
    await Deno.writeTextFile(globals, await typesOfDeno());
    await Deno.writeTextFile(kernels, texts);
    const program = ts.createProgram([...entries, globals, kernels], {
      declaration: true,
      emitDeclarationOnly: true,
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      noCheck: true, // `deno check` does it
      stripInternal: true,
      strict: true,
      skipLibCheck: true,
      lib: ["lib.esnext.d.ts"],
      types: [],
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      rootDir: root,
      outDir: folder,
    });
    const files = new Map<string, string>();
    const { diagnostics } = program.emit(undefined, (path, text) => files.set(path, text));
    const problems = diagnostics.map(({ messageText }) =>
      ts.flattenDiagnosticMessageText(messageText, "\n")
    );
    if (problems.length > 0) throw new Error(`Cannot write types: ${problems.join("; ")}`);
    for (const [path, text] of files) {
      await Deno.mkdir(join(path, ".."), { recursive: true });
      await Deno.writeTextFile(path, younger + withScriptNames(text));
    }
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Imports name the files that are run: TypeScript finds the declarations beside their names. */
function withScriptNames(text: string): string {
  return text.replaceAll(/((?:from|import)\s*\(?\s*"\.{1,2}\/[^"]*)\.ts"/g, '$1.js"');
}

async function typesOfDeno(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["types"] }).output();
  return new TextDecoder().decode(stdout);
}
