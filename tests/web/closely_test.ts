// What the live page's models answer: of a client's test images, and of images that the visitor brings.

import { Image } from "imagescript";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { demoDataset } from "../../src/data/demo.ts";
import { encodePng } from "../../src/data/encode.ts";
import type { AggregationEvent, PredictionsEvent } from "../../src/federated/events.ts";
import { confusionMatrix, predictClasses } from "../../src/metrics/classification.ts";
import type { News } from "../../src/web/messages.ts";
import { mistakesOf } from "../../src/web/mistakes.ts";
import { chance } from "../../src/web/model_names.ts";
import { demoOptions, readSettings } from "../../src/web/settings.ts";
import { assert, assertAlmostEquals, assertEquals, assertMatch } from "../assert.ts";
import { orientationTiff, withExif } from "../data/exif.ts";
import { noBrowser } from "../report/browser.ts";
import { reach, textOf, tiny, withPage } from "./live_page.ts";

const address = `methods=fedavg,prrfl&${tiny}`;
const settings = readSettings(new URLSearchParams(address)).settings;
const models = [["fedavg", "local"], ["prrfl", "personal"], ["prrfl", "deputy"]] as const;

/** Typed arrays as lists, so that they come over from the page. */
type Listed<T> = T extends Float32Array | Int32Array ? number[]
  : T extends object ? { [Key in keyof T]: Listed<T[Key]> }
  : T;

/** Keeps what the worker tells, from the next page on. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const told: unknown[] = [];
    Object.assign(globalThis, { told });
    globalThis.Worker = class extends Worker {
      constructor(address: string | URL, options?: WorkerOptions) {
        super(address, options);
        this.addEventListener("message", ({ data }) => told.push(data));
      }
    };
  });
  await page.reload();
}

/** Of the events that a method has told, the newest of a type. */
async function eventOf<Event>(page: Page, method: string, type: string): Promise<Listed<Event>> {
  const text = await page.evaluate(([method, type]) => {
    const { told } = globalThis as unknown as { told: News[] };
    const news = told.findLast((one) =>
      one.type === "event" && one.method === method && one.event.type === type
    );
    return JSON.stringify(
      news?.type === "event" ? news.event : null,
      (_, value) => ArrayBuffer.isView(value) ? [...value as Float32Array] : value,
    );
  }, [method, type]);
  return JSON.parse(text);
}

const wrongOf = async (page: Page) =>
  (await page.locator("#client summary").allTextContents()).map((text) =>
    Number(text.match(/: (\d+) of \d+ wrong/)![1])
  );

/** The numbers of the confusion matrices that are drawn, row by row. */
const matricesOf = (page: Page) =>
  page.locator("#client .chart").evaluateAll((charts) =>
    charts.map((chart) => {
      const { echarts } = globalThis as unknown as { echarts: typeof import("echarts") };
      const { series } = echarts.getInstanceByDom(chart as HTMLElement)!.getOption();
      return (series as { data: { value: number[] }[] }[])[0].data.map(({ value }) => value[3]);
    })
  );

/** RGB bytes of a canvas. */
const pixelsOf = (page: Page, selector: string) =>
  page.locator(selector).first().evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const context = (canvas as HTMLCanvasElement).getContext("2d")!;
    return [...context.getImageData(0, 0, width, height).data].filter((_, at) => at % 4 !== 3);
  });

/** The answers in the tables of the visitor's image: of every model, rows of clients with each class's chance. */
const answersOf = (page: Page) =>
  page.locator("#own table").evaluateAll((tables) =>
    tables.map((table) =>
      [...table.querySelectorAll("tbody tr")].map((row) =>
        [...row.children].map((cell) => cell.textContent!)
      )
    )
  );

async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const dataTransfer = await page.evaluateHandle(({ name, bytes }) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(bytes)], name));
    return transfer;
  }, { name, bytes: [...bytes] });
  await page.dispatchEvent("body", "drop", { dataTransfer });
}

/** Stored red on the left and blue on the right; its camera was turned, so that red is at the top. */
async function turnedJpeg(): Promise<Uint8Array> {
  const image = new Image(64, 32).fill((x) => x <= 32 ? 0xff0000ff : 0x0000ffff);
  return withExif(await image.encodeJPEG(95), orientationTiff(6, true));
}

Deno.test({
  name:
    "a client looked at closely shows what its models get wrong, and an image gets their answers",
  ignore: noBrowser,
  async fn() {
    const { clients, classNames, imageSize } = await demoDataset(demoOptions(settings));
    const { test } = clients[1];
    const image = test.images.slice(0, imageSize ** 2 * 3);
    const known = /^Canvas2D: Multiple readback operations/; // of this test's own
    await withPage({ address, known }, async (page) => {
      await listen(page);
      await reach(page, "ready");
      await page.setInputFiles("#own input", {
        ...{ name: "mine.png", mimeType: "image/png" },
        buffer: Buffer.from(encodePng({ width: imageSize, height: imageSize, pixels: image })),
      });
      assertMatch(await textOf(page, "#own .note-line"), /^mine.png waits: start a run/);
      await page.click("#start");
      await page.click("#pause");
      await page.locator("#clients article button").nth(1).press("Enter");
      assertMatch(await textOf(page, "#client .note-line"), /when the first round is over/);

      await page.click("#step");
      await page.waitForSelector('#client[data-shown*="PRR-FL, deputy, after round 1"]');
      await reach(page, "paused");
      const wrong = await wrongOf(page);
      for (const [k, [method, role]] of models.entries()) {
        const { clients } = await eventOf<AggregationEvent>(page, method, "aggregation");
        const accuracy = 100 * (1 - wrong[k] / test.labels.length);
        assertAlmostEquals(clients[1].test[role].accuracy, accuracy, 1e-9, `${method}, ${role}`);
      }

      await page.reload(); // what was kept answers, too
      await reach(page, "ready");
      await page.click("#goon");
      await reach(page, "over");
      await page.click("#clients article >> nth=1");
      await page.waitForSelector('#client[data-shown*="PRR-FL, deputy, after round 2"]');
      const drawn = await matricesOf(page);
      assertEquals(drawn.length, models.length);
      for (const [k, [method, role]] of models.entries()) {
        const event = await eventOf<PredictionsEvent>(page, method, "predictions");
        const { labels, probabilities } = event.clients[1];
        const mistakes = mistakesOf(
          Int32Array.from(labels),
          Float32Array.from(probabilities[role]),
          classNames.length,
        );
        assertEquals((await wrongOf(page))[k], mistakes.length);
        const predicted = predictClasses(probabilities[role], classNames.length);
        assertEquals(drawn[k], confusionMatrix(labels, predicted, classNames.length).flat());
        const items = page.locator(`#client details >> nth=${k}`).locator("li");
        const shown = await items.locator("p").allTextContents();
        assertEquals(
          shown,
          mistakes.slice(0, 24).flatMap(({ label, predicted, probabilities }) => [
            `${classNames[label]}, taken for ${classNames[predicted]}`,
            probabilities.map((one, k) => `${classNames[k]}\u00a0${chance(one)}`).join(", "),
          ]),
        );
        if (mistakes.length === 0) continue;
        const start = mistakes[0].row * image.length;
        assertEquals(
          await pixelsOf(page, `#client details:nth-of-type(${k + 1}) li canvas`),
          [...test.images.subarray(start, start + image.length)],
        );
      }

      // An image twice as wide is squeezed to the same: the answers are those about the first test image.
      const twice = new Uint8Array(2 * image.length);
      for (let pixel = 0; pixel < imageSize ** 2; pixel++) {
        const rgb = image.subarray(3 * pixel, 3 * pixel + 3);
        twice.set(rgb, 6 * pixel);
        twice.set(rgb, 6 * pixel + 3);
      }
      const wide = { width: 2 * imageSize, height: imageSize, pixels: twice };
      await drop(page, "wide.png", encodePng(wide));
      await page.waitForSelector("#own table");
      assertMatch(await textOf(page, "#own .note-line"), /of wide.png:$/);
      assertEquals(await pixelsOf(page, "#own canvas"), [...image]);
      const tables = await answersOf(page);
      assertEquals(tables.length, models.length);
      for (const [k, [method, role]] of models.entries()) {
        assertEquals(tables[k].map(([client]) => client), clients.map(({ name }) => name));
        const event = await eventOf<PredictionsEvent>(page, method, "predictions");
        const own = event.clients[1].probabilities[role].slice(0, classNames.length);
        const answer = classNames[own.indexOf(Math.max(...own))];
        assertEquals(tables[k][1].slice(1), [answer, ...own.map(chance)]);
        for (const [, , ...chances] of tables[k]) {
          const sum = chances.reduce((sum, text) => sum + parseFloat(text), 0);
          assert(Math.abs(sum - 100) <= 1.5, `${chances}`); // each is rounded to 1 %
        }
      }

      await drop(page, "turned.jpg", await turnedJpeg());
      await page.waitForSelector("#own canvas[aria-label^=turned]");
      const turned = await pixelsOf(page, "#own canvas");
      const [top, bottom] = [turned.slice(0, 3), turned.slice(-3)];
      assert(top[0] > 200 && top[2] < 50 && bottom[0] < 50 && bottom[2] > 200, `${top}; ${bottom}`);
      await drop(page, "words.txt", new TextEncoder().encode("no image"));
      const words = page.locator("#own .note-line", { hasText: "words.txt is no image" });
      await words.waitFor(); // the table may be gone before, if it was not there yet
      assertEquals(await page.locator("#own table").count(), 0);
      assertMatch(
        await textOf(page, "#own .note-line"),
        /^Cannot use this image: words.txt is no image that .* choose a PNG, JPEG or WebP file\.$/,
      );

      await page.keyboard.press("Escape"); // the focus is within the panel
      assertEquals(await page.isHidden("#client"), true);
      const focused = await page.evaluate(() => document.activeElement?.ariaLabel);
      assertEquals(focused, "Look closer at client B");
      await page.click("#reset");
      await reach(page, "ready");
    });
  },
});
