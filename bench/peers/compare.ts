// Compares this project with other engines: in every round every peer in turn, each in a process of its own.

import { parseArgs } from "node:util";
import { rowsOf, tableText } from "./comparison.ts";
import type { Failure, Measurement } from "./measurement.ts";
import { type PeerName, peerNames } from "./peers.ts";
import { type Workload, workloads } from "./workloads.ts";

const { values: options } = parseArgs({
  options: {
    peers: { type: "string", default: peerNames.join(",") },
    workloads: { type: "string", default: workloads.join(",") },
    rounds: { type: "string", default: "3" },
    repetitions: { type: "string", default: "5" },
    "least-ms": { type: "string", default: "400" },
    json: { type: "boolean", default: false },
  },
});
const chosenPeers = choices("peers", options.peers, peerNames);
const chosenWorkloads = choices("workloads", options.workloads, workloads);
const rounds = count("rounds", options.rounds);
const settings = [
  count("repetitions", options.repetitions),
  count("least-ms", options["least-ms"]),
];

const measurements: Measurement[] = [];
const failures = new Map<string, Failure>();
for (const workload of chosenWorkloads) {
  for (let round = 1; round <= rounds; round++) {
    for (const peer of chosenPeers) {
      console.error(`${workload}: round ${round} of ${rounds}, ${peer}`);
      for (const line of await measure(peer, workload)) {
        if ("failure" in line) {
          failures.set(`${workload} ${line.case} ${peer}`, line);
        } else measurements.push(line);
      }
    }
  }
  if (!options.json) printTable(workload);
}
if (options.json) {
  for (const row of rowsOf(measurements)) console.log(JSON.stringify(row));
}
for (const { workload, case: name, peer, failure } of failures.values()) {
  console.error(
    `${peer} failed in ${workload}${name === null ? "" : ` ${name}`}: ${failure}`,
  );
}

/** What measure.ts tells. */
async function measure(
  peer: PeerName,
  workload: Workload,
): Promise<(Measurement | Failure)[]> {
  const program = new URL("./measure.ts", import.meta.url).href;
  const args = ["run", "-A", program, peer, workload, ...settings.map(String)];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args,
    stderr: "null",
  })
    .output();
  const lines = new TextDecoder().decode(stdout).split("\n").filter((line) => line.startsWith("{"));
  if (code === 0) return lines.map((line) => JSON.parse(line));
  return [{
    workload,
    case: null,
    peer,
    failure: `its process ended with code ${code}`,
  }];
}

function printTable(workload: Workload): void {
  const rows = rowsOf(
    measurements.filter((line) => line.workload === workload),
  );
  console.log(
    `\n${workload}: median ms, and how many times longer than ours\n`,
  );
  console.log(tableText(rows));
}

function choices<T extends string>(
  option: string,
  text: string,
  known: readonly T[],
): T[] {
  return text.split(",").map((name) => {
    const found = known.find((choice) => choice === name);
    if (found === undefined) {
      fail(`--${option} knows ${known.join(", ")}, but not ${name}`);
    }
    return found;
  });
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    fail(`--${option} is ${text} but has to be a whole number of at least 1`);
  }
  return value;
}

function fail(message: string): never {
  console.error(`error: ${message}`);
  Deno.exit(2);
}
