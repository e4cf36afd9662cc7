// What the live page shows under the pointer: words in full, and nothing beside the page on a narrow screen.

import type { Page } from "playwright-core";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { noBrowser } from "../report/browser.ts";
import { reach, tiny, withPage } from "./live_page.ts";

Deno.test({
  name:
    "under the pointer a narrow, dark live page stays as wide as the screen, and says what decided a stage",
  ignore: noBrowser,
  async fn() {
    const address = `methods=fedavg,prrfl&${tiny.replace("epochs=1", "epochs=2")}`;
    await withPage({ address, viewport: { width: 360, height: 740 } }, async (page) => {
      await page.emulateMedia({ colorScheme: "dark" });
      await reach(page, "ready");
      await page.click("#start");
      await reach(page, "over");
      await page.waitForSelector("#roc canvas");
      const charts = await page.locator("#figures .chart").all();
      assert(charts.length > 10, `${charts.length} charts`);
      for (const chart of charts) {
        await chart.scrollIntoViewIfNeeded();
        const { width, height } = (await chart.boundingBox())!;
        for (const x of [0.3, 0.6, 0.95]) {
          await chart.hover({ position: { x: x * width, y: 0.4 * height }, force: true });
          await page.waitForTimeout(60);
          assertEquals(await overflowOf(page), 0, await chart.getAttribute("aria-label") ?? "");
        }
      }
      const stages = page.locator("#stages .chart");
      await stages.scrollIntoViewIfNeeded();
      const { width } = (await stages.boundingBox())!;
      await stages.hover({ position: { x: width - 60, y: 50 }, force: true });
      const tip = stages.getByText("training F1");
      await tip.waitFor();
      assertMatch(
        await tip.innerText(),
        /client A, local epoch 4\n\d \w+\ntraining F1: deputy \d+\.\d %, personal \d+\.\d %\nthe deputy has .* of it\nbelow 0\.70 it recovers, from 0\.90 on it teaches/,
      );
    });
  },
});

/** Pixels that the page is wider than the screen. */
function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
}
