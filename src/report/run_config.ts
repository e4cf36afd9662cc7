// What determined a run, as it is stored in config.json and printed as the first row of --json.

import type { RunHeader } from "./run_header.ts";

/** The command line, every setting, adapter and versions. */
export function runConfig({ command, settings, adapter, versions }: RunHeader) {
  return {
    command,
    settings: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
    flags: settings.filter(({ source }) => source === "flag").map(({ name }) => name),
    adapter,
    versions,
  };
}
