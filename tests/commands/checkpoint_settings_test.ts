// Which data checkpoints of several runs are evaluated on.

import { dataSettings } from "../../src/commands/checkpoint_settings.ts";
import type { CheckpointFile } from "../../src/commands/checkpoints.ts";
import { UsageError } from "../../src/commands/usage_error.ts";
import { assertEquals, assertThrows } from "../assert.ts";

const unset = { data: null, csvFolder: null, clients: null, limit: null };

function checkpoint(path: string, metadata: Record<string, string>): CheckpointFile {
  return { path, metadata: { data: "demo", ...metadata }, tensors: new Map() };
}

const checkpoints = [
  checkpoint("one", { limit: "10", clients: "A,B" }),
  checkpoint("two", { limit: "20", clients: "A,B" }),
];

Deno.test("checkpoints of different data cannot be used side by side", () => {
  assertThrows(() => dataSettings(checkpoints, unset, 32), UsageError, "choose with --limit");
});

Deno.test("a flag settles what checkpoints disagree about, and the rest is theirs", () => {
  assertEquals(dataSettings(checkpoints, { ...unset, limit: 5 }, 32), {
    data: "demo",
    csvFolder: null,
    clients: ["A", "B"],
    limit: 5,
    imageSize: 32,
  });
});

Deno.test("a client called null is a client, and settings that are not there are unset", () => {
  assertEquals(dataSettings([checkpoint("one", { clients: "null" })], unset, 32), {
    data: "demo",
    csvFolder: null,
    clients: ["null"],
    limit: null,
    imageSize: 32,
  });
});
