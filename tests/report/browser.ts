// A browser for the tests of pages: Chromium, where it is installed.

import { type Browser, chromium, type Page } from "playwright-core";

/** Where Debian puts it; another place is named by an environment variable. */
const path = Deno.env.get("PRRFL_BROWSER") ?? "/usr/bin/chromium";

const driver = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Whether tests of pages have to be left out. */
export const noBrowser = !exists(path);

/** What has a program run on the adapter that comes with Debian's Chromium; nothing without it. */
export const onChromiumsAdapter: Readonly<Record<string, string>> = exists(driver)
  ? { DENO_WEBGPU_BACKEND: "vulkan", VK_ICD_FILENAMES: driver }
  : {};

if (noBrowser) {
  console.warn(
    `no browser at ${path}: install chromium or set PRRFL_BROWSER; its tests are ignored`,
  );
}

/** Starts the browser without a window; close it at the end. */
export function openBrowser(flags: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    args: ["--no-sandbox", "--headless", "--disable-background-networking", ...flags],
  });
}

/** What a page did that it should not. */
export interface Complaints {
  readonly messages: readonly string[];
  readonly requests: readonly string[];
}

/** Collects errors, warnings and requests of a page from here on. */
export function watch(page: Page): Complaints {
  const messages: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => messages.push(message.text()));
  page.on("pageerror", (error) => messages.push(error.message));
  page.on("request", (request) => requests.push(request.url()));
  return { messages, requests };
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
