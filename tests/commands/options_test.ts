// Reading arguments: spellings, values, presets, settings, and every sentence about what is wrong.

import { defaultConfig } from "../../src/federated/config.ts";
import { prepareFlags } from "../../src/commands/data_flags.ts";
import {
  compareFlags,
  demoPreset,
  type Flag,
  type FlagTable,
  infoFlags,
  trainFlags,
} from "../../src/commands/flags.ts";
import { foreignFlags } from "../../src/commands/foreign_flags.ts";
import { resolveOptions } from "../../src/commands/options.ts";
import { UsageError } from "../../src/commands/usage_error.ts";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";

const optionsOf = (...args: string[]) => resolveOptions(args, trainFlags).options;

Deno.test("resolveOptions() has the official code's defaults", () => {
  const options = optionsOf();
  const official = {
    network: "vgg_nb",
    optimizer: "sgd",
    learningRate: 0.01,
    learningRateStep: 5,
    learningRateGamma: 0.5,
    weightDecay: 1e-6,
    batchSize: 16,
    rounds: 50,
    localEpochs: 5,
    fourierRate: 0.7,
    alpha1: 0.7,
    alpha2: 0.9,
    seed: 1,
    data: "data",
    imageSize: 128,
    width: 1,
    augment: "full",
    shuffle: true,
  };
  assertEquals({ ...options, ...official }, options);
});

Deno.test("resolveOptions() sets everything that defaultConfig knows", () => {
  const otherwise = ["initialState", "methodSettings"]; // under another name, or of methods of one's own
  const missing = Object.keys(defaultConfig)
    .filter((key) => !otherwise.includes(key) && !Object.hasOwn(trainFlags, key));
  assertEquals(missing, []);
});

Deno.test("resolveOptions() accepts the paper's own command line", () => {
  const line = "--theme prrfl --iters 50 --wk_iters 5 --network vgg_nb --l_rate 0.7 --lr 1e-2";
  assertEquals(optionsOf(...line.split(" ")), { ...optionsOf(), theme: "prrfl" });
});

Deno.test("resolveOptions() accepts every name and alias with _ and with -", () => {
  for (const [option, flag] of Object.entries(trainFlags)) {
    if (flag.kind.placeholder === "") continue;
    const value = exampleOf[option as keyof typeof exampleOf];
    const expected = optionsOf(`--${flag.name}`, value);
    for (const name of [flag.name, ...flag.aliases]) {
      assertEquals(optionsOf(`--${name.replaceAll("_", "-")}`, value), expected);
      assertEquals(optionsOf(`--${name.replaceAll("-", "_")}=${value}`), expected);
    }
  }
});

Deno.test("resolveOptions() takes --live without a port for any that is free", () => {
  assertEquals(optionsOf().live, null);
  for (const words of [["--live"], ["--live", "--lr", "1"], ["--live", "0"]]) {
    assertEquals(optionsOf(...words).live, 0);
  }
  assertEquals(optionsOf("--live", "8000", "--lr", "1").live, 8000);
  assertThrows(() => optionsOf("--live", "65536"), UsageError);
});

const exampleOf = {
  resume: "runs/one",
  live: "8000",
  checkpointEvery: "epoch",
  evaluateEvery: "10",
  method: "prrfl",
  theme: "mine",
  rounds: "2",
  localEpochs: "3",
  fourierRate: "0.5",
  alpha1: "0.1",
  alpha2: "0.2",
  proximalMu: "0.3",
  fmlAlpha: "0.25",
  fmlBeta: "0.75",
  clientWeights: "samples",
  participation: "0.5",
  dropout: "0.25",
  serverLearningRate: "0.5",
  network: "vgg_b",
  width: "0.25",
  init: "weights.safetensors",
  optimizer: "adam",
  momentum: "0.9",
  configFile: "run.json",
  learningRate: "1e-3",
  learningRateStep: "4",
  learningRateGamma: ".1",
  weightDecay: "0",
  batchSize: "8",
  lastBatch: "join",
  seed: "7",
  onNan: "skip-client",
  data: "demo",
  csvFolder: "lists",
  clients: "A,B",
  imageSize: "64",
  limit: "10",
  augment: "none",
  savePath: "elsewhere",
  adapter: "cpu",
  parallelClients: "2",
  memoryLimit: "512",
};

Deno.test("resolveOptions() reads numbers, lists, words and switches", () => {
  const { options } = resolveOptions(
    ["--lr=1e-3", "--clients", "A, C", "--parallel-clients", "auto", "--no-shuffle", "--json"],
    trainFlags,
  );
  assertEquals(options.learningRate, 0.001);
  assertEquals(options.clients, ["A", "C"]);
  assertEquals(options.parallelClients, "auto");
  assertEquals([options.shuffle, options.json, options.quiet], [false, true, false]);
});

Deno.test("resolveOptions() skips the -- that a task runner hands on", () => {
  assertEquals(optionsOf("--", "--iters", "3").rounds, 3);
});

Deno.test("resolveOptions() takes operands, which are no flag and no flag's value, where it is told", () => {
  const line = ["--", "one", "--clients", "A,B", "two", "--json", "three"];
  const { operands, options } = resolveOptions(line, trainFlags, {}, { takesOperands: true });
  assertEquals(operands, ["one", "two", "three"]);
  assertEquals([options.clients, options.json], [["A", "B"], true]);
  assertThrows(() => resolveOptions(line, trainFlags), UsageError, 'Surplus argument "one"');
});

Deno.test("resolveOptions() lets flags win over the preset, and tells who decided", () => {
  const { options, settings } = resolveOptions(["--iters", "9"], trainFlags, demoPreset);
  assertEquals([options.data, options.rounds], ["demo", 9]);
  const sources = new Map(settings.map(({ name, source }) => [name, source]));
  assertEquals(["iters", "data", "wd", "width"].map((name) => sources.get(name)), [
    "flag",
    "demo",
    "official",
    "demo",
  ]);
  assertEquals(settings.length, Object.keys(trainFlags).length);
});

Deno.test("resolveOptions() shows a list as text in the settings", () => {
  const { settings } = resolveOptions(["--clients", "A,B"], trainFlags);
  assertEquals(settings.find(({ name }) => name === "clients")?.value, "A,B");
});

const mistakes: [args: string, sentence: string][] = [
  ["--lr abc", "Cannot use abc for --lr: expected a number above 0"],
  ["--lr 0", "Cannot use 0 for --lr: expected a number above 0"],
  ["--lr Infinity", "Cannot use Infinity for --lr: expected a number above 0"],
  ["--lr 1e999", "Cannot use 1e999 for --lr: expected a number above 0"],
  ["--lr=", "Cannot use an empty value for --lr: expected a number above 0"],
  ["--lr", "Cannot use --lr without a value: expected a number above 0"],
  ["--lr --iters 3", "Cannot use --lr without a value: expected a number above 0"],
  ["--width -1", "Cannot use -1 for --width: expected a number of at least 0.03125"],
  ["--wd -1e-6", "Cannot use -1e-6 for --wd: expected a number of at least 0"],
  ["--l-rate 1.5", "Cannot use 1.5 for --l-rate: expected a number from 0 to 1"],
  [
    "--participation 0",
    "Cannot use 0 for --participation: expected a number above 0 and at most 1",
  ],
  ["--dropout 1", "Cannot use 1 for --dropout: expected a number of at least 0 and below 1"],
  ["--iters 0", "Cannot use 0 for --iters: expected a whole number of at least 1"],
  ["--rounds 2.5", "Cannot use 2.5 for --rounds: expected a whole number of at least 1"],
  ["--batch 1", "Cannot use 1 for --batch: expected a whole number from 2 to 2147483647"],
  ["--seed -1", "Cannot use -1 for --seed: expected a whole number from 0 to 4294967295"],
  [
    "--image-size 1025",
    "Cannot use 1025 for --image-size: expected a whole number from 1 to 1024",
  ],
  [
    "--network resnet",
    "Cannot use resnet for --network: expected vgg_nb or vgg_b, or a module such as ./mine.ts",
  ],
  [
    "--method fedavgg",
    "Cannot use fedavgg for --method: " +
    "expected local, fedavg, fedprox, scaffold, fedbn, silobn, fml, pfa, det or prrfl, or a module such as ./mine.ts",
  ],
  [
    "--theme a/b",
    "Cannot use a/b for --theme: expected letters, digits, dots, hyphens and underscores, at most 128 bytes",
  ],
  [
    `--theme ${"眼".repeat(43)}`,
    `Cannot use ${"眼".repeat(43)} for --theme: expected letters, digits, dots, hyphens and ` +
    "underscores, at most 128 bytes",
  ],
  ["--optim adamw", "Cannot use adamw for --optim: expected sgd or adam"],
  ["--adapter npu", "Cannot use npu for --adapter: expected auto, gpu or cpu"],
  [
    "--parallel-clients some",
    "Cannot use some for --parallel-clients: expected a whole number of at least 1, or auto",
  ],
  [
    "--clients A,,B",
    "Cannot use A,,B for --clients: expected different names separated by commas, such as A,B",
  ],
  [
    "--clients A,A",
    "Cannot use A,A for --clients: expected different names separated by commas, such as A,B",
  ],
  ["--data=", "Cannot use an empty value for --data: expected some text"],
  ["--lr 1 --learning_rate 2", "Cannot use --learning_rate: --lr was given already; keep one"],
  ["--shuffle --no-shuffle", "Cannot use --no-shuffle: --shuffle was given already; keep one"],
  ["--json=1", "Cannot use --json=1: it takes no value; write --json or --no-json"],
  [
    "--lrr 1",
    'Unknown flag --lrr (did you mean --lr?): "help COMMAND" lists the flags of a command',
  ],
  [
    "--round 1",
    'Unknown flag --round (did you mean --rounds?): "help COMMAND" lists the flags of a command',
  ],
  ["--frobnicate", 'Unknown flag --frobnicate: "help COMMAND" lists the flags of a command'],
  ["--no-lr", 'Unknown flag --no-lr: "help COMMAND" lists the flags of a command'],
  ["-lr 1", 'Unknown flag -lr (did you mean --lr?): "help COMMAND" lists the flags of a command'],
  [
    "-no-json",
    'Unknown flag -no-json (did you mean --no-json?): "help COMMAND" lists the flags of a command',
  ],
  ["50", 'Surplus argument "50": expected flags only, such as --rounds 50'],
];

for (const [args, sentence] of mistakes) {
  Deno.test(`resolveOptions() rejects "${args}"`, () => {
    const error = assertThrows(() => optionsOf(...args.split(" ")), UsageError);
    assertEquals(error.message, sentence);
  });
}

Deno.test("resolveOptions() knows only the flags of the command", () => {
  assertEquals(resolveOptions(["--adapter", "gpu", "--measure"], infoFlags).options, {
    ...{ adapter: "gpu", measure: true },
  });
  assertThrows(() => resolveOptions(["--lr", "1"], infoFlags), UsageError, "Unknown flag --lr");
});

Deno.test("flags of other programs get the name that they have here", () => {
  const message = (word: string, flags: FlagTable = trainFlags) =>
    assertThrows(() => resolveOptions([word, "1"], flags), UsageError).message;
  const expected = {
    "--epochs": "--local-epochs",
    "--device": "--adapter",
    "--algorithm": "--method",
    "--global_rounds": "--rounds",
    "--num_clients": "--clients A,B",
    "--local-momentum": "--momentum",
    "--frac": "--participation",
    "--lr_decay": "--lr_gamma",
    "--dataset": "--data FOLDER",
  };
  for (const [word, hint] of Object.entries(expected)) {
    assertStringIncludes(message(word), `Unknown flag ${word}: `);
    assertStringIncludes(message(word), hint);
  }
  assertStringIncludes(message("--num-clients", prepareFlags), "--partition-clients");
  assertStringIncludes(message("--algorithm", compareFlags), "--methods");
  for (const [name, hints] of foreignFlags) {
    assert(
      !Object.values(trainFlags).some((flag) => [flag.name, ...flag.aliases].includes(name)),
      name,
    );
    for (const { flag } of hints) {
      const known = [trainFlags, compareFlags, prepareFlags].flatMap((table) =>
        Object.values<Flag<unknown>>(table).flatMap(({ name, aliases }) => [name, ...aliases])
      );
      if (flag !== null) assert(known.some((name) => name.replaceAll("_", "-") === flag), flag);
    }
  }
});

Deno.test("words are the same in any case, with and without hyphens", () => {
  const method = (text: string) => resolveOptions(["--method", text], trainFlags).options.method;
  assertEquals(["FedAvg", "PRR-FL", "SiloBN", "local", "Fed_Prox"].map(method), [
    ...["fedavg", "prrfl", "silobn", "local", "fedprox"],
  ]);
});

Deno.test("a negative number is a value, and what follows two hyphens is none", () => {
  const error = assertThrows(() => resolveOptions(["--lr", "-1"], trainFlags), UsageError);
  assertEquals(error.message, "Cannot use -1 for --lr: expected a number above 0");
  assertThrows(
    () => resolveOptions(["--json", "--", "x"], trainFlags),
    UsageError,
    'Surplus argument "--"',
  );
});
