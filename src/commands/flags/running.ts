// The flags of `train` about how it runs and what it writes: none of them changes a number.

import type { AdapterChoice } from "../../gpu/adapter.ts";
import { settingBounds } from "../../federated/bounds.ts";
import { defaultConfig } from "../../federated/config.ts";
import { type StateInterval, stateIntervals } from "../../federated/control.ts";
import { choice, fileNamePart, number, orWord, port, text, toggle } from "../values.ts";
import { flag, underTopic } from "./flag.ts";

/** Under "Running" in the help. */
export const runningFlags = underTopic("Running", {
  theme: flag<string | null>({
    name: "theme",
    kind: fileNamePart("NAME"),
    default: null,
    defaultText: "the method's name",
    source: "ours",
    help: "what this run is called in the name of its folder",
  }),
  savePath: flag({
    name: "save_path",
    aliases: ["save-folder"],
    kind: text("FOLDER"),
    default: "runs",
    source: "ours",
    help: "the run makes its own folder in this one",
  }),
  adapter: flag<AdapterChoice>({
    name: "adapter",
    kind: choice(["auto", "gpu", "cpu"]),
    default: "auto",
    source: "ours",
    help: "hardware, software, or the fastest there is",
  }),
  tuned: flag({
    name: "tuned",
    kind: toggle,
    default: true,
    source: "ours",
    help: "use the kernels that the command tune has found fastest on this adapter",
  }),
  parallelClients: flag<number | "auto">({
    name: "parallel-clients",
    kind: orWord(number(settingBounds.parallelClients), "auto"),
    default: defaultConfig.parallelClients,
    source: "ours",
    help: "clients per dispatch: changes speed, not numbers",
  }),
  cache: flag({
    name: "cache",
    kind: toggle,
    default: true,
    source: "ours",
    help: "keep decoded images of --data FOLDER in the user's cache folder",
  }),
  memoryLimit: flag<number | null>({
    name: "memory-limit",
    kind: number(settingBounds.memoryLimit),
    default: defaultConfig.memoryLimit,
    defaultText: "none",
    source: "ours",
    help: "MiB of GPU memory for training steps: fewer clients per dispatch",
  }),
  configFile: flag<string | null>({
    name: "config",
    kind: text("FILE"),
    default: null,
    defaultText: "none",
    source: "ours",
    help: "settings of a config.json; flags win over them",
  }),
  resume: flag<string | null>({
    name: "resume",
    kind: text("FOLDER"),
    default: null,
    defaultText: "a new run",
    source: "ours",
    help: "go on with the run in this folder, with its settings",
  }),
  checkpointEvery: flag<StateInterval>({
    name: "checkpoint-every",
    kind: choice(stateIntervals),
    default: "round",
    source: "ours",
    help:
      "store after each what --resume needs, as Ctrl-C does; a kill loses what came after the last",
  }),
  evaluateEvery: flag<number | null>({
    name: "eval-every",
    kind: number(settingBounds.evaluateEvery),
    default: defaultConfig.evaluateEvery,
    defaultText: "once an epoch",
    source: "ours",
    help: "test after every N training steps of an epoch too",
  }),
  profile: flag({
    name: "profile",
    kind: toggle,
    default: false,
    source: "ours",
    help: "time the kernels of three training steps of the second epoch",
  }),
  tensorboard: flag({
    name: "tensorboard",
    kind: toggle,
    default: false,
    source: "ours",
    help: "write an event file for TensorBoard too",
  }),
  live: flag<number | null>({
    name: "live",
    kind: port,
    default: null,
    defaultText: "off",
    source: "ours",
    help:
      "show figures in a browser on this computer while it trains; a free port if none is given",
  }),
  json: flag({
    name: "json",
    kind: toggle,
    default: false,
    source: "ours",
    help: "print events as lines of JSON",
  }),
  quiet: flag({
    name: "quiet",
    kind: toggle,
    default: false,
    source: "ours",
    help: "print the result alone",
  }),
});
