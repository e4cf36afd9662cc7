// Working on many items: all of them once, and an orderly end where one fails.

import { concurrently } from "../../src/data/concurrently.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";

const pause = () => new Promise<void>((resolve) => setTimeout(resolve));

Deno.test("concurrently() does every item once, several at a time, and counts", async () => {
  const items = Array.from({ length: 50 }, (_, index) => index);
  const [done, progress]: [number[], number[]] = [[], []];
  let [now, most] = [0, 0];
  await concurrently(items, async (item) => {
    most = Math.max(most, ++now);
    await pause();
    now--;
    done.push(item);
  }, { onProgress: (count) => progress.push(count) });
  assertEquals(done.toSorted((a, b) => a - b), items);
  assertEquals(progress, items.map((index) => index + 1));
  assert(most > 1 && most <= 8, `${most} at a time`);
});

Deno.test("concurrently() ends with the error of an item, when nothing is at work any more", async () => {
  let [begun, ended] = [0, 0];
  const work = async (item: number) => {
    begun++;
    await pause();
    ended++;
    if (item === 20) throw new RangeError("item 20");
  };
  const items = Array.from({ length: 1000 }, (_, index) => index);
  await assertRejects(() => concurrently(items, work), RangeError, "item 20");
  assertEquals(begun, ended);
  assert(begun < 40, `${begun} were begun`);
});
