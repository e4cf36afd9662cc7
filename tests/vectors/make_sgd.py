"""Writes ops_sgd_momentum.json and .safetensors: steps of torch.optim.SGD with momentum, plain and Nesterov's.

python3 tests/vectors/make_sgd.py  (PyTorch 2.15.0, NumPy 2.4.6, safetensors 0.8.0)

The learning rate changes on the way, because programs differ in whether the momentum has it in it: PyTorch's has not.
"""

import json
from pathlib import Path

import numpy as np
import safetensors
import torch
from safetensors.torch import save_file

SHAPE = (4, 6)
RATES = [0.1, 0.1, 0.02, 0.02, 0.05]
CASES = {
    "momentum": {"momentum": 0.9, "weight_decay": 0.0, "nesterov": False},
    "momentum_decay": {"momentum": 0.5, "weight_decay": 0.1, "nesterov": False},
    "nesterov": {"momentum": 0.9, "weight_decay": 0.0, "nesterov": True},
    "nesterov_decay": {"momentum": 0.7, "weight_decay": 0.1, "nesterov": True},
}


def run(start, gradients, options, dtype):
    """The parameter after each step, and at last its momentum, in float64."""
    weight = torch.tensor(start, dtype=dtype, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1, **options)
    results = {}
    for step, (rate, gradient) in enumerate(zip(RATES, gradients)):
        optimizer.param_groups[0]["lr"] = rate
        weight.grad = torch.tensor(gradient, dtype=dtype)
        optimizer.step()
        results[f"w{step + 1}"] = weight.detach().double().clone()
    results["buffer"] = optimizer.state[weight]["momentum_buffer"].double().clone()
    return results


rng = np.random.default_rng(2013)
tensors, cases = {}, []
for name, options in CASES.items():
    start, *gradients = rng.normal(size=(1 + len(RATES), *SHAPE)).astype(np.float32)
    exact = run(start, gradients, options, torch.float64)
    single = run(start, gradients, options, torch.float32)
    tensors[f"{name}.w0"] = torch.tensor(start)
    for step, gradient in enumerate(gradients):
        tensors[f"{name}.g{step}"] = torch.tensor(gradient)
    for key, value in exact.items():
        tensors[f"{name}.{key}"] = value.float()
    errors = {
        key: [float((single[key] - value).abs().max()), float(value.abs().max())]
        for key, value in exact.items()
    }
    cases.append({"name": name, "rates": RATES, **options, "float32_error": errors})

folder = Path(__file__).parent
save_file(tensors, folder / "ops_sgd_momentum.safetensors")
content = {
    "versions": {module.__name__: module.__version__ for module in (torch, np, safetensors)},
    "reading": "w0: start; g<i>: gradient of step i, at rates[i]; w<i+1>: value after it; buffer: momentum_buffer after "
    "the last; results are float64, rounded to float32; float32_error: largest difference of PyTorch's float32 run, "
    "and largest magnitude",
}
lines = ",\n".join(json.dumps(case) for case in cases)
head = json.dumps(content, indent=1)[:-2]
(folder / "ops_sgd_momentum.json").write_text(f'{head},\n "cases": [\n{lines}\n]}}\n')
