// A federation on Flower whose processes end when they should not.

import { join } from "@std/path";
import { assert, assertEquals } from "../assert.ts";
import { TemporaryFolder } from "../data/tiny_folder.ts";
import { flowerTest, Network, type Printing } from "./flower_network.ts";
import { fakeConfig, notes, settings } from "./flower_sites.ts";

flowerTest(
  "SuperNodes and the SuperLink end in mid-round, messages are damaged: the run goes on, no site loses its models",
  async () => {
    using temporary = new TemporaryFolder();
    const { path: folder } = temporary;
    const place = (name: string) => join(folder, name);
    const words = { A: "evaluate@1 train@2", B: "train@1", C: "nan@0 shape@2" };
    const sites = Object.keys(words);
    await using network = await Network.start(folder, sites);
    const nodes = new Map(
      Object.entries(words).map(([client, word]) => [
        client,
        network.startSupernode(client, fakeConfig(client, client, word)),
      ]),
    );
    const config = { ...settings, rounds: 3, sites: 3, "min-sites": 2, folder: place("server") };
    const first = network.startRun(config);

    // In round 1 B's SuperNode ends while B trains, and starts again when the others have gone on.
    await appears(place("B/at-train-1"), first);
    nodes.get("B")!.kill("SIGTERM");
    await appears(place("A/at-evaluate-1"), first);
    const again = network.startSupernode("B", fakeConfig("B", "B", ""));
    await again.printed("SuperNode ID");
    await Deno.writeTextFile(place("A/go-evaluate-1"), "");

    // In round 2 the SuperLink is killed while A trains.
    await appears(place("A/at-train-2"), first);
    network.superlink.kill("SIGKILL");
    await first.ended;
    await network.startSuperlink();
    await Deno.writeTextFile(place("A/go-train-2"), "");
    const second = network.startRun(config);
    await second.ended;
    assert(second.text.includes("going on with round 2 of 3"), second.text);
    const averaged = await notes(place("server"), "averaged");
    assertEquals(averaged.map(({ sites }) => sites), [["A", "B"], ["A", "C"], ["A", "B"]]);
    const failed = (await notes(place("server"), "failed")).filter(({ step }) => step === "train");
    assertEquals(failed.map(({ round, site }) => [round, site]), [[0, "C"], [1, "B"], [2, "C"]]);
    const whys = failed.map(({ why }) => why);
    assertEquals(whys[0], "1 of the 4 numbers of its fc.bias are not finite");
    assertEquals(whys[2], "its tensors have other names or shapes than the others'");
    for (const site of sites) {
      const { round } = JSON.parse(await Deno.readTextFile(place(`${site}/state.json`)));
      assertEquals([site, round], [site, 3]);
    }
  },
);

/** Ends when a file is there: nothing tells of files in folders that come to be, so it looks; not for longer than a run. */
async function appears(path: string, during: Printing): Promise<void> {
  let isOver = false;
  during.ended.then(() => isOver = true);
  while (await Deno.stat(path).then(() => false, () => true)) {
    assert(!isOver, during.text);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
