// The help text, made from the table of flags.

import { tableLines } from "../report/format.ts";
import { checkpointOnlyFlags, evaluateOnlyFlags } from "./checkpoint_flags.ts";
import { contactSheetFlags, type Flag, trainFlags } from "./flags.ts";
import { toggle } from "./values.ts";

const introduction =
  `PRR-FL on WebGPU: federated learning that does not forget at every communication.

  deno task demo                                  train on the built-in demo data
  deno task train --data FOLDER --rounds 50       train on your images
  deno run -RWE cli.ts COMMAND [FLAGS]            the same without the check for an adapter

Commands
  train      train every client and write a run folder; the default command where flags follow
  demo       train at a size that ends within minutes; takes the flags of train
  evaluate   RUN_OR_CHECKPOINT …: the models of a run, or those of files, on every client's images:
             how good they are on their own client's and on the others' (takes also --clients,
             --adapter, --json and, where the checkpoint's are not to hold, --data, --csv-folder,
             --limit, --image-size, --batch, --network, --width)
  predict    CHECKPOINT … IMAGE_OR_FOLDER …: class probabilities of images; several checkpoints also
             give their mean (takes also --adapter, --json, --image-size, --batch, --network, --width)
  data       inspect: count the images of --data, and with --augment draw a contact sheet of them
             (takes --data, --csv-folder, --clients, --image-size, --limit, --seed, --adapter, --out)
  info       show the WebGPU adapter; takes --adapter
  help       show this text; so does --help
  --version  show the versions
`;

const conclusion =
  `Each line ends with the default and its source: "official" is what the authors' PyTorch code does,
"ours" was chosen here. Write --lr 0.01 or --lr=0.01, and _ or - inside a name.`;

/** Everything that can be typed, with every default and its source. */
export function helpText(): string {
  const tables = [trainFlags, evaluateOnlyFlags, checkpointOnlyFlags, contactSheetFlags];
  const flags = tables.flatMap((table) => Object.values<Flag<unknown>>(table));
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
