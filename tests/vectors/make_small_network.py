"""Writes ops_small_network.json and .safetensors: one training step of a small network in PyTorch.

python3 tests/vectors/make_small_network.py  (PyTorch 2.15.0, NumPy 2.4.6, safetensors 0.8.0)

Its layers are those that the paper's network does without: a stride, a bias of convolutions, normalization with a
momentum of its own and without a ReLU behind it, pooling of overlapping windows, flattening.
"""

import copy
import json
from collections import OrderedDict
from pathlib import Path

import numpy as np
import safetensors
import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(2024)
network = nn.Sequential(
    OrderedDict(
        conv1=nn.Conv2d(3, 4, 3, stride=2, padding=1),
        relu=nn.ReLU(),
        bn1=nn.BatchNorm2d(4, eps=1e-3, momentum=0.3),
        conv2=nn.Conv2d(4, 6, 3),
        pool=nn.MaxPool2d(3, stride=2),
        flatten=nn.Flatten(),
        fc1=nn.Linear(24, 8),
        relu2=nn.ReLU(),
        bn2=nn.BatchNorm1d(8),
        fc2=nn.Linear(8, 3, bias=False),
    )
)
# Images of different contrast, or all would fall on the same side of each ReLU and biases have no gradient.
x = torch.randn(5, 3, 15, 15) * torch.tensor([0.2, 1, 3, 0.5, 8]).reshape(5, 1, 1, 1)
labels = torch.tensor([0, 2, 1, 2, 0])


def run(dtype):
    """Logits and loss of a training step, its gradients, the statistics after it and logits by them, in float64."""
    model = copy.deepcopy(network).to(dtype).train()
    logits = model(x.to(dtype))
    loss = nn.functional.cross_entropy(logits, labels)
    loss.backward()
    results = {"logits": logits.detach(), "loss": loss.detach().reshape(())}
    results |= {f"grad.{name}": p.grad for name, p in model.named_parameters()}
    results |= {f"after.{name}": b for name, b in model.named_buffers() if "running" in name}
    results["eval_logits"] = model.eval()(x.to(dtype)).detach()
    return {name: value.double() for name, value in results.items()}


exact, single = run(torch.float64), run(torch.float32)
tensors = {f"small.{name}": p.detach() for name, p in network.named_parameters()}
tensors |= {"small.x": x, "small.labels": labels.float()}
tensors |= {f"small.{name}": value.float() for name, value in exact.items()}
errors = {
    name: [float((single[name] - value).abs().max()), float(value.abs().max())]
    for name, value in exact.items()
}
case = {"name": "small", "keys": list(network.state_dict()), "float32_error": errors}

folder = Path(__file__).parent
save_file(tensors, folder / "ops_small_network.safetensors")
content = {
    "versions": {module.__name__: module.__version__ for module in (torch, np, safetensors)},
    "reading": "parameters under their keys, x, labels; logits, loss, grad.<key> of a training step, after.<key>: "
    "running statistics after it; eval_logits by them; results are float64, rounded to float32; float32_error: largest "
    "difference of PyTorch's float32 run, and largest magnitude",
}
head = json.dumps(content, indent=1)[:-2]
text = f'{head},\n "cases": [\n{json.dumps(case)}\n]}}\n'
(folder / "ops_small_network.json").write_text(text)
