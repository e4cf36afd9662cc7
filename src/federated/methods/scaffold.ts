// SCAFFOLD (Karimireddy et al. 2020, arXiv:1910.06378): FedAvg whose gradients are corrected for what drives clients apart.

import { add, mul, scale, sub } from "../../ops/arithmetic.ts";
import { averaged } from "./exchanges.ts";
import { crossEntropyLoss } from "./local_losses.ts";
import { defineMethod } from "./method.ts";

/**
 * Algorithm 1 with option II. `control` is a client's control variate c_i, `server_control` the server's c as the
 * client received it, `received` the weights x, `change` what it sends of its own: c_i⁺ − c_i. A client whose update is
 * lost has its new variate all the same, which the server's mean then lacks.
 */
export const scaffold = defineMethod({
  title: "SCAFFOLD",
  settings: {
    serverLearningRate: {
      default: 1, // as in the paper's experiments
      source: "ours",
      above: 0,
      flag: "server-lr",
      aliases: ["server-learning-rate"],
      help: "SCAFFOLD: how far the server goes towards the clients' mean",
    },
  },
  roles: ["local"],
  personalRole: "local",
  memory: { control: "run", server_control: "run", received: "training", change: "round" },
  localLoss: crossEntropyLoss,
  refuses: ({ optimizer, momentum }) =>
    optimizer === "sgd" && momentum === 0
      ? null
      : "its control variates are means of plain SGD's gradients",

  beforeRound: ({ parameter }) => ({ received: parameter }),

  /** y ← y − η (g + c − c_i), line 10 */
  gradientTerm: ({ memory }) => sub(memory.server_control, memory.control),

  /** c_i⁺ = c_i − c + (x − y) / (K η), line 12 */
  afterTraining({ parameter, memory }, { perStep }) {
    const meanGradient = mul(sub(memory.received, parameter), perStep);
    const change = sub(meanGradient, memory.server_control);
    return { change, control: add(memory.control, change) };
  },

  sharing: {
    ...averaged("local"),
    server: {
      memory: { weights: "weights", control: "zeros" },
      sent: ["change"],
      /** x ← x + η_g · mean(y_i − x), c ← c + |S| / N · mean(c_i⁺ − c_i), lines 16 and 17 */
      update(mean, memory, share, { serverLearningRate }) {
        const step = scale(sub(mean.parameter, memory.weights), serverLearningRate);
        const weights = add(memory.weights, step);
        const control = add(memory.control, scale(mean.memory.change, share));
        return {
          parameter: weights,
          clients: { server_control: control },
          server: { weights, control },
        };
      },
    },
  },
});
