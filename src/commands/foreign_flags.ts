// Flags of other programs of this field, and what they are called here.

/** What to write instead, for commands that have `flag` (canonical spelling); null: for all. */
interface Hint {
  readonly flag: string | null;
  readonly text: string;
}

/** Spellings as Flower, PFLlib, FL-bench and PyTorch's examples have them, and the hints that they get. */
const table: readonly (readonly [names: readonly string[], ...hints: readonly Hint[]])[] = [
  [
    ["epochs", "epoch", "num-epochs", "n-epochs", "max-epochs"],
    hint("rounds", "write --local-epochs for the epochs of a round, --rounds for the rounds"),
  ],
  [
    ["local-epoch", "local-ep", "num-local-epochs", "local-steps", "local-iterations"],
    hint("local-epochs", "local epochs per round are --local-epochs (--wk_iters)"),
  ],
  [
    ["global-rounds", "global-round", "global-epoch", "global-epochs", "num-rounds", "comm-round"]
      .concat("communication-rounds", "num-server-rounds"),
    hint("rounds", "communication rounds are --rounds (--iters)"),
  ],
  [
    ["device", "gpu", "cuda", "no-cuda", "device-id", "gpus", "use-cuda"],
    hint("adapter", "write --adapter gpu or --adapter cpu"),
  ],
  [
    ["algorithm", "algo", "alg", "strategy", "aggregator", "fl-method"],
    hint("method", "the federated method is --method, such as --method fedavg"),
    hint("methods", "the federated methods are --methods, such as --methods fedavg,prrfl"),
  ],
  [
    ["num-clients", "n-clients", "client-num", "num-users", "n-parties", "client-num-in-total"],
    hint("partition-clients", "the number of clients is --partition-clients"),
    hint(
      "clients",
      "the data make the clients: --clients A,B chooses among them, data prepare divides images",
    ),
  ],
  [
    ["join-ratio", "frac", "fraction", "fraction-fit", "client-fraction", "sample-fraction"],
    hint("participation", "the share of clients that train in a round is --participation"),
  ],
  [
    ["local-momentum", "sgd-momentum"],
    hint("momentum", "the momentum of SGD is --momentum"),
  ],
  [
    ["lr-decay", "learning-rate-decay", "learning-rate-decay-gamma", "lr-scheduler", "gamma"],
    hint("lr-gamma", "the learning rate falls by the factor --lr_gamma every --lr_step rounds"),
  ],
  [
    ["out-dir", "output-dir", "save-dir", "save-folder-name", "logdir", "log-dir", "results-dir"],
    hint("save-path", "runs are written below --save_path"),
  ],
  [
    ["img-size", "imgsz", "resize", "input-size"],
    hint("image-size", "images are reduced to --image-size pixels"),
  ],
  [
    ["pretrained", "weights", "checkpoint", "load-path"],
    hint("init", "weights to start from are --init FILE"),
  ],
  [["dataset", "data-dir", "data-path"], hint("data", "the data are --data FOLDER")],
  [
    ["num-workers", "workers"],
    hint(null, "images are read in as many threads as the machine has cores"),
  ],
];

function hint(flag: string | null, text: string): Hint {
  return { flag, text };
}

/** By canonical spelling. */
export const foreignFlags: ReadonlyMap<string, readonly Hint[]> = new Map(
  table.flatMap(([names, ...hints]) => names.map((name) => [name, hints] as const)),
);
