// The flags that `compare` and `demo` have in place of one method and one seed.

import { settingBounds } from "../../federated/bounds.ts";
import { methods } from "../../federated/config.ts";
import { choice, number, orModule, several, text } from "../values.ts";
import { flag, underTopic } from "./flag.ts";

/** Under "Comparison" in the help. */
export const comparisonFlags = underTopic("Comparison", {
  methods: flag<readonly string[]>({
    name: "methods",
    kind: several(orModule(choice(methods)), "fedavg,prrfl"),
    default: ["fedavg", "fedbn", "prrfl"],
    defaultText: "fedavg,fedbn,prrfl",
    source: "ours",
    help: "methods to compare",
  }),
  seeds: flag<readonly number[]>({
    name: "seeds",
    kind: several(number(settingBounds.seed), "1,2,3"),
    default: [1],
    defaultText: "1",
    source: "ours",
    help: "each method is run with each of them",
  }),
  grid: flag<string | null>({
    name: "grid",
    kind: text("NAME=A,B;…"),
    default: null,
    defaultText: "none",
    source: "ours",
    help: "each method is run with each value: lr=0.01,0.03, or several settings with ; between",
  }),
  resume: flag<string | null>({
    name: "resume",
    kind: text("FOLDER"),
    default: null,
    defaultText: "a new comparison",
    source: "ours",
    help: "go on with the comparison in this folder",
  }),
});
