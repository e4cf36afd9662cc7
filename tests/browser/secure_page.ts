// A page in which WebGPU works: on a server of its own, for the interface needs a secure context.

import type { Page } from "playwright-core";
import { openBrowser } from "../report/browser.ts";

/** Chromium's own WebGPU, on its software adapter. */
const flags = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

/**
 * Runs `body` with an empty page.
 *
 * @param scripts what the server gives besides, by path
 */
export async function withSecurePage<T>(
  body: (page: Page) => Promise<T>,
  scripts: Readonly<Record<string, string>> = {},
): Promise<T> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const script = scripts[new URL(request.url).pathname];
    const isScript = script !== undefined;
    return new Response(isScript ? script : "<!doctype html><link rel=icon href=data:,>", {
      headers: { "content-type": isScript ? "text/javascript" : "text/html" },
    });
  });
  const browser = await openBrowser(flags);
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.addr.port}/`);
    return await body(page);
  } finally {
    await browser.close();
    await server.shutdown();
  }
}
