// The live page in Chromium: a run from start to end, pauses, settings from the address, and browsers without WebGPU.

import { join } from "@std/path";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { readRun } from "../../src/report/reading/recorded_run.ts";
import { noBrowser } from "../report/browser.ts";
import { reach, textOf, tiny, withPage } from "./live_page.ts";

Deno.test({
  name: "the live page trains two methods to their end, and shows and gives what they told",
  ignore: noBrowser,
  async fn() {
    await withPage(
      { address: `methods=fedavg,prrfl&${tiny.replace("epochs=1", "epochs=2")}` },
      async (page) => {
        assertEquals(await page.inputValue("#images"), "100");
        assertEquals(await page.isChecked("#method-fedbn"), false);
        await reach(page, "ready");
        await page.click("#start");
        await reach(page, "over");
        assertMatch(await textOf(page, "#status"), /^Done on .*swiftshader/i);
        assertEquals(await page.isHidden("#problem"), true);
        assertEquals(await page.locator("#clients article").count(), 4);
        for (const figure of ["retrogress", "spectra", "stages", "curves", "confusion", "roc"]) {
          assert(await page.locator(`#${figure} canvas`).count() > 0, figure);
        }
        assertEquals(await page.locator("#figures .missing").count(), 0);
        // The models before the last communication, aggregated with a window of one's own.
        assertEquals(await page.locator("#window-rows tr").count(), 0);
        await page.locator("#window-rate").fill("0.2"); // which asks by itself
        await page.waitForSelector("#window-rows tr");
        await page.click("#window-again");
        await page.waitForSelector("#window-rows tr >> nth=1");
        const tried = await page.locator("#window-rows tr").allTextContents();
        assertMatch(tried[0], /^0\.202\d+\.\d → \d+\.\d[±+−]/); // window, round, F1, change
        assertEquals(tried[0], tried[1]);
        const links = await page.locator("main a[href^=source], footer a[href^=docs]").all();
        assertEquals(links.length, 9); // a file for each figure, the cards and other windows, and the reference
        for (const link of links) {
          const answer = await page.request.get(
            new URL(await link.getAttribute("href") ?? "", page.url()).href,
          );
          assertEquals(answer.status(), 200);
        }
        assertEquals(await page.locator("#retrogress tbody tr").count(), 4); // F1 and AUC of both
        assertMatch(
          await textOf(page, "#retrogress .losses"),
          /^Lost per communication \(change of test F1, points\): FedAvg [+−±]\d+\.\d, PRR-FL [+−±]\d+\.\d\.$/,
        );
        using folder = new TemporaryFolder(); // as the page says to put them for `cli.ts report`
        for (const name of ["metrics.jsonl", "config.json"]) {
          const [download] = await Promise.all([
            page.waitForEvent("download"),
            page.click(`text=prrfl: ${name}`),
          ]);
          await download.saveAs(join(folder.path, name));
        }
        const { run, rows, settings, finished, adapter } = await readRun(folder.path);
        assertEquals(run.title, "PRR-FL");
        assertEquals(rows.filter(({ type }) => type === "aggregation").length, 2);
        const { method, learningRate, alpha1, imageSize } = settings;
        assertEquals([method, learningRate, alpha1, imageSize], ["prrfl", 0.05, 0.7, 32]);
        assertEquals(finished, true);
        assertMatch(adapter, /swiftshader/i);
        await page.click("#reset");
        await reach(page, "ready");
        assertEquals(await page.locator("#figures section").count(), 0);
      },
    );
  },
});

Deno.test({
  name: "the live page pauses, goes on by one communication, and fits a narrow screen",
  ignore: noBrowser,
  async fn() {
    const viewport = { width: 360, height: 740 };
    await withPage({ address: `methods=fedavg&${tiny}`, viewport }, async (page) => {
      await reach(page, "ready");
      await page.click("#start");
      await page.click("#pause");
      await reach(page, "paused");
      assertEquals(await textOf(page, "#start"), "Go on");
      assertEquals(await page.locator("#retrogress tbody tr").count(), 0);
      await page.click("#step");
      await page.waitForSelector("#retrogress tbody tr"); // the table has come with a communication
      await reach(page, "paused");
      assertMatch(await textOf(page, "#retrogress tbody tr"), /of 1 /);
      const width = await page.locator("html").evaluate(({ scrollWidth }) => scrollWidth);
      assertEquals(width, 360);
      await page.click("#start");
      await reach(page, "over");
    });
  },
});

Deno.test({
  name: "the live page says what is wrong with its address, and keeps the settings there",
  ignore: noBrowser,
  async fn() {
    await withPage({ address: "rounds=7&width=9" }, async (page) => {
      assertMatch(await textOf(page, "#problem"), /width is 9; it goes from 0.125 to 1/);
      await page.click("#settings summary");
      await page.fill("#seed", "5");
      await page.press("#seed", "Tab");
      assertEquals(new URL(page.url()).search, "?seed=5&rounds=7");
      await page.click("text=Ten minutes");
      assertEquals(new URL(page.url()).search, "?images=768&width=0.25&rounds=10&epochs=4");
    });
  },
});

Deno.test({
  name: "the live page tells what failed, and is ready again after a reset",
  ignore: noBrowser,
  async fn() {
    await withPage({ address: "methods=prrfl", known: /net::ERR_FAILED/ }, async (page) => {
      await reach(page, "ready");
      await page.route("**/worker.js", (route) => route.abort());
      await page.click("#start");
      await reach(page, "over");
      assertMatch(await textOf(page, "#problem"), /^Cannot .*\. Reset, and try again/);
      await page.click("#reset");
      await reach(page, "ready");
    });
  },
});

Deno.test({
  name: "without WebGPU the live page plays back a recorded run, and says so",
  ignore: noBrowser,
  async fn() {
    await withPage({ address: "", flags: [], known: /^No available adapters/ }, async (page) => {
      await page.waitForSelector("body[data-replayed]");
      assertMatch(await textOf(page, "#problem"), /no graphics card.*recorded on/);
      assert(await page.locator("#retrogress canvas").count() > 0);
      assertEquals(await page.isDisabled("#start"), true);
    });
  },
});
