// The live page as tests open it: built, served, in Chromium with a software adapter, and without complaints.

import type { Page } from "playwright-core";
import { buildPage, servePage } from "../../packaging/build_web.ts";
import { assertEquals } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { openBrowser, watch } from "../report/browser.ts";

const softwareGpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
/** Settings of a run of seconds. */
export const tiny = "images=100&rounds=2&epochs=1&batch=8";

/** Runs `body` with the page, and sees that it complains of nothing. */
export async function withPage(
  { address, flags = softwareGpu, viewport, known }: {
    address: string;
    /** what Chromium itself says then */
    known?: RegExp;
    flags?: readonly string[];
    viewport?: { width: number; height: number };
  },
  body: (page: Page) => Promise<void>,
): Promise<void> {
  using folder = new TemporaryFolder();
  await buildPage(folder.path);
  const listening = Promise.withResolvers<string>();
  const server = servePage(folder.path, 0, listening.resolve);
  const browser = await openBrowser(flags);
  try {
    const page = await browser.newPage({ viewport: viewport ?? { width: 1280, height: 900 } });
    page.setDefaultTimeout(180_000); // a busy machine takes long to compile kernels
    const { messages, requests } = watch(page);
    const own = await listening.promise;
    await page.goto(`${own}?${address}`);
    await body(page);
    assertEquals(messages.filter((message) => !known?.test(message)), []);
    const elsewhere = requests.filter((url) => !/^(blob|data):/.test(url) && !url.startsWith(own));
    assertEquals(elsewhere, [], "something leaves this computer");
  } finally {
    await browser.close();
    await server.shutdown();
  }
}

/** Waits until the page is in a state. */
export async function reach(page: Page, state: string): Promise<void> {
  await page.waitForSelector(`body[data-state="${state}"]`);
}

/** What stands in an element. */
export const textOf = async (page: Page, selector: string) =>
  await page.textContent(selector) ?? "";
