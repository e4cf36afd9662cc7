// Files of npm packages, from where Deno keeps them.

/**
 * Reads a file of a package that is imported somewhere, such as `echarts/LICENSE`.
 *
 * @param url as `import.meta.resolve()` gives it
 * @throws {Deno.errors.NotCapable} if the npm cache must not be read
 */
export function readPackageFile(url: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL(url));
}
