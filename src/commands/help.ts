// The help text, made from the table of flags.

import { tableLines } from "../report/format.ts";
import { checkpointOnlyFlags, evaluateOnlyFlags } from "./checkpoint_flags.ts";
import { inspectOnlyFlags, prepareOnlyFlags, synthesizeOnlyFlags } from "./data_flags.ts";
import { comparisonFlags, type Flag, reportFlags, trainFlags } from "./flags.ts";
import { toggle } from "./values.ts";

const introduction =
  `PRR-FL on WebGPU: federated learning that does not forget at every communication.

  deno task demo                                  compare three methods on the built-in demo data
  deno task train --data FOLDER --rounds 50       train on your images
  deno run -RWE cli.ts COMMAND [FLAGS]            the same without the check for an adapter

Commands
  train      train every client and write a run folder; the default command where flags follow
  compare    train with several methods and seeds, and make one report: takes the flags of train too,
             except --method, --seed and --json
  demo       compare on built-in data at a size that ends within minutes; takes the flags of compare
  report     make a page and pictures of the runs in the folders named: report DIR… [--out FILE]
  evaluate   RUN_OR_CHECKPOINT …: the models of a run, or those of files, on every client's images:
             how good they are on their own client's and on the others' (takes also --clients,
             --adapter, --json and, where the checkpoint's are not to hold, --data, --csv-folder,
             --limit, --image-size, --batch, --network, --width)
  predict    CHECKPOINT … IMAGE_OR_FOLDER …: class probabilities of images; several checkpoints also
             give their mean (takes also --adapter, --json, --image-size, --batch, --network, --width)
  data       inspect: count the images of --data and look for duplicates; draw some with --augment
             (takes also --data, --csv-folder, --clients, --image-size, --limit, --seed, --adapter)
             prepare: make a folder for --data from HAM10000, ISIC, MedMNIST or your own images,
             divided among clients by lists or at random (takes also --image-size, --seed); train
             itself reads such folders only
             synthesize: write the demo data as such a folder (takes also --clients, --image-size
             and --seed, whose defaults are those of demo: 32 and 1)
  info       show the WebGPU adapter; takes --adapter
  help       show this text; so does --help
  --version  show the versions
`;

const conclusion =
  `Each line ends with the default and its source: "official" is what the authors' PyTorch code does,
"ours" was chosen here. Write --lr 0.01 or --lr=0.01, and _ or - inside a name.`;

/** Flags under their topics; a table holds those that no table before it has. */
export const helpTables = [
  trainFlags,
  comparisonFlags,
  reportFlags,
  evaluateOnlyFlags,
  checkpointOnlyFlags,
  inspectOnlyFlags,
  prepareOnlyFlags,
  synthesizeOnlyFlags,
];

/** Everything that can be typed, with every default and its source. */
export function helpText(): string {
  const flags = helpTables.flatMap((table) => Object.values<Flag<unknown>>(table));
  const topics = [...new Set(flags.map(({ topic }) => topic))];
  const sections = topics.map((topic) => {
    const rows = flags.filter((flag) => flag.topic === topic).map(flagRow);
    return `${topic}\n${tableLines(rows, "ll").join("\n")}\n`;
  });
  return [introduction, ...sections, conclusion].join("\n");
}

function flagRow(flag: Flag<unknown>): string[] {
  return [spelling(flag), `${flag.help} (${defaultText(flag)}, ${flag.source})`];
}

function spelling({ name, aliases, kind, default: initial }: Flag<unknown>): string {
  if (kind === toggle) return initial ? `--${name}, --no-${name}` : `--${name}`;
  return `${[name, ...aliases].map((word) => `--${word}`).join(", ")} ${kind.placeholder}`;
}

function defaultText(flag: Flag<unknown>): string {
  if (flag.kind === toggle) return flag.default ? "on" : "off";
  return flag.defaultText ?? String(flag.default);
}
