// What tests on Flower run: settings, sites as their operators configure them, and the server's notes.

import { join } from "@std/path";
import { app, type NodeConfig, python } from "./flower_network.ts";

/** Clients of the demo data, each at a site of that name. */
export const clients: readonly string[] = ["A", "B", "C", "D"];

/** What a run on Flower and one in this process have in common, as a run config has it. */
export const settings = {
  ...{ rounds: 3, "local-epochs": 2, width: 0.0625, "image-size": 32, "batch-size": 16, seed: 1 },
  "learning-rate": 0.03,
};

/** A site of this program, as its operator configures it. */
export function siteConfig(state: string, client: string): NodeConfig {
  const program = new URL("../../cli.ts", import.meta.url).pathname;
  const command = `"${Deno.execPath()}" run --quiet -A "${program}" site`;
  return { "site-command": command, state, data: "demo", client };
}

/** A site of this program some of whose files are not as they should be: `mean@0`, `data@1`. */
export function meddledConfig(site: NodeConfig, words: string): NodeConfig {
  const program = join(app, "tests/meddle.py");
  return {
    ...site,
    "site-command": `"${python}" -IS "${program}" ${words} -- ${site["site-command"]}`,
  };
}

/** A site without networks that does as words say. */
export function fakeConfig(state: string, client: string, words: string): NodeConfig {
  const program = join(app, "tests/fake_site.py");
  const command = `"${python}" -IS "${program}" ${words}`;
  return { "site-command": command, state, data: "demo", client, place: clients.indexOf(client) };
}

/** The server's notes of one type. */
// deno-lint-ignore no-explicit-any
export async function notes(folder: string, type: string): Promise<any[]> {
  const lines = (await Deno.readTextFile(join(folder, "rounds.jsonl"))).trim().split("\n");
  return lines.map((line) => JSON.parse(line)).filter((note) => note.type === type);
}
