// What the program may do, and that it does nothing else: no network, and no more than the files that it is given.

import { fromFileUrl, join } from "@std/path";
import settings from "../../deno.json" with { type: "json" };
import { assert, assertEquals, assertNotEquals } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { cacheOfDeno, ended, runCli } from "./run_cli.ts";

const root = fromFileUrl(new URL("../..", import.meta.url));
const granted = settings.permissions.default;
const smallRun =
  "train --data data --image-size 32 --limit 10 --batch 8 --width 0.0625 --iters 1 " +
  "--wk_iters 1 --tensorboard --save_path runs";

Deno.test("users' commands are granted files and some variables of the environment, no network", () => {
  assertEquals(Object.keys(granted).toSorted(), ["env", "read", "write"]);
  assert(granted.env.length > 0 && granted.env.every((name) => /^[A-Z_]+$/.test(name)));
  for (const name of ["demo", "train"] as const) {
    assertEquals(
      settings.tasks[name].command,
      "PRRFL_CWD=$INIT_CWD deno run --no-prompt --allow-read --allow-write " +
        `--allow-env=${granted.env} cli.ts ${name}`,
    );
  }
});

Deno.test("train needs nothing but to read data and program, and to write its folder; it opens no socket", async () => {
  using temporary = new TemporaryFolder();
  const { path } = temporary;
  const synthesized = await runCli(
    path,
    ..."data synthesize --out data --image-size 32".split(" "),
  );
  assertEquals([synthesized.code, synthesized.err], [0, ""]);
  await Deno.mkdir(join(path, "runs"));
  const process = start(path, [
    `--allow-read=data,runs,${root},${await cacheOfDeno()}`,
    "--allow-write=runs",
    `--allow-env=${granted.env}`,
    `--config=${join(root, "deno.json")}`,
    ...[join(root, "cli.ts"), ...smallRun.split(" ")],
  ]);
  const [{ code, err }, sockets] = await Promise.all([ended(process), socketsOf(process)]);
  assertEquals([code, err], [0, ""]);
  assertEquals(sockets, new Set());
  const [{ name }] = await Array.fromAsync(Deno.readDir(join(path, "runs")));
  assert((await Deno.stat(join(path, "runs", name, "report.html"))).isFile);
});

Deno.test("openSockets() notices a socket", async () => {
  if (Deno.build.os !== "linux") return; // other systems do not show them as files
  const code = "const s = Deno.listen({ hostname: '127.0.0.1', port: 0 });" +
    "console.log('listening'); await Deno.stdin.read(new Uint8Array(1)); s.close()";
  using temporary = new TemporaryFolder();
  temporary.write("listen.ts", code);
  const process = start(temporary.path, ["--allow-net", "listen.ts"], "piped");
  const reader = process.stdout.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "listening\n");
  reader.releaseLock();
  const found = await openSockets(process.pid);
  await process.stdin.close();
  assertEquals((await ended(process)).err, "");
  assertNotEquals(found, []);
});

function start(
  cwd: string,
  args: readonly string[],
  stdin: "null" | "piped" = "null",
): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...args],
    // Deno itself looks for a newer Deno once a day, in whatever program it runs then.
    env: { DENO_NO_UPDATE_CHECK: "1" },
    ...{ cwd, stdin, stdout: "piped", stderr: "piped" },
  }).spawn();
}

/** Protocols of the network: sockets within the machine, such as Deno's own for signals, are none of these. */
const protocols = ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"];

/** The network sockets that a process has had open, looked at every few milliseconds until its end; on Linux. */
async function socketsOf({ pid, status }: Deno.ChildProcess): Promise<Set<string>> {
  const found = new Set<string>();
  let isOver = Deno.build.os !== "linux";
  status.then(() => isOver = true);
  while (!isOver) {
    for (const socket of await openSockets(pid)) found.add(socket);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return found;
}

/** The network sockets that a process has open now. */
async function openSockets(pid: number): Promise<string[]> {
  const found: string[] = [];
  const inodes = await inodesOf(pid);
  for (const protocol of protocols) {
    const table = await Deno.readTextFile(`/proc/net/${protocol}`).catch(() => "");
    for (const line of table.trim().split("\n").slice(1)) {
      if (inodes.has(line.trim().split(/\s+/)[9])) found.push(`${protocol}: ${line}`);
    }
  }
  return found;
}

/** Of all sockets that the process has open now. */
async function inodesOf(pid: number): Promise<Set<string>> {
  const folder = `/proc/${pid}/fd`;
  const inodes = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(folder)) {
      const target = await Deno.readLink(join(folder, name)).catch(() => ""); // closed meanwhile
      const inode = target.match(/^socket:\[(\d+)\]$/)?.[1];
      if (inode !== undefined) inodes.add(inode);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error; // it has ended
  }
  return inodes;
}
