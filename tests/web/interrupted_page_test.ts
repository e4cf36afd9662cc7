// The live page through interruptions: a reload, and a device that is lost.

import type { Page } from "playwright-core";
import { assertEquals, assertMatch } from "../assert.ts";
import { noBrowser } from "../report/browser.ts";
import { reach, textOf, tiny, withPage } from "./live_page.ts";

Deno.test({
  name: "the live page goes on after a reload, to the rows of a run that was not disturbed",
  ignore: noBrowser,
  async fn() {
    const address = `methods=fedavg,prrfl&${tiny}`;
    const rowsOf = async (page: Page) => {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.click("text=prrfl: metrics.jsonl"),
      ]);
      const lines = (await Deno.readTextFile(await download.path())).trim().split("\n");
      return lines.map((line) => ({ ...JSON.parse(line), time: null }))
        .filter(({ type }) => type !== "checkpoint"); // of the models as they were then
    };
    await withPage({ address }, async (page) => {
      await reach(page, "ready");
      assertEquals(await page.isHidden("#goon"), true);
      await page.click("#start");
      await page.click("#step");
      await reach(page, "paused");
      await page.waitForSelector("#retrogress tbody tr >> nth=3"); // of one communication of both
      await page.reload();
      await reach(page, "ready");
      await page.click("#goon");
      await reach(page, "over");
      const resumed = await rowsOf(page);
      assertEquals(resumed.filter(({ type }) => type === "run").length, 1);
      await page.click("#reset");
      await page.click("#start");
      await reach(page, "over");
      assertEquals(resumed, await rowsOf(page));
      await page.reload();
      await reach(page, "ready");
      assertEquals(await page.isHidden("#goon"), true); // it is over
    });
  },
});

/** Before the worker's own code: the device can be lost by a message. */
const losable = `
const request = GPUAdapter.prototype.requestDevice;
GPUAdapter.prototype.requestDevice = async function (...options) {
  const device = await request.apply(this, options);
  addEventListener("message", ({ data }) => { if (data === "lose") device.destroy(); });
  return device;
};
`;

Deno.test({
  name: "a run of the live page whose device is lost goes on from its last communication",
  ignore: noBrowser,
  async fn() {
    await withPage(
      { address: `methods=fedavg&${tiny.replace("rounds=2", "rounds=3")}` },
      async (page) => {
        await reach(page, "ready");
        await page.route("**/worker.js", async (route) => {
          const response = await route.fetch();
          await route.fulfill({ response, body: losable + await response.text() });
        });
        await page.evaluate(() => {
          const { postMessage } = Worker.prototype;
          Worker.prototype.postMessage = function (this: Worker, order: { type: string }) {
            const isLast = order.type === "resume";
            postMessage.call(this, isLast ? "lose" : order);
            if (isLast) postMessage.call(this, order);
          } as typeof postMessage;
        });
        await page.click("#start");
        await page.click("#step");
        await reach(page, "paused");
        await page.waitForSelector("#retrogress tbody tr");
        await page.click("#start"); // and the device is lost
        await page.waitForSelector("#problem:not([hidden])");
        assertMatch(await textOf(page, "#problem"), /lost.*is kept: go on with it/);
        await reach(page, "ready");
        await page.unroute("**/worker.js");
        await page.click("#goon");
        await reach(page, "over");
        assertMatch(await textOf(page, "#retrogress tbody tr"), /of 3 /);
      },
    );
  },
});
