// A Flower federation on this machine, as docs/flower.md sets one up: processes, keys, addresses, and what they print.

import { DELIMITER, dirname, fromFileUrl, join } from "@std/path";

/** The app. */
export const app: string = fromFileUrl(new URL("../../integrations/flower", import.meta.url));

/** A Python with the app's requirements: `PRRFL_FLOWER_PYTHON`, else that of the app's `.venv`; null without one. */
export const python: string | null = await usable(
  Deno.env.get("PRRFL_FLOWER_PYTHON") ?? join(app, ".venv/bin/python"),
);

async function usable(path: string): Promise<string | null> {
  const args = ["-c", "import flwr.app, numpy, safetensors"];
  const output = { stdout: "null", stderr: "null" } as const;
  try {
    return (await new Deno.Command(path, { args, ...output }).output()).success ? path : null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** A test that needs Python; it is reported as ignored where that is missing. */
export function flowerTest(name: string, body: () => Promise<void>): void {
  Deno.test({ name, ignore: python === null, fn: body });
}

/** Runs Python to its end in the app's folder. */
export async function runPython(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(python!, {
    args,
    cwd: app,
    env: { PYTHONPATH: app, ...quiet },
    stdin: "null",
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, text: out + err };
}

/** Flower asks nobody for newer versions, and tells nobody that it runs. */
const quiet = { FLWR_TELEMETRY_ENABLED: "0", FLWR_DISABLE_UPDATE_CHECK: "1", NO_COLOR: "1" };

/** A process and all that it has printed so far. */
export class Printing {
  #text = "";
  readonly #process: Deno.ChildProcess;
  readonly #ended: Promise<Deno.CommandStatus>;
  #changed = Promise.withResolvers<void>();

  constructor(command: Deno.Command) {
    this.#process = command.spawn();
    const { stdout, stderr, status } = this.#process;
    const reading = Promise.all([this.#read(stdout), this.#read(stderr)]);
    this.#ended = reading.then(() => status).finally(() => this.#wake());
  }

  get text(): string {
    return this.#text;
  }

  /** Ends when the process has ended. */
  get ended(): Promise<Deno.CommandStatus> {
    return this.#ended;
  }

  /** @throws {Error} if it ends without having printed this */
  async printed(words: string | RegExp): Promise<void> {
    let over = false;
    this.#ended.then(() => over = true);
    while (this.#text.search(words) < 0) {
      if (over) throw new Error(`it has ended without printing ${words}:\n${this.#text}`);
      await this.#changed.promise;
    }
  }

  kill(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // it has ended
    }
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      this.#text += piece;
      this.#wake();
    }
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** What a site's operator decides, by name: the words of `--node-config`. */
export type NodeConfig = Readonly<Record<string, string | number>>;

/** SuperLink and SuperNodes on loopback, with TLS, and keys by which the SuperLink knows its SuperNodes. */
export class Network implements AsyncDisposable {
  readonly #processes = new Set<Printing>();
  readonly #env: Record<string, string>;
  readonly #port = freePort();
  #superlink: Printing | null = null;

  private constructor(readonly folder: string) {
    this.#env = {
      ...quiet,
      FLWR_HOME: join(folder, "flower-home"),
      FLWR_SUPEREXEC_TASK_POLL_INTERVAL: "0.1",
      PATH: [dirname(python!), Deno.env.get("PATH") ?? ""].join(DELIMITER),
    };
  }

  /** @param sites names of the SuperNodes that it will know */
  static async start(folder: string, sites: readonly string[]): Promise<Network> {
    const network = new Network(folder);
    const made = await runPython(join(app, "tests/make_keys.py"), folder, ...sites, "stranger");
    if (made.code !== 0) throw new Error(made.text);
    await Deno.mkdir(network.#env.FLWR_HOME);
    await Deno.writeTextFile(
      join(network.#env.FLWR_HOME, "config.toml"),
      `[superlink]\ndefault = "test"\n[superlink.test]\naddress = "127.0.0.1:${network.#port}"\n` +
        `root-certificates = "${join(folder, "ca.pem")}"\n`,
    );
    await network.startSuperlink();
    for (const name of sites) {
      const { code } = await network.run(
        "flwr",
        "supernode",
        "register",
        `${name}.pub`,
        "--name",
        name,
      );
      if (code !== 0) throw new Error(`${name} cannot be registered`);
    }
    return network;
  }

  get superlink(): Printing {
    return this.#superlink!;
  }

  /** Starts the SuperLink, which remembers its SuperNodes from an earlier start. */
  async startSuperlink(): Promise<void> {
    this.#superlink = this.#start("flower-superlink", [
      ...["--host", "127.0.0.1", "--port", `${this.#port}`, "--database", "superlink.db"],
      ...["--ssl-certfile", "server.pem", "--ssl-keyfile", "server.key"],
      ...["--ssl-ca-certfile", "ca.pem", "--enable-supernode-auth"],
      "--disable-runtime-dependency-installation",
    ]);
    await this.#superlink.printed("Application startup complete");
  }

  /** Starts a SuperNode with the key of a name. */
  startSupernode(name: string, config: NodeConfig): Printing {
    const words = Object.entries(config)
      .map(([key, value]) => `${key}=${typeof value === "number" ? value : `'${value}'`}`);
    return this.#start("flower-supernode", [
      ...["--superlink", `127.0.0.1:${this.#port}`, "--root-certificates", "ca.pem"],
      ...["--auth-supernode-private-key", `${name}.key`, "--port", `${freePort()}`],
      ...["--node-config", words.join(" ")],
    ]);
  }

  /** Starts a run; it prints what the ServerApp does. */
  startRun(config: Readonly<Record<string, string | number>>): Printing {
    const words = Object.entries(config)
      .map(([key, value]) => `${key}=${typeof value === "number" ? value : `'${value}'`}`);
    return this.#start("flwr", ["run", app, "--stream", "--run-config", words.join(" ")]);
  }

  /** Runs one of Flower's programs to its end. */
  async run(program: string, ...args: string[]): Promise<{ code: number; text: string }> {
    const process = this.#start(program, args);
    const { code } = await process.ended;
    return { code, text: process.text };
  }

  #start(program: string, args: readonly string[]): Printing {
    const process = new Printing(
      new Deno.Command(join(dirname(python!), program), {
        args: [...args],
        cwd: this.folder,
        env: this.#env,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }),
    );
    this.#processes.add(process);
    process.ended.then(() => this.#processes.delete(process));
    return process;
  }

  /** Ends all processes: gently first, and those that do not listen soon after. */
  async [Symbol.asyncDispose](): Promise<void> {
    const processes = [...this.#processes];
    for (const process of processes) process.kill("SIGTERM");
    const timer = setTimeout(() => processes.forEach((process) => process.kill("SIGKILL")), 15_000);
    await Promise.all(processes.map(({ ended }) => ended));
    clearTimeout(timer);
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
