// Where a program keeps what it can make again: the user's cache folder, by the custom of the system.

import { isAbsolute, join } from "@std/path";

/**
 * The folder of one program in the user's cache folder; it need not exist. Null where the system names none, or the
 * process may not use it without asking: its user has allowed to read some folders only, say.
 *
 * @param program name of the folder
 */
export function userCacheFolder(program: string): string | null {
  const folder = cacheFolderOf(Deno.build.os, readVariable);
  if (folder === null) return null;
  const path = join(folder, program);
  const isAllowed = isGranted({ name: "read" }) && isGranted({ name: "write", path });
  return isAllowed ? path : null;
}

/**
 * The folder for the caches of all programs.
 *
 * @param variable value of a variable of the environment
 */
export function cacheFolderOf(
  os: typeof Deno.build.os,
  variable: (name: string) => string | undefined,
): string | null {
  if (os === "windows") return variable("LOCALAPPDATA") || null;
  const home = variable("HOME");
  if (os === "darwin") return home ? join(home, "Library", "Caches") : null;
  const given = variable("XDG_CACHE_HOME");
  if (given && isAbsolute(given)) return given; // the XDG specification wants others ignored
  return home ? join(home, ".cache") : null;
}

function readVariable(name: string): string | undefined {
  return isGranted({ name: "env", variable: name }) ? Deno.env.get(name) : undefined;
}

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}
