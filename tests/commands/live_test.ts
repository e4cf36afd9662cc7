// --live: figures in a browser while the program trains, for this computer alone, and at no cost to the run.

import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fromFileUrl, join } from "@std/path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { noBrowser, openBrowser, watch } from "../report/browser.ts";
import { parseLines, runCli } from "./run_cli.ts";
import { filesOf } from "./run_files.ts";

const root = fromFileUrl(new URL("../..", import.meta.url));
const small = "--data demo --image-size 32 --limit 20 --batch 8 --width 0.0625 --iters 2 " +
  "--wk_iters 2 --seed 3 --save_path";

/** The program with `--live`, once it has said its address. */
class LiveProgram {
  private constructor(
    readonly process: Deno.ChildProcess,
    readonly address: string,
    private readonly out: Promise<string>,
    private readonly err: Promise<string>,
  ) {}

  static async start(cwd: string, words: string): Promise<LiveProgram> {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "-P", `--config=${join(root, "deno.json")}`],
        ...["--allow-net=127.0.0.1:0", join(root, "cli.ts"), ...words.split(" "), "--live"],
      ],
      ...{ cwd, stdout: "piped", stderr: "piped" },
    }).spawn();
    const address = Promise.withResolvers<string>();
    const out = new Response(process.stdout).text();
    const err = (async () => {
      const lines: string[] = [];
      for await (const line of createInterface({ input: Readable.fromWeb(process.stderr) })) {
        const found = line.match(/^live at (http:\/\/127\.0\.0\.1:\d+)$/);
        if (found) address.resolve(found[1]);
        else lines.push(line);
      }
      address.reject(new Error(`it said no address, but: ${lines.join("\n")}`));
      return lines.join("\n");
    })();
    return new LiveProgram(process, await address.promise, out, err);
  }

  async end() {
    const [{ code }, out, err] = await Promise.all([this.process.status, this.out, this.err]);
    return { code, out, err };
  }
}

interface Message {
  readonly event: string;
  // deno-lint-ignore no-explicit-any
  readonly data: any;
}

/** Messages of the server, as an EventSource tells them. */
async function* listen(address: string): AsyncGenerator<Message> {
  const answer = await fetch(`${address}/events`);
  assertEquals(answer.headers.get("content-type"), "text/event-stream");
  let text = "";
  for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
    const messages = (text + part).split("\n\n");
    text = messages.pop()!;
    for (const message of messages) {
      const fields = new Map(
        message.split("\n").map((line) =>
          line.match(/^(\w+): (.*)$/)!.slice(1) as [string, string]
        ),
      );
      const data = fields.get("data");
      if (data) yield { event: fields.get("event") ?? "message", data: JSON.parse(data) };
    }
  }
  assertEquals(text, "", "the last message is cut off");
}

/** Every message to the end. */
async function heard(address: string): Promise<Message[]> {
  return await Array.fromAsync(listen(address));
}

const eventsOf = (messages: readonly Message[]) =>
  messages.filter(({ event }) => event === "message").map(({ data }) => data);

async function onlyFolderIn(path: string): Promise<string> {
  const [{ name }] = await Array.fromAsync(Deno.readDir(path));
  return join(path, name);
}

Deno.test("train --live tells early and late listeners the same, and the run is as without it", async () => {
  using temporary = new TemporaryFolder();
  const { path } = temporary;
  const program = await LiveProgram.start(path, `train ${small} live --json`);
  const first = listen(program.address);
  const early: Message[] = [];
  let late: Promise<Message[]> | null = null;
  for await (const message of first) {
    early.push(message);
    if (message.data.type === "aggregation") late ??= heard(program.address);
  }
  const afterwards = (await late)!;
  const { code, out, err } = await program.end();
  assertEquals([code, err], [0, ""]);

  const events = eventsOf(early);
  assertEquals(eventsOf(afterwards), events);
  const types = new Set(events.map(({ type }) => type));
  const wanted = [
    "run",
    "round",
    "stage",
    "epoch",
    "aggregation",
    "spectra",
    "predictions",
    "done",
  ];
  assertEquals(wanted.filter((type) => !types.has(type)), []);
  assert(!types.has("checkpoint") && !types.has("state"));
  assert(early.some(({ event, data }) => event === "progress" && data.total >= data.done));
  const { probabilities } = events.find(({ type }) => type === "predictions").clients[0];
  assert(probabilities.personal.every((p: number) => p >= 0 && p <= 1));
  const rows = parseLines(out).filter(({ type }) => type === "epoch");
  const told = events.filter(({ type }) => type === "epoch");
  assertEquals(told.map(({ mean }) => mean), rows.map(({ mean }) => mean));

  for (const messages of [early, afterwards]) {
    const [picture, over] = [
      messages.findLast(({ event }) => event === "picture")!.data,
      messages.at(-1)!,
    ];
    assertEquals(over.event, "over");
    assertMatch(over.data.text, /^The run is over; it is in live\/.+\.$/);
    assertEquals(picture.sections.length, 10);
    for (const { html } of picture.sections) assert(!html.includes('class="missing"'), html);
    assertEquals(picture.title, "PRR-FL, seed 3");
  }

  assertEquals((await runCli(path, ..."train".split(" "), ...small.split(" "), "plain")).code, 0);
  const [live, plain] = await Promise.all(
    ["live", "plain"].map(async (name) => await filesOf(await onlyFolderIn(join(path, name)))),
  );
  assert([...plain.keys()].some((name) => name.startsWith("final/")));
  assertEquals(live, plain);
});

Deno.test("the server of --live answers its own pages alone, to this computer's names", async () => {
  using temporary = new TemporaryFolder();
  const program = await LiveProgram.start(temporary.path, `train ${small} runs`);
  const { address } = program;
  const { port } = new URL(address);
  const ask = async (path: string, host: string, method = "GET") => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
    const request = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const text = await new Response(connection.readable).text();
    return Number(text.match(/^HTTP\/1\.1 (\d+)/)![1]);
  };
  assertEquals(await ask("/", `127.0.0.1:${port}`), 200);
  assertEquals(await ask("/live/live_page.js", `localhost:${port}`), 200);
  for (const path of ["/", "/events"]) {
    assertEquals(await ask(path, `evil.example:${port}`), 421);
    assertEquals(await ask(path, `127.0.0.1.evil.example`), 421);
    assertEquals(await ask(path, `localhost:${port}`, "POST"), 405);
  }
  for (const path of ["/cli.ts", "/../cli.ts", "/constructor", "/__proto__"]) {
    assertEquals(await ask(path, `localhost:${port}`), 404);
  }
  const page = await fetch(address);
  const policy = page.headers.get("content-security-policy")!;
  await page.body!.cancel();
  assertStringIncludes(policy, "default-src 'none'; script-src 'self'; style-src 'self';");

  // A listener that takes nothing, and one that leaves, hold nothing up.
  using idle = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  await idle.write(new TextEncoder().encode(`GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n`));
  for await (const { event } of listen(address)) if (event === "picture") break;
  assertEquals((await program.end()).code, 0);
});

Deno.test({
  name: "Ctrl+C tells listeners, and --resume tells what was before too",
  ignore: Deno.build.os === "windows", // which has no such signals
  async fn() {
    using temporary = new TemporaryFolder();
    const { path } = temporary;
    const program = await LiveProgram.start(
      path,
      `train ${small.replace("iters 2", "iters 9")} runs`,
    );
    const before: Message[] = [];
    for await (const message of listen(program.address)) {
      before.push(message);
      if (message.data.type === "aggregation") program.process.kill("SIGINT");
    }
    assertEquals((await program.end()).code, 130);
    assertEquals(eventsOf(before).at(-1).type, "interrupted");
    assertMatch(before.at(-1)!.data.text, /^Interrupted /);
    const folder = await onlyFolderIn(join(path, "runs"));
    const resumed = await LiveProgram.start(path, `train --resume ${folder}`);
    const after = eventsOf(await heard(resumed.address));
    assertEquals((await resumed.end()).code, 0);
    assertEquals(after.filter(({ type }) => type === "aggregation").length, 9);
    const [first] = eventsOf(before).filter(({ type }) => type === "epoch");
    assertEquals(after.find(({ type }) => type === "epoch").mean, first.mean);
  },
});

Deno.test("compare --live shows all runs beside each other", async () => {
  using temporary = new TemporaryFolder();
  const words = `compare --methods fedavg,local ${small.replace("--seed", "--seeds")} runs --quiet`;
  const program = await LiveProgram.start(temporary.path, words);
  const messages = await heard(program.address);
  assertEquals((await program.end()).code, 0);
  const runs = eventsOf(messages).filter(({ type }) => type === "run");
  assertEquals(runs.map(({ title }) => title), ["FedAvg", "Local"]);
  const { data } = messages.findLast(({ event }) => event === "picture")!;
  assertEquals(data.title, "FedAvg and Local compared");

  // Which run of how many, and how far that is.
  const places = messages.filter(({ event }) => event === "progress").map(({ data }) => data);
  const [first, last] = [places[0], places.at(-1)];
  assertEquals(first.place, { index: 0, count: 2, name: "fedavg seed 3" });
  assertEquals(last.place, { index: 1, count: 2, name: "local seed 3" });
  assertMatch(last.text, /^run 2 of 2, local seed 3: .*round 2\/2/);
  assertEquals(last.done, last.total);
});

Deno.test({
  name: "the page of compare --live says how many runs are over",
  ignore: noBrowser,
  async fn() {
    using temporary = new TemporaryFolder();
    const words = `compare --methods fedavg,local ${small.replace("--seed", "--seeds")} runs`;
    const browser = await openBrowser();
    try {
      const program = await LiveProgram.start(temporary.path, words);
      const page = await browser.newPage({ viewport: { width: 360, height: 800 } });
      page.setDefaultTimeout(120_000);
      const { messages } = watch(page);
      await page.goto(program.address);
      await page.waitForSelector('body[data-state="over"]');
      assertEquals((await program.end()).code, 0);
      assertEquals(await page.getByLabel("All runs").getAttribute("value"), "1");
      assertMatch(await page.textContent("#all") ?? "", /2 of 2 are over/);
      assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 360);
      assertEquals(messages, []);
    } finally {
      await browser.close();
    }
  },
});

Deno.test("a port that is taken, or not permitted, is refused before anything is made", async () => {
  using temporary = new TemporaryFolder();
  const { path } = temporary;
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const run = async (...permissions: string[]) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", "--no-prompt", "-P", `--config=${join(root, "deno.json")}`],
        ...[...permissions, join(root, "cli.ts"), "train", "--live", `${port}`],
        ...`${small} runs`.split(" "),
      ],
      cwd: path,
    }).output();
    return { code, err: new TextDecoder().decode(stderr) };
  };
  assertEquals(await run(`--allow-net=127.0.0.1:${port}`), {
    code: 2,
    err:
      `error: Cannot use --live ${port}: something listens there already; choose another port, ` +
      "or leave the number out for a free one\n",
  });
  assertEquals(await run(), {
    code: 2,
    err: `error: Cannot use --live: serving on 127.0.0.1:${port} is not permitted; add ` +
      `--allow-net=127.0.0.1:${port} to deno run, before cli.ts, or leave --live out\n`,
  });
  assertEquals([...Deno.readDirSync(path)], []);
  assertStringIncludes(
    (await runCli(path, "train", "--live", "x")).err,
    "Cannot use x for --live: expected ",
  );
});

Deno.test({
  name:
    "the page of --live draws all figures, complains of nothing, and stays when the run is over",
  ignore: noBrowser,
  async fn() {
    using temporary = new TemporaryFolder();
    const browser = await openBrowser();
    try {
      const program = await LiveProgram.start(temporary.path, `train ${small} runs`);
      const page = await browser.newPage({ viewport: { width: 360, height: 800 } });
      page.setDefaultTimeout(120_000);
      const { messages, requests } = watch(page);
      await page.goto(program.address);
      await page.waitForSelector("#curves canvas");
      await page.waitForSelector('body[data-state="over"]');
      assertEquals((await program.end()).code, 0);
      assertMatch(
        await page.textContent("#status") ?? "",
        /^The run is over; .* stays as it is\.$/,
      );
      assertEquals(await page.getAttribute("#progress", "value"), "1");
      for (const figure of ["retrogress", "spectra", "stages", "curves", "confusion", "roc"]) {
        assert(await page.locator(`#${figure} canvas`).count() > 0, figure);
      }
      assertEquals(await page.locator(".missing").count(), 0);
      assertEquals(await page.locator("#retrogress tbody tr").count(), 2);
      const width = await page.evaluate("document.documentElement.scrollWidth");
      assertEquals(width, 360);
      await page.locator("#retrogress canvas").first().hover();
      await page.emulateMedia({ colorScheme: "dark" });
      assertEquals(messages, []);
      assertEquals(
        requests.filter((url) => !/^data:/.test(url) && !url.startsWith(program.address)),
        [],
      );
    } finally {
      await browser.close();
    }
  },
});
