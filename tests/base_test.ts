// What the language lacks where Deno is not: what goes back together, and maps of groups.

import { getOrMake, grouped } from "../src/maps.ts";
import { Owned } from "../src/owned.ts";
import { assertEquals, assertThrows } from "./assert.ts";

Deno.test("what is owned goes back the last first, once, whatever fails", () => {
  const log: string[] = [];
  const ending = (name: string) => () => {
    log.push(name);
    if (name === "b") throw new Error("b failed");
  };
  const owned = new Owned();
  owned.defer(ending("a"));
  assertEquals(owned.adopt("b", ending("b")), "b");
  const resource = { [Symbol.dispose]: ending("c") };
  assertEquals(owned.use(resource), resource);
  assertThrows(() => owned.dispose(), Error, "b failed");
  owned.dispose();
  assertEquals(log, ["c", "b", "a"]);
});

Deno.test("what has been moved goes back with its new owner alone", () => {
  const log: string[] = [];
  let owner: Owned;
  {
    using owned = new Owned();
    owned.defer(() => log.push("gone"));
    owner = owned.move();
  }
  assertEquals(log, []);
  owner.dispose();
  assertEquals(log, ["gone"]);
});

Deno.test("grouped() keeps the order of keys and items, and getOrMake() makes once", () => {
  assertEquals([...grouped([3, 1, 4, 1, 5], (n) => n % 2)], [[1, [3, 1, 1, 5]], [0, [4]]]);
  const map = new Map<string, undefined>();
  let made = 0;
  for (let k = 0; k < 2; k++) getOrMake(map, "nothing", () => void made++);
  assertEquals(made, 1);
});
