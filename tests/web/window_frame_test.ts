// The window on the live page's spectra: dragged, moved by keys, in step with the slider, and asked for when it is let go.

import type { Page } from "playwright-core";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { noBrowser } from "../report/browser.ts";
import { reach, textOf, tiny, withPage } from "./live_page.ts";

Deno.test({
  name:
    "the window on the spectra follows pointer, keys and slider, and tells what it would come to",
  ignore: noBrowser,
  async fn() {
    await withPage({ address: `methods=fedavg,prrfl&${tiny}` }, async (page) => {
      await reach(page, "ready");
      await page.click("#start");
      await page.click("#step");
      await reach(page, "paused");
      await page.waitForSelector(".window-frame >> nth=2");
      const handle = page.getByRole("slider", { name: /the frame on the spectrum/ });
      assertEquals(await handle.count(), 1); // on three maps
      await handle.focus();
      await page.keyboard.down("ArrowDown");
      await page.keyboard.down("ArrowDown"); // a key that is held repeats
      assertEquals(await page.inputValue("#window-rate"), "0.4");
      assertEquals(await handle.getAttribute("aria-valuenow"), "0.40");
      assertEquals(await handle.getAttribute("aria-valuetext"), "40 % of each axis");
      assertEquals(await textOf(page, "#window-status"), ""); // nothing is asked before it is let go
      await page.keyboard.up("ArrowDown");
      await rowsOf(page, 1);
      await page.keyboard.press("Home");
      await rowsOf(page, 2);
      await page.keyboard.press("Home"); // moves nothing, so asks nothing
      await page.keyboard.press("End");
      await rowsOf(page, 3);
      assertEquals(await firstCells(page), ["1.00", "0.00", "0.40"]);

      const [first, second] = await frameWidths(page);
      assert(Math.abs(first - second) < 1, `${first} and ${second}`);
      await drag(page, 0.5); // halfway from the edge to the middle
      assertEquals(await page.inputValue("#window-rate"), "0.5");
      await rowsOf(page, 4);
      const half = await frameWidths(page);
      assert(half.every((width) => Math.abs(width - first / 2) < 1), `${half} of ${first}`);
      await page.waitForFunction(() =>
        /^L 0\.50: F1 \d+\.\d → \d+\.\d$/.test(
          document.querySelector(".window-label")!.textContent!,
        )
      );
      assertMatch(await textOf(page, "#window-status"), /^With L = 0\.50: mean F1/);

      await page.locator("#window-rate").fill("0.75");
      assertEquals(await handle.getAttribute("aria-valuenow"), "0.75");
      assert((await frameWidths(page))[0] > half[0]);

      await page.click("#spectra label:has-text('FedAvg')"); // whose server has no window
      assertEquals(await page.locator(".window-frame:visible").count(), 0);
      await page.click("#spectra label:has-text('PRR-FL')");
      assertEquals(await page.locator(".window-frame:visible").count(), 3);
      await page.click("#reset");
      assertEquals(await page.locator(".window-frame").count(), 0);
    });
  },
});

/** Waits for the answers to so many questions. */
async function rowsOf(page: Page, count: number): Promise<void> {
  await page.waitForSelector(`#window-rows tr >> nth=${count - 1}`);
  assertEquals(await page.locator("#window-rows tr").count(), count);
}

/** The windows that were tried, the newest first. */
function firstCells(page: Page): Promise<string[]> {
  return page.locator("#window-rows td:first-child").allTextContents();
}

async function frameWidths(page: Page): Promise<number[]> {
  const boxes = await page.locator(".window-frame").all();
  return await Promise.all(boxes.map(async (box) => (await box.boundingBox())!.width));
}

/** Takes the second map's frame, by its right edge, to a share of the way from the middle to the edge of the map. */
async function drag(page: Page, share: number): Promise<void> {
  const { x, y, width, height } = (await page.locator(".window-frame").nth(1).boundingBox())!;
  const middle = y + height / 2;
  await page.mouse.move(x + width, middle);
  await page.mouse.down();
  await page.mouse.move(x + width * (1 + 0.8) / 2, middle);
  await page.mouse.move(x + width * (1 + share) / 2, middle);
  await page.mouse.up();
}
