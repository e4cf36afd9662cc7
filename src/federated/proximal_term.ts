// FedProx's term: pulls every model of a stack to where its local training began.

import source from "../../kernels/proximal.wgsl" with { type: "text" };
import invocation from "../../kernels/shared/invocation.wgsl" with { type: "text" };
import { kernelFile } from "../gpu/kernel.ts";
import { elementwiseWorkgroupSize, linearWorkgroups } from "../gpu/workgroups.ts";
import { FlatTensors } from "../nn/flat_tensors.ts";
import type { Model } from "../nn/model.ts";

const file = kernelFile("proximal.wgsl", source, invocation);

/** The loss μ/2 · ‖w − anchor‖² over all trainable parameters w. It needs a copy of them. */
export class ProximalTerm {
  /** what the rest of a round depends on: where local training began */
  readonly memory: { readonly anchor: FlatTensors };

  constructor(private readonly model: Model, private readonly mu: number) {
    this.memory = { anchor: new FlatTensors(model.gpu, model.stack, model.module.parameters) };
    this.setAnchor();
  }

  /** From now on models are pulled to the weights that they have now. */
  setAnchor(): void {
    this.model.gpu.copy(this.model.parameters.whole, this.memory.anchor.whole);
  }

  /** Adds the term's gradient to those that `backward` has left. */
  addGradient(): void {
    const { gpu, parameters, gradients } = this.model;
    const count = parameters.whole.size;
    gpu.dispatch({
      file,
      entryPoint: "pull",
      constants: { workgroup_size: elementwiseWorkgroupSize },
      params: { count, mu: this.mu },
      buffers: {
        parameters: parameters.whole,
        anchor: this.memory.anchor.whole,
        gradients: gradients.whole,
      },
      workgroups: linearWorkgroups(count, elementwiseWorkgroupSize),
    });
  }

  dispose(): void {
    this.memory.anchor.dispose();
  }
}
