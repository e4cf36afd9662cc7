// The server of `--live`: a page on this computer that follows runs, and never holds them up.

import { LiveStory, type RunPlace } from "../report/live/live_story.ts";
import { liveHtml, livePolicy } from "../report/live/live_html.ts";
import liveScript from "../report/live/live_page.js" with { type: "text" };
import liveStyle from "../report/live/live.css" with { type: "text" };
import { loadChartLibrary } from "../report/page/chart_library.ts";
import figureScript from "../report/page/figure_view.js" with { type: "text" };
import figureStyle from "../report/page/figures.css" with { type: "text" };
import pageStyle from "../report/page/page.css" with { type: "text" };
import type { RecordedRun } from "../report/reading/recorded_run.ts";
import type { EventConsumer, RunHeader } from "../report/run_header.ts";
import { UsageError } from "./usage_error.ts";

const hostname = "127.0.0.1";
/** Listeners at a time; a browser has six connections for all of its pages. */
const mostListeners = 32;
/** Milliseconds that listeners have at the end to take the last events. */
const farewell = 3000;

/** By path. */
type Files = Readonly<Record<string, { readonly type: string; readonly text: string }>>;

/** Dispose of it at the end of the run: listeners are told, and it is closed. */
export class LiveServer implements AsyncDisposable {
  readonly #story = new LiveStory();
  readonly #listeners = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  private constructor(port: number, private readonly files: Files) {
    this.#server = Deno.serve(
      { hostname, port, onListen: () => {}, onError: () => new Response(null, { status: 500 }) },
      (request) => this.#answer(request),
    );
    // Whatever becomes of it, the run goes on.
    this.#server.finished.catch(() => {});
  }

  /**
   * Asks for the permission that it needs, and begins to listen.
   *
   * @param port 0: one that is free
   * @throws {UsageError} if that is not permitted, or the port is not to be had
   */
  static async open(port: number): Promise<LiveServer> {
    const host = `${hostname}:${port}`;
    const { state } = await Deno.permissions.request({ name: "net", host });
    if (state !== "granted") {
      throw new UsageError(
        `Cannot use --live: serving on ${host} is not permitted; add --allow-net=${host} to deno run, ` +
          "before cli.ts, or leave --live out",
      );
    }
    const files = await loadFiles();
    try {
      return new LiveServer(port, files);
    } catch (error) {
      const why = error instanceof Deno.errors.AddrInUse
        ? "something listens there already"
        : error instanceof Deno.errors.PermissionDenied
        ? "the system does not permit it"
        : null;
      if (why === null) throw error;
      throw new UsageError(
        `Cannot use --live ${port}: ${why}; choose another port, or leave the number out for a free one`,
      );
    }
  }

  /** Where browsers find it. */
  get address(): string {
    return `http://${hostname}:${this.#server.addr.port}`;
  }

  /** One more consumer of a run's events; `place` if it is one of several. */
  follow(header: RunHeader, place: RunPlace | null = null): EventConsumer {
    return this.#story.follow(header, place);
  }

  /** A run that was finished before. */
  add(run: RecordedRun): void {
    this.#story.add(run);
  }

  /** Waits a little for listeners to take what is left; those that do not are dropped. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#story.end();
    const isLate = Promise.withResolvers<void>();
    AbortSignal.timeout(farewell).addEventListener("abort", () => isLate.resolve());
    await Promise.race([this.#server.shutdown(), isLate.promise]).catch(() => {});
    for (const listener of this.#listeners) listener.error(new Error("The run is over"));
  }

  #answer(request: Request): Response {
    // Another site's name may have been made to lead here; what is shown is nobody else's.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.get("host") ?? "")) {
      return refusal(421, `This page is at ${this.address}`);
    }
    if (request.method !== "GET") return refusal(405, "GET alone is answered", { allow: "GET" });
    const { pathname } = new URL(request.url);
    if (pathname === "/events") return this.#listen();
    if (!Object.hasOwn(this.files, pathname)) return refusal(404, "There is no such page");
    const { type, text } = this.files[pathname];
    return new Response(text, { headers: headers(type) });
  }

  #listen(): Response {
    if (this.#listeners.size >= mostListeners) return refusal(503, "Too many pages listen");
    return new Response(this.#stream(), { headers: headers("text/event-stream") });
  }

  /** Asks the story for the next message when the connection has room, so nothing piles up for a slow one. */
  #stream(): ReadableStream<Uint8Array> {
    const listener = this.#story.listener();
    const encoder = new TextEncoder();
    let own: ReadableStreamDefaultController<Uint8Array>;
    const forget = () => this.#listeners.delete(own);
    return new ReadableStream({
      start: (controller) => {
        own = controller;
        this.#listeners.add(own);
        controller.enqueue(encoder.encode("retry: 2000\n\n"));
      },
      pull: async (controller) => {
        for (;;) {
          const { news } = this.#story; // asked for first: nothing can come between
          const message = listener.next();
          if (!this.#listeners.has(own)) return; // it has left
          if (message !== null) return controller.enqueue(encoder.encode(message));
          if (listener.isOver()) {
            forget();
            return controller.close();
          }
          await news;
        }
      },
      cancel: () => void forget(),
    });
  }
}

/** The server of `--live`, whose address is printed; null where it was not asked for. */
export async function openLive(port: number | null): Promise<LiveServer | null> {
  if (port === null) return null;
  const server = await LiveServer.open(port);
  console.error(`live at ${server.address}`); // standard output is for the run
  return server;
}

async function loadFiles(): Promise<Files> {
  const { script, notice, license } = await loadChartLibrary();
  const javascript = "text/javascript; charset=utf-8";
  return {
    "/": { type: "text/html; charset=utf-8", text: liveHtml() },
    "/style.css": {
      type: "text/css; charset=utf-8",
      text: [pageStyle, figureStyle, liveStyle].join("\n"),
    },
    "/echarts.js": { type: javascript, text: script },
    "/page/figure_view.js": { type: javascript, text: figureScript },
    "/live/live_page.js": { type: javascript, text: liveScript },
    "/license.txt": { type: "text/plain; charset=utf-8", text: `${notice}\n\n${license}` },
  };
}

function headers(type: string): Record<string, string> {
  return {
    "content-type": type,
    "content-security-policy": livePolicy,
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
}

function refusal(status: number, words: string, more: Record<string, string> = {}): Response {
  return new Response(`${words}\n`, {
    status,
    headers: { ...headers("text/plain; charset=utf-8"), ...more },
  });
}
