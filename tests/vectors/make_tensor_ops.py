"""Writes ops_tensor.json and .safetensors: tensor operations of PyTorch, forward and backward.

python3 tests/vectors/make_tensor_ops.py  (PyTorch 1.13.1, NumPy 1.24.2)
"""

import json
from pathlib import Path

import numpy as np
import torch

# name, operation in PyTorch, shapes of the inputs, options in our terms
CASES = [
    *(
        (f"{op}_{index}", op, shapes, {})
        for op in ("add", "sub", "mul")
        for index, shapes in enumerate(
            [[(3, 257), (1, 257)], [(1, 4, 1), (30, 1, 3)], [(2, 1, 3, 1, 5), (1, 4, 3, 7, 1)]]
        )
    ),
    ("scale", "scale", [(3, 257)], {"factor": -0.3}),
    ("exp", "exp", [(5, 67)], {}),
    ("log", "log", [(5, 67)], {}),
    ("sum_last", "sum", [(3, 257)], {"axes": [1]}),
    ("sum_outer", "sum", [(4, 3, 70)], {"axes": [0, 2]}),
    ("mean_last", "mean", [(3, 257)], {"axes": [1]}),
    ("mean_middle", "mean", [(4, 300, 3)], {"axes": [1]}),
    ("matmul", "matmul", [(9, 17), (17, 66)], {}),
    ("matmul_long", "matmul", [(2, 515), (515, 3)], {}),
    ("matmul_batched", "matmul", [(3, 8, 5), (1, 5, 7)], {}),
    ("permute", "permute", [(2, 3, 4, 5)], {"order": [2, 0, 3, 1]}),
    ("reshape", "reshape", [(2, 3, 4)], {"shape": [6, 4]}),
    ("broadcastTo", "broadcastTo", [(1, 5, 1)], {"shape": [3, 5, 7]}),
    *((f"kl_temperature_{t}", "klDiv", [(6, 3), (6, 3)], {"temperature": t}) for t in (0.5, 2, 5)),
]

OPERATIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "scale": lambda a, factor: a * factor,
    "exp": torch.exp,
    "log": torch.log,
    "sum": lambda a, axes: a.sum(axes),
    "mean": lambda a, axes: a.mean(axes),
    "matmul": torch.matmul,
    "permute": lambda a, order: a.permute(order),
    "reshape": lambda a, shape: a.reshape(shape),
    "broadcastTo": lambda a, shape: a.broadcast_to(shape),
    "klDiv": lambda a, b, temperature: torch.nn.functional.kl_div(
        torch.log_softmax(a / temperature, -1),
        torch.softmax(b / temperature, -1).detach(),
        reduction="batchmean",
    ).reshape(()),
}


def run(op, inputs, upstream, options, dtype):
    """Output and gradients, as float64 arrays."""
    leaves = [torch.tensor(x, dtype=dtype, requires_grad=True) for x in inputs]
    output = OPERATIONS[op](*leaves, **options)
    output.backward(torch.tensor(upstream, dtype=dtype))
    gradients = {f"g{i}": leaf.grad for i, leaf in enumerate(leaves) if leaf.grad is not None}
    results = {"y": output.detach(), **gradients}
    return {name: value.double().numpy() for name, value in results.items()}


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, array in tensors.items():
        end = offset + array.nbytes
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    data = b"".join(array.tobytes() for array in tensors.values())
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


rng = np.random.default_rng(2021)
tensors, cases = {}, []
for name, op, shapes, options in CASES:
    low, high = (0.05, 6) if op == "log" else (-3, 3)
    inputs = [rng.uniform(low, high, shape).astype(np.float32) for shape in shapes]
    output_shape = OPERATIONS[op](*map(torch.tensor, inputs), **options).shape
    upstream = rng.uniform(-1, 1, output_shape).astype(np.float32)
    exact = run(op, inputs, upstream, options, torch.float64)
    single = run(op, inputs, upstream, options, torch.float32)
    errors = {
        key: [float(np.abs(single[key] - value).max()), float(np.abs(value).max())]
        for key, value in exact.items()
    }
    for i, x in enumerate(inputs):
        tensors[f"{name}.x{i}"] = x
    tensors[f"{name}.gy"] = upstream
    for key, value in exact.items():
        tensors[f"{name}.{key}"] = value.astype(np.float32)
    case = {"name": name, "op": op, "inputs": len(inputs), "options": options}
    cases.append({**case, "float32_error": errors})

folder = Path(__file__).parent
content = {
    "versions": {"torch": torch.__version__, "numpy": np.__version__},
    "reading": "x0, x1: inputs; y: output; gy: upstream; g0, g1: gradients; results are float64, rounded to "
    "float32; float32_error: largest difference of PyTorch's float32 run, and largest magnitude",
    "cases": cases,
}
lines = ",\n".join(json.dumps(case) for case in content.pop("cases"))
head = json.dumps(content, indent=1)[:-2]
(folder / "ops_tensor.json").write_text(f'{head},\n "cases": [\n{lines}\n]}}\n')
write_safetensors(folder / "ops_tensor.safetensors", tensors)
