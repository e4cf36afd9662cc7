// Runs of the live page on a folder of the visitor's own, in Chromium: both layouts, both ways to choose, bad folders.

import { join } from "@std/path";
import type { Page } from "playwright-core";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { noBrowser } from "../report/browser.ts";
import { reach, withPage } from "./live_page.ts";
import { writeClientClasses, writeOfficial } from "./own_images.ts";

const tiny = "rounds=1&epochs=1&batch=8";
const textOf = async (page: Page, selector: string) => await page.textContent(selector) ?? "";

/** The names on the cards, and what is said of their images. */
async function cardsOf(page: Page) {
  const names = await page.locator("#clients h3").allTextContents();
  return { names, captions: await page.locator("#clients .caption").allTextContents() };
}

Deno.test({
  name:
    "the live page trains on folders of clients with folders of classes, and goes back to the demo",
  ignore: noBrowser,
  async fn() {
    using folder = new TemporaryFolder();
    await writeClientClasses(folder);
    await withPage({ address: `methods=fedavg,prrfl&${tiny}` }, async (page) => {
      await reach(page, "ready");
      assertEquals(await textOf(page, "#chosen"), "the built-in demo data");
      await page.setInputFiles("#folder", join(folder.path, "photos"));
      assertEquals(
        await textOf(page, "#chosen"),
        "your folder “photos” (48 files), which no link can hold",
      );
      await page.evaluate(() => {
        const status = document.querySelector("#status")!;
        const said: string[] = [];
        new MutationObserver(() => said.push(status.textContent!)).observe(status, {
          childList: true,
        });
        Object.assign(globalThis, { said });
      });
      await page.click("#start");
      await page.waitForSelector("#clients article");
      const said: string[] = await page.evaluate("said");
      assert(said.some((words) => /: \d+ of 48 images read$/.test(words)), said.join("; "));
      assertEquals(await page.isDisabled("#choose"), true);
      const { names, captions } = await cardsOf(page);
      assertEquals(names, ["Site_B", "siteA"]);
      assertMatch(captions.join(), /^17 training images: nv \d, mel \d/);
      await page.click("#pause"); // survives pause and step
      await reach(page, "paused");
      await page.click("#step");
      await reach(page, "over");
      assertMatch(await textOf(page, "#status"), /^Done on /);
      assertEquals(await page.isHidden("#problem"), true);
      assertEquals(await page.locator("#retrogress tbody tr").count(), 4);
      await page.click("#reset");
      await page.click("#demo");
      assertEquals(await textOf(page, "#chosen"), "the built-in demo data");
      assertEquals(new URL(page.url()).search, `?methods=fedavg,prrfl&${tiny}`);
    });
  },
});

Deno.test({
  name: "the live page goes on with a run on own images when their folder is chosen again",
  ignore: noBrowser,
  async fn() {
    using folder = new TemporaryFolder();
    await writeOfficial(folder);
    await writeClientClasses(folder);
    const address = "methods=fedavg&rounds=2&epochs=1&batch=8";
    await withPage({ address }, async (page) => {
      await page.evaluate(() => Reflect.deleteProperty(globalThis, "showDirectoryPicker"));
      await reach(page, "ready");
      const [chooser] = await Promise.all([
        page.waitForEvent("filechooser"),
        page.click("#choose"),
      ]);
      await chooser.setFiles(join(folder.path, "data"));
      await page.click("#start");
      await page.click("#step");
      await reach(page, "paused");
      assertEquals((await cardsOf(page)).names, ["East", "West"]);
      assertMatch((await cardsOf(page)).captions.join(), /8 training images: nv 4, bcc 4/);
      await page.waitForSelector("#retrogress tbody tr");
      await page.reload();
      await page.evaluate(() => Reflect.deleteProperty(globalThis, "showDirectoryPicker"));
      await reach(page, "ready");
      assertMatch(await textOf(page, "#goon"), /whose folder “data” has to be chosen again/);
      const goOnWith = async (path: string) => {
        const [again] = await Promise.all([
          page.waitForEvent("filechooser"),
          page.click("#goon"),
        ]);
        await again.setFiles(path);
      };
      await Deno.rename(join(folder.path, "data"), join(folder.path, "first"));
      await Deno.rename(join(folder.path, "photos"), join(folder.path, "data"));
      await goOnWith(join(folder.path, "data"));
      await page.waitForSelector("#problem:not([hidden])");
      assertMatch(await textOf(page, "#problem"), /^Cannot resume.* is kept: go on with it/);
      await reach(page, "ready");
      await Deno.rename(join(folder.path, "data"), join(folder.path, "photos"));
      await Deno.rename(join(folder.path, "first"), join(folder.path, "data"));
      await goOnWith(join(folder.path, "photos"));
      await page.waitForSelector("text=has the folder “data”, not “photos”");
      await goOnWith(join(folder.path, "data"));
      await reach(page, "over");
      assertEquals(await page.isHidden("#problem"), true);
      assertMatch(await textOf(page, "#retrogress tbody tr"), /of 2 /);
    });
  },
});

Deno.test({
  name:
    "the live page reads what showDirectoryPicker() gives, decodes as the command line does, and names bad images",
  ignore: noBrowser,
  async fn() {
    using folder = new TemporaryFolder();
    await writeClientClasses(folder);
    await withPage({ address: `methods=fedavg&${tiny}` }, async (page) => {
      await reach(page, "ready");
      // The origin's own file system has the same kind of handle; no test can click in the system's dialog.
      await page.evaluate(async () => {
        const top = await navigator.storage.getDirectory();
        const photos = await top.getDirectoryHandle("photos", { create: true });
        for (const client of ["one", "two"]) {
          const ofClient = await photos.getDirectoryHandle(client, { create: true });
          for (const name of ["nv", "mel"]) {
            const ofClass = await ofClient.getDirectoryHandle(name, { create: true });
            const file = await ofClass.getFileHandle("broken.png", { create: true });
            const stream = await file.createWritable();
            await stream.write("GIF89a, and no more");
            await stream.close();
            for (let k = 0; k < 4; k++) {
              const copy = await ofClass.getFileHandle(`${k}.png`, { create: true });
              const stream = await copy.createWritable();
              await stream.write("GIF89a, and no more");
              await stream.close();
            }
          }
        }
        Object.assign(globalThis, { showDirectoryPicker: () => Promise.resolve(photos) });
      });
      await page.click("#choose");
      await page.waitForFunction(() =>
        document.querySelector("#chosen")!.textContent!.includes("20")
      );
      assertEquals(
        await textOf(page, "#chosen"),
        "your folder “photos” (20 files), which no link can hold",
      );
      await page.click("#start");
      await page.waitForSelector("#problem:not([hidden])");
      await reach(page, "ready");
      assertMatch(
        await textOf(page, "#problem"),
        /^Cannot decode photos\/(one|two)\/.*\.png: it is a GIF file, although its name ends in \.png; save/,
      );
      assertEquals(await page.isEnabled("#choose"), true);
      assertEquals(
        await textOf(page, "#chosen"),
        "your folder “photos” (20 files), which no link can hold",
      );
    });
  },
});

Deno.test({
  name: "the live page says what a folder of neither layout has, and what is expected",
  ignore: noBrowser,
  async fn() {
    using folder = new TemporaryFolder();
    folder.write("holiday/beach.png", "");
    await withPage({ address: `methods=fedavg&${tiny}` }, async (page) => {
      await reach(page, "ready");
      await page.setInputFiles("#folder", join(folder.path, "holiday"));
      await page.click("#start");
      await page.waitForSelector("#problem:not([hidden])");
      await reach(page, "ready");
      const problem = await textOf(page, "#problem");
      assertMatch(problem, /it has 1 image, of which holiday\/beach\.png is not below two folders/);
      assertMatch(
        problem,
        /has to hold a folder for each client.*\. Choose the folder again when that is put right/,
      );
      assert(!problem.includes("smaller settings") && !problem.includes("--"));
      await page.click("#demo");
      assertEquals(await page.isHidden("#problem"), true);
    });
  },
});
