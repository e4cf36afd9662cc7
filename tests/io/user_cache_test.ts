// The user's cache folder: each system's custom, and no question to the user.

import { join } from "@std/path";
import { cacheFolderOf, userCacheFolder } from "../../src/io/user_cache.ts";
import { assertEquals } from "../assert.ts";

const folderOf = (os: typeof Deno.build.os, variables: Record<string, string>) =>
  cacheFolderOf(os, (name) => variables[name]);

Deno.test("cacheFolderOf() follows each system's custom", () => {
  const all = { HOME: "/home/x", XDG_CACHE_HOME: "/fast", LOCALAPPDATA: "C:\\Users\\x\\Local" };
  assertEquals(folderOf("linux", all), "/fast");
  assertEquals(folderOf("linux", { HOME: "/home/x" }), join("/home/x", ".cache"));
  assertEquals(folderOf("darwin", all), join("/home/x", "Library", "Caches"));
  assertEquals(folderOf("windows", all), "C:\\Users\\x\\Local");
});

Deno.test("cacheFolderOf() ignores a path that is not absolute or empty, and may find none", () => {
  for (const XDG_CACHE_HOME of ["cache", ""]) {
    assertEquals(folderOf("linux", { HOME: "/home/x", XDG_CACHE_HOME }), "/home/x/.cache");
  }
  for (const os of ["linux", "darwin", "windows"] as const) {
    assertEquals([folderOf(os, {}), folderOf(os, { HOME: "", LOCALAPPDATA: "" })], [null, null]);
  }
});

const whole = { read: true, write: true, env: true } as const;
const folder = userCacheFolder("some-program");

Deno.test({
  name: "userCacheFolder() names a folder where everything is allowed",
  permissions: whole,
  fn: () => assertEquals(userCacheFolder("some-program"), folder),
});

for (const lacking of ["read", "write", "env"] as const) {
  Deno.test({
    name: `userCacheFolder() names none without the permission to ${lacking}`,
    permissions: { ...whole, [lacking]: false },
    fn: () => assertEquals([folder !== null, userCacheFolder("some-program")], [true, null]),
  });
}

Deno.test({
  name: "userCacheFolder() names none where only some folders may be read",
  permissions: { ...whole, read: ["/data"] },
  fn: () => assertEquals(userCacheFolder("some-program"), null),
});
