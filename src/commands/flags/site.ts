// The flags of `site`: one client whose federation is elsewhere.

import type { AdapterChoice } from "../../gpu/adapter.ts";
import { fileNamePart, integer, text } from "../values.ts";
import { dataFlags } from "./data.ts";
import { flag, type FlagTable, underTopic } from "./flag.ts";
import { methodFlags } from "./method.ts";
import { networkFlags } from "./network.ts";
import { optimizationFlags } from "./optimization.ts";
import { runningFlags } from "./running.ts";

/** A file or folder that has to be named, or a round: there is no default. */
const none = { default: null, defaultText: "has to be given", source: "ours" } as const;

const state = underTopic("Site", {
  state: flag<string | null>({
    ...{ name: "state", kind: text("FOLDER"), ...none },
    help: "where the site keeps its models and how far it has got; nobody else reads it",
  }),
});

const { participation: _participation, dropout: _dropout, ...ofMethod } = methodFlags;
const { onNan: _onNan, ...ofOptimization } = optimizationFlags;
const { clients: _clients, ...ofData } = dataFlags;
const { adapter, tuned, cache } = runningFlags;

/** Flags of `site init` besides the settings of a method of one's own. */
export const siteInitFlags = {
  ...state,
  ...underTopic("Site", {
    client: flag<string | null>({
      ...{ name: "client", kind: fileNamePart("NAME"), default: null, source: "ours" },
      defaultText: "the only one of the data",
      help: "which client of the data is here",
    }),
    place: flag<number | null>({
      ...{ name: "place", kind: integer({ min: 0 }), default: null, source: "ours" },
      defaultText: "its place in the data",
      help: "the client's place among all of the federation, from 0: its random numbers go by it",
    }),
  }),
  ...ofMethod,
  ...networkFlags,
  ...ofOptimization,
  ...ofData,
  ...underTopic("Running", { adapter, tuned, cache }),
} satisfies FlagTable;

/** What may be otherwise than at `site init`. */
const ofProcess = underTopic("Running", {
  data: flag<string | null>({
    ...{ name: "data", kind: text("FOLDER|FILE.ts|demo"), default: null, source: "ours" },
    defaultText: "as at init",
    help: "where the same images are by now",
  }),
  adapter: flag<AdapterChoice | null>({
    ...{ name: "adapter", kind: runningFlags.adapter.kind, default: null, source: "ours" },
    defaultText: "as at init",
    help: runningFlags.adapter.help,
  }),
});

const round = underTopic("Round", {
  round: flag<number | null>({
    ...{ name: "round", kind: integer({ min: 0 }), ...none },
    help: "which one, counted from 0",
  }),
  mean: flag<string | null>({
    ...{ name: "mean", kind: text("FILE"), default: null, source: "ours" },
    defaultText: "none",
    help: "the mean of what all sites have sent, a safetensors file",
  }),
});

/** Flags of `site train`. */
export const siteTrainFlags = {
  ...state,
  ...round,
  ...underTopic("Round", {
    message: flag<string | null>({
      ...{ name: "message", kind: text("FILE"), ...none },
      help: "file to write what the site sends to; one that is there is replaced",
    }),
  }),
  ...ofProcess,
};

/** Flags of `site evaluate`. */
export const siteEvaluateFlags = { ...state, ...round, ...ofProcess };

/** Flags of `site status`. */
export const siteStatusFlags = { ...state };
