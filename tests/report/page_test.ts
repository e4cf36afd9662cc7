// The report's page in a browser: it draws, switches, and needs nothing but its file.

import { join, toFileUrl } from "@std/path";
import type { Browser, Page } from "playwright-core";
import { readRuns } from "../../src/report/reading/labelled_runs.ts";
import { reportFigures, writePage } from "../../src/report/page/report.ts";
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { noBrowser, openBrowser, watch } from "./browser.ts";
import { addPredictions, addSpectra, writeMadeUpFolder } from "./made_up_folder.ts";

const figureIds = [
  ...["retrogress", "intervals", "curves", "stages", "spectra"],
  ...["clinical", "confusion", "roc", "calibration"],
];

/** A page of two seeds of PRR-FL and a run of another method. */
async function writeComparison(folder: TemporaryFolder): Promise<string> {
  const made = [["prrfl", 1], ["prrfl", 2], ["fedavg", 1]] as const;
  for (const [method, seed] of made) {
    const run = join(folder.path, "compare", `${method}-seed${seed}`, "run");
    const rounds = seed + 2; // seeds of different length, as after an interruption
    await writeMadeUpFolder(run, { rounds, settings: { method, seed } });
    await addPredictions(run);
    await addSpectra(run);
  }
  const runs = await readRuns([join(folder.path, "compare")]);
  const path = join(folder.path, "report.html");
  await writePage(runs, reportFigures(runs), path);
  return toFileUrl(path).href;
}

/** The only chart of a figure as a picture, to be compared. */
function picture(page: Page, id: string): Promise<string> {
  return page.evaluate(
    `echarts.getInstanceByDom(document.querySelector("#${id} .chart")).getDataURL()`,
  );
}

/** Takes a chart's data away and gives the number of pixels that they had changed. */
const pixelsOfData = `((element) => {
  const chart = echarts.getInstanceByDom(element);
  const read = () => {
    const canvas = chart.renderToCanvas(); // all its layers
    const { width, height } = canvas;
    return new Uint32Array(canvas.getContext("2d").getImageData(0, 0, width, height).data.buffer);
  };
  const before = read();
  const empty = { data: [], markLine: { data: [] } };
  chart.setOption({ series: chart.getOption().series.map(() => empty) });
  const after = read();
  return before.reduce((sum, pixel, index) => sum + (pixel === after[index] ? 0 : 1), 0);
})`;

async function inBrowser(
  body: (browser: Browser) => Promise<void>,
  flags: readonly string[] = [],
): Promise<void> {
  const browser = await openBrowser(flags);
  try {
    await body(browser);
  } finally {
    await browser.close();
  }
}

/** The charts are empty afterwards. */
async function expectAllDrawn(page: Page): Promise<void> {
  for (const id of figureIds) {
    const count = await page.locator(`#${id} .chart`).count();
    assert(count > 0, `${id} has no chart`);
    for (let index = 0; index < count; index++) {
      const chart = `document.querySelectorAll("#${id} .chart")[${index}]`;
      const pixels: number = await page.evaluate(`${pixelsOfData}(${chart})`);
      assert(pixels > 500, `chart ${index + 1} of ${id} has drawn ${pixels} pixels of data`);
    }
  }
}

/** One browser and one page for all steps: starting and writing take longer than looking. */
Deno.test({
  name: "the report's page in a browser",
  ignore: noBrowser,
  fn: (t) =>
    inBrowser(async (browser) => {
      using folder = new TemporaryFolder();
      const url = await writeComparison(folder);

      for (const width of [360, 1280]) {
        for (const colorScheme of ["light", "dark"] as const) {
          await t.step(
            `draws all figures ${width} pixels wide on ${colorScheme} paper, from its file alone`,
            async () => {
              const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
              const { messages, requests } = watch(page);
              await page.goto(url);
              await expectAllDrawn(page);
              const body = page.locator("body");
              const overflow = await body.evaluate((body) => body.scrollWidth - body.clientWidth);
              assertEquals(overflow, 0);
              const paper = await page.evaluate("getComputedStyle(document.body).backgroundColor");
              assertEquals(paper === "rgb(255, 255, 255)", colorScheme === "light");
              assertEquals(requests.filter((request) => !request.startsWith("data:")), [url]);
              assertEquals(messages, []);
              await page.close();
            },
          );
        }
      }

      await t.step(
        "has switches, lines and tooltips that work by mouse and by keyboard",
        async () => {
          const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
          const { messages } = watch(page);
          await page.goto(url);
          const figure = page.locator("#retrogress");
          const chart = figure.locator(".chart");
          const shown = figure.locator(".shown");
          assertEquals(
            await shown.textContent(),
            "Test F1 of the models that receive the server's weights, mean over clients",
          );

          const whole = await picture(page, "retrogress");
          const line = figure.getByRole("button", { name: "FedAvg" });
          await line.click();
          assertEquals(await line.getAttribute("aria-pressed"), "false");
          assertNotEquals(await picture(page, "retrogress"), whole);
          await line.press("Space");
          assertEquals(await line.getAttribute("aria-pressed"), "true");
          assertEquals(await picture(page, "retrogress"), whole);

          await figure.getByRole("radio", { name: "F1" }).focus();
          await page.keyboard.press("ArrowRight");
          assertEquals(await figure.getByRole("radio", { name: "AUC" }).isChecked(), true);
          assertStringIncludes(
            await shown.textContent() ?? "",
            "Test AUC of the models that receive",
          );
          assertNotEquals(await picture(page, "retrogress"), whole);

          const run = page.locator("#confusion").getByRole("combobox");
          await run.selectOption("FedAvg, seed 1");
          const title = await page.locator("#confusion .shown").textContent();
          assertStringIncludes(title ?? "", "FedAvg, seed 1");

          // Two local epochs a round: the first communication is at 2 of 8 on an axis with 57 and 20 pixels beside it.
          const box = (await chart.boundingBox())!;
          await chart.hover({ position: { x: 57 + (box.width - 77) * 2 / 8, y: 150 } });
          const tip = figure.getByText("before → after the communication");
          await tip.waitFor();
          assertStringIncludes(await tip.locator("..").textContent() ?? "", "PRR-FL");
          assertEquals(messages, []);
          await page.close();
        },
      );

      await t.step("follows when the paper turns dark", async () => {
        const page = await browser.newPage({ colorScheme: "light" });
        const { messages } = watch(page);
        await page.goto(url);
        const light = await picture(page, "curves");
        await page.emulateMedia({ colorScheme: "dark" });
        await page.waitForTimeout(500);
        assertNotEquals(await picture(page, "curves"), light);
        await expectAllDrawn(page);
        assertEquals(messages, []);
        await page.close();
      });

      await t.step("shows names as they are, markup or not", async () => {
        const name = '</script><img src=x onerror="console.error(1)">&amp;"';
        const run = join(folder.path, "run");
        await writeMadeUpFolder(run, { clients: [name, "B"], settings: { theme: name } });
        const runs = await readRuns([run]);
        const path = join(folder.path, "names.html");
        await writePage(runs, reportFigures(runs), path);
        const page = await browser.newPage();
        const { messages, requests } = watch(page);
        await page.goto(toFileUrl(path).href);
        const heads = await page.locator("#results th").allTextContents();
        assert(heads.includes(`Client ${name}`), String(heads));
        const chart = page.locator("#curves .chart");
        await page.locator("#curves .series button", { hasText: "B" }).click();
        const box = (await chart.boundingBox())!;
        await chart.hover({ position: { x: box.width / 2, y: 100 } });
        await page.locator("#curves").getByText("local epochs: ").waitFor();
        assertEquals(await page.locator("#curves img").count(), 0);
        assertEquals(requests.filter((request) => !request.startsWith("data:")).length, 1);
        assertEquals(messages, []);
        await page.close();
      });
    }),
});

Deno.test({
  name: "the report's page shows the tables without scripts, and says what is missing",
  ignore: noBrowser,
  fn: () =>
    inBrowser(async (browser) => {
      using folder = new TemporaryFolder();
      const page = await browser.newPage();
      await page.goto(await writeComparison(folder));
      assert(await page.locator("noscript p").isVisible());
      const results = page.locator("#results table").first();
      assertStringIncludes(await results.innerText(), "PRR-FL (2 seeds)");
      assertEquals(await page.locator(".switches").first().isVisible(), false);
      assertEquals(await page.locator("#retrogress table").count(), 1);
    }, ["--blink-settings=scriptEnabled=false"]),
});
