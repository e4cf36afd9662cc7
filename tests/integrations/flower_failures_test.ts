// A federation on Flower whose processes end when they should not.

import { join } from "@std/path";
import { assert, assertEquals } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { flowerTest, Network } from "./flower_network.ts";
import { clients, fakeConfig, notes, settings } from "./flower_sites.ts";

flowerTest(
  "a SuperNode and the SuperLink end in mid-round and start again: the run goes on, no site loses its models",
  async () => {
    using temporary = new TemporaryFolder();
    const { path: folder } = temporary;
    const place = (name: string) => join(folder, name);
    const words = { A: "evaluate@1 train@2", B: "train@1", C: "", D: "" };
    await using network = await Network.start(folder, clients);
    const nodes = new Map(
      Object.entries(words).map(([client, word]) => [
        client,
        network.startSupernode(client, fakeConfig(client, client, word)),
      ]),
    );
    const config = { ...settings, rounds: 3, folder: place("server") };
    const first = network.startRun(config);

    // In round 1 B's SuperNode ends while B trains, and starts again when the others have gone on.
    await appears(place("B/at-train-1"));
    nodes.get("B")!.kill("SIGTERM");
    await appears(place("A/at-evaluate-1"));
    const again = network.startSupernode("B", fakeConfig("B", "B", ""));
    await again.printed("SuperNode ID");
    await Deno.writeTextFile(place("A/go-evaluate-1"), "");

    // In round 2 the SuperLink is killed while A trains.
    await appears(place("A/at-train-2"));
    network.superlink.kill("SIGKILL");
    await first.ended;
    await network.startSuperlink();
    await Deno.writeTextFile(place("A/go-train-2"), "");
    const second = network.startRun(config);
    await second.ended;
    assert(second.text.includes("going on with round 2 of 3"), second.text);
    const averaged = await notes(place("server"), "averaged");
    assertEquals(averaged.map(({ sites }) => sites), [clients, ["A", "C", "D"], clients]);
    const failed = await notes(place("server"), "failed");
    assertEquals(failed.map(({ round, site, step }) => [round, site, step])[0], [1, "B", "train"]);
    for (const client of clients) {
      const { round } = JSON.parse(await Deno.readTextFile(place(`${client}/state.json`)));
      assertEquals([client, round], [client, 3]);
    }
  },
);

/** Ends when a file is there; nothing tells of files in folders that come to be, so it looks. */
async function appears(path: string): Promise<void> {
  while (await Deno.stat(path).then(() => false, () => true)) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
