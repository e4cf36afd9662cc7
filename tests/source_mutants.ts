// Ways to break the TypeScript that federates, prepares data, measures and trains, each with the tests that ought to notice.

import type { Mutant } from "./mutants.ts";

function breaks(
  file: string,
  tests: readonly string[],
  changes: readonly (readonly [original: string, mutant: string])[],
): readonly Mutant[] {
  return changes.map(([original, mutant]) => ({ file: `src/${file}`, original, mutant, tests }));
}

const methodRuns = ["federated/method_trajectory_test.ts"];

export const sourceMutants: readonly Mutant[] = [
  ...breaks("federated/clients/participation.ts", ["federated/participation_test.ts"], [
    ["Math.round(participation * length)", "Math.floor(participation * length)"],
    ["Math.max(1, Math.round", "Math.max(0, Math.round"],
    [".sort((a, b) => a - b)", ".sort((a, b) => b - a)"],
    ["participationStream, round)", "participationStream)"],
    [".uniform() >= dropout", ".uniform() < dropout"],
  ]),
  ...breaks("federated/clients/group.ts", ["federated/simulation_test.ts"], [
    ["shuffleStream, member.place, epoch)", "shuffleStream, epoch)"],
    ["shuffleStream, member.place, epoch)", "shuffleStream, member.place)"],
    ["optimizer.setLearningRate(learningRate);", ""],
    ["optimizer.reset();", ""],
  ]),
  ...breaks("federated/clients/group.ts", ["federated/method_trajectory_test.ts"], [
    ["memory.beforeRound();", ""],
  ]),
  ...breaks("federated/clients/learning_rate.ts", ["federated/simulation_test.ts"], [
    ["Math.floor(round / learningRateStep)", "Math.ceil(round / learningRateStep)"],
    ["Math.floor(round / learningRateStep)", "round"],
  ]),
  ...breaks("federated/clients/order.ts", ["federated/order_test.ts"], [
    ['2 * epoch + Number(kind === "evaluate-train")', "2 * epoch"],
    ['2 * epoch + Number(kind === "evaluate-train")', 'epoch + Number(kind === "evaluate-train")'],
    ['splitOf(kind) !== "train" || position < this.#training', "true"],
    ["position * this.roles + role", "position + role * this.roles"],
    ['size(b, "train") - size(a, "train")', 'size(a, "train") - size(b, "train")'],
  ]),
  ...breaks("federated/clients/order.ts", ["federated/last_batch_test.ts"], [
    ['kind === "train" ? this.batching', 'kind !== "train" ? this.batching'],
  ]),
  ...breaks("data/batching.ts", ["federated/last_batch_test.ts"], [
    ["n - n % this.batchSize : n", "n : n - n % this.batchSize"],
    ["? full : Math.ceil", "? full + 1 : Math.ceil"],
    ["n % this.batchSize === 1", "n % this.batchSize !== 0"],
    ["n > 1 &&", ""],
    ["batches < this.batches(n)", "batches <= this.batches(n)"],
    ["this.batchSize + Number(", "this.batchSize + 0 * Number("],
  ]),
  ...breaks("federated/methods/transfer_stage.ts", ["federated/transfer_stage_test.ts"], [
    ["alpha1 = 0.7, alpha2 = 0.9", "alpha1 = 0.9, alpha2 = 0.7"],
    ["previous === 0 || f1Deputy < alpha1", "previous === 0 || f1Deputy <= alpha1"],
    ["f1Deputy >= alpha2 * f1Personal) return 3", "f1Deputy > alpha2 * f1Personal) return 3"],
    ["return 4;", "return 2;"],
  ]),
  ...breaks("federated/aggregate/fourier.ts", ["federated/fourier_test.ts"], [
    ["(0.95 - initial)", "(1 - initial)"],
    ["(round / rounds)", "((round + 1) / rounds)"],
    ["Math.floor((n * rate) / 2)", "Math.ceil((n * rate) / 2)"],
    ["end: center + half", "end: center + half + 1"],
    ["rate >= 0 && rate <= 1", "rate >= 0"],
  ]),
  ...breaks("federated/clients/outcomes.ts", ["federated/outcomes_test.ts"], [
    ["image * rowLength + 1]", "image * rowLength]"],
    ["image * rowLength + 2", "image * rowLength + 1"],
    ["!Number.isFinite(loss)", "Number.isNaN(loss)"],
  ]),
  ...breaks("federated/server/communicate.ts", ["federated/participation_test.ts"], [
    ["filter(({ sends }) => sends)", "filter(() => true)"],
    ["({ weight }) => weight)", "() => 1)"],
  ]),
  ...breaks("federated/methods/fedprox.ts", methodRuns, [
    ["({ anchor: parameter })", "({})"],
    ["sub(parameter, anchor), proximalMu", "sub(parameter, anchor), proximalMu / 2"],
    ["sub(parameter, anchor), proximalMu", "sub(anchor, parameter), proximalMu"],
  ]),
  ...breaks("federated/methods/scaffold.ts", methodRuns, [
    ["({ received: parameter })", "({})"],
    ["sub(memory.server_control, memory.control)", "sub(memory.control, memory.server_control)"],
    ["sub(meanGradient, memory.server_control)", "meanGradient"],
    ["return { change, control: add(memory.control, change) };", "return { change };"],
    ["scale(mean.memory.change, share)", "scale(mean.memory.change, 0)"],
    ["clients: { server_control: control },", ""],
  ]),
  ...breaks("federated/methods/scaffold.ts", ["federated/scaffold_test.ts"], [
    ["memory.weights), serverLearningRate)", "memory.weights), 1)"],
    ["scale(mean.memory.change, share)", "mean.memory.change"],
    ["server: { weights, control },", "server: { control },"],
    ["server: { weights, control },", "server: { weights },"],
    ['optimizer === "sgd" && momentum', "momentum"],
    ["&& momentum === 0", ""],
    ['{ control: "run"', '{ control: "training"'],
    ['change: "round"', 'change: "training"'],
  ]),
  ...breaks("federated/clients/method_memory.ts", ["federated/scaffold_test.ts"], [
    ["(product) => 1 / product", "(product) => product"],
    ['of Object.values(this.lasting("training", "round"))) {', "of Object.values(this.sets)) {"],
  ]),
  ...breaks("federated/memory_sets.ts", ["federated/scaffold_test.ts"], [
    ["gpu.clear(tensors.whole);", ""],
    ["value.gpu.copy(value, place);", ""],
  ]),
  ...breaks("federated/server/server_memory.ts", ["federated/scaffold_test.ts"], [
    ['this.method.memory[set] !== "weights"', 'this.method.memory[set] === "weights"'],
  ]),
  ...breaks("federated/methods/local_losses.ts", methodRuns, [
    ["ofRole(logits, 0),\n    ofRole(logits, 1),", "ofRole(logits, 1),\n    ofRole(logits, 0),"],
    ["klDiv(own, other, options)", "klDiv(other, own, options)"],
    ["loss(0, fmlAlpha), loss(1, fmlBeta)", "loss(0, fmlBeta), loss(1, fmlAlpha)"],
    ["1 - share)", "share)"],
  ]),
  ...breaks("federated/methods/silobn.ts", methodRuns, [
    ['averaged("local", "statistics")', 'averaged("local", "norm")'],
    ['averaged("local", "statistics")', 'averaged("local", "norm", "statistics")'],
    ['averaged("local", "statistics")', 'averaged("local")'],
  ]),
  ...breaks("federated/methods/fml.ts", methodRuns, [
    ['averaged("deputy")', 'averaged("deputy", "statistics")'],
  ]),
  ...breaks("federated/methods/det.ts", methodRuns, [
    ['roles: ["personal", "deputy"]', 'roles: ["deputy", "personal"]'],
    ['"deputy", "norm", "statistics"', '"deputy", "statistics"'],
    ["f1 === null ? 4", "true ? 4"],
  ]),
  ...breaks("federated/methods/pfa.ts", methodRuns, [
    ['receivers: "senders"', 'receivers: "all"'],
  ]),
  ...breaks("federated/aggregate/fourier.ts", methodRuns, [
    ["(round / rounds)", "((round + 1) / rounds)"],
    ["fourierWindow(rows, rate)", "fourierWindow(rows, rate / 2)"],
    ["meanWeights(op, weights, options)", "meanWeights(op, weights, {})"],
  ]),
  ...breaks("nn/layers.ts", methodRuns, [
    ["{ ...norm, name: `${name}.bias`", '{ ...norm, kind: "bias", name: `${name}.bias`'],
  ]),
  ...breaks("nn/layers.ts", ["nn/layers_test.ts"], [
    ["...this.options,", ""],
    ["kaimingUniform(inChannels * kernelSize ** 2)", "kaimingUniform(inChannels)"],
    ["bias: bias ? context.parameter(`${this.name}.bias`) : undefined", "bias: undefined"],
  ]),
  ...breaks("nn/module.ts", ["nn/layers_test.ts"], [
    ["...trace.activations", "trace.output"],
    ["{ ...spec, part }", "spec"],
  ]),
  ...breaks("nn/row_shapes.ts", ["nn/layers_test.ts"], [
    ["size + 2 * padding - kernelSize", "size + padding - kernelSize"],
    ["Math.min(height, width) < 1", "Math.max(height, width) < 1"],
  ]),
  ...breaks("nn/network.ts", ["nn/network_test.ts"], [
    ["imageSize % imageMultiple !== 0", "imageSize < imageMultiple"],
    ["output[0] !== numClasses", "output[0] < numClasses"],
  ]),
  ...breaks("metrics/classification.ts", ["metrics/classification_test.ts"], [
    ["score > scores[start + best]", "score >= scores[start + best]"],
    ["counts[label][expectClass(", "counts[expectClass("],
    ["100 * right / labels.length", "right / labels.length"],
    ["2 * (right.get(c) ?? 0) / total", "(right.get(c) ?? 0) / total"],
    ["100 * sum / occurrences.size", "100 * sum / (occurrences.size + 1)"],
    ["(first + 1 + next) / 2", "(first + next) / 2"],
    ["positives * (positives + 1) / 2", "positives * positives / 2"],
    ["(positives * negatives)", "(positives * labels.length)"],
    ["index < 0 || index >= classes", "index < 0 || index > classes"],
  ]),
  ...breaks("metrics/selection.ts", ["metrics/selection_test.ts"], [
    ["0.8 * rounds", "0.7 * rounds"],
    ["rounds - 1))", "rounds))"],
    ["f1 > best.f1", "f1 >= best.f1"],
    ["round >= firstSelectable(rounds)", "round > firstSelectable(rounds)"],
  ]),
  ...breaks("metrics/falls.ts", ["metrics/retrogress_test.ts"], [
    ["if (lasting <= 0.5) return time;", "if (lasting < 0.5) return time;"],
    ["!regained && epochs > 0", "!regained"],
    ["Math.min(...known)", "Math.max(...known)"],
    ["epochs >= time", "epochs > time"],
  ]),
  ...breaks("metrics/retrogress.ts", ["metrics/retrogress_test.ts"], [
    ["after - before", "before - after"],
    ["epochs: found + 1", "epochs: found"],
    ["&& !putBack.has(client)", ""],
    ["if (change >= 0)", "if (change > 0)"],
    ["?? -1) >= before", "?? -1) > before"],
  ]),
  ...breaks("metrics/roc_curve.ts", ["metrics/roc_curve_test.ts"], [
    ["score(b) - score(a)", "score(a) - score(b)"],
    ["if (isTied) return;", ""],
    ["if (isStraight) counts.pop();", ""],
  ]),
  ...breaks("data/partition.ts", ["data/partition_test.ts"], [
    ["next[1].length > best[1].length", "next[1].length >= best[1].length"],
    ["images[index].group ?? index", "index"],
    ["lacks.indexOf(Math.max(...lacks))", "lacks.indexOf(Math.min(...lacks))"],
    ["train: 2, valid: 1", "train: 1, valid: 1"],
    ["random.integer(undecided.length)", "0"],
  ]),
  ...breaks("data/resize.ts", ["data/resize_test.ts"], [
    ["Math.floor(sum / area + 0.5)", "Math.floor(sum / area)"],
    ["Math.ceil(end / size) - first", "Math.floor(end / size) - first"],
  ]),
  ...breaks("data/orientation.ts", ["data/orientation_test.ts"], [
    ["orientation >= 5", "orientation > 5"],
    ["[2, 3, 6, 7]", "[2, 3, 5, 7]"],
    ["[3, 4, 7, 8]", "[3, 4, 6, 8]"],
    ["order === 0x4949;", "order !== 0x4949;"],
  ]),
  ...breaks("data/groups.ts", ["data/groups_test.ts"], [
    ["parents[Math.max(a, b)] = Math.min(a, b);", ""],
    ["if (isMissing(fields[column])) return;", ""],
  ]),
  ...breaks("nn/sgd.ts", ["nn/sgd_test.ts"], [
    ["weight_decay: weightDecay", "weight_decay: 0"],
    ["clear(this.#momenta.whole)", "clear(this.#learningRate)"],
    ["options.momentum === 0\n", "options.momentum < 0\n"],
    ["new Float32Array([lr])", "new Float32Array([2 * lr])"],
  ]),
  ...breaks("nn/adam.ts", ["nn/adam_test.ts"], [
    ["weight_decay: weightDecay,", "weight_decay: 0,"],
    ["epsilon: eps", "epsilon: 0"],
    ["betas = [0.9, 0.999]", "betas = [0.9, 0.99]"],
  ]),
];
