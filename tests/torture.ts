// Maltreats the program for longer than a test may take:
//   deno task torture [--minutes 30] [--seed N] [PART …]     parts fuzz, kill and soak, or those named, share the time

import { parseArgs } from "node:util";
import { fuzzPart } from "./fuzz/fuzz_part.ts";
import { killPart } from "./torture/kill_part.ts";
import type { TorturePart, TortureRow } from "./torture/part.ts";
import { soakPart } from "./torture/soak_part.ts";

/** Another part is another line here. */
const parts: readonly TorturePart[] = [fuzzPart, killPart, soakPart];

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: String(Date.now() >>> 0) },
  },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
const chosen = parts.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (!(minutes > 0 && seed >= 0) || chosen.length < Math.max(1, positionals.length)) {
  const names = parts.map(({ name }) => name).join(", ");
  console.error(`Expected --minutes above 0, --seed from 0 on and parts among ${names}`);
  Deno.exit(2);
}

console.log(`Seed ${seed}, ${minutes} minutes`);
const failures: string[] = [];
for (const part of chosen) {
  const start = performance.now();
  const milliseconds = minutes * 60_000 / chosen.length;
  const rows = await part.run(seed, milliseconds, (done) => {
    const left = Math.max(0, milliseconds - (performance.now() - start)) / 1000;
    const time = `${Math.floor(left / 60)}:${String(Math.floor(left % 60)).padStart(2, "0")}`;
    showLine(`${part.name}: ${done}, ${time} left`);
  });
  showLine("");
  printTable(part.name, rows, (performance.now() - start) / 60_000);
  failures.push(...rows.flatMap(({ failures }) => failures));
}
for (const failure of failures) console.error(`\n${failure}`);
Deno.exit(failures.length === 0 ? 0 : 1);

/** In place of the line before on a terminal; elsewhere nobody waits for it. */
function showLine(text: string): void {
  if (Deno.stdout.isTerminal()) Deno.stdout.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
}

function printTable(name: string, rows: readonly TortureRow[], minutes: number): void {
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  const wrong = rows.reduce((sum, { failures }) => sum + failures.length, 0);
  const all = [
    ...rows,
    { what: "all", count: total, outcome: `${minutes.toFixed(1)} minutes, ${wrong} failures` },
  ];
  const width = Math.max(...all.map(({ what }) => what.length));
  console.log(name);
  for (const { what, count, outcome } of all) {
    console.log(`  ${what.padEnd(width)}  ${String(count).padStart(9)}  ${outcome}`);
  }
}
