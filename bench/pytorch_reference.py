"""Times what the benches time, in PyTorch: on CUDA where there is one, else on the CPU, in plain f32. Prints JSON
lines under the benches' names, or a table beside the benches' own lines:

    PRRFL_BENCH_JSON=ours.jsonl deno task bench && python3 bench/pytorch_reference.py --against ours.jsonl
"""

import argparse
import json
import math
import platform
import statistics
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from numpy_aggregation import CLIENTS, RATE, SHAPES, aggregate, matrix_of

BATCH = 16
CLASSES = 3
BLOCKS = [[32, 32], [64, 64], [128, 128, 128], [128, 128, 128], [256, 256, 256]]
# Input channels, output channels, height and width.
CONVOLUTIONS = [(3, 32, 32), (32, 32, 32), (32, 32, 64), (64, 64, 16), (64, 64, 32), (128, 128, 16),
                (128, 128, 8), (256, 256, 8), (256, 256, 4)]
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Vgg(nn.Module):
    """vgg_nb: blocks of convolution, batch norm and ReLU, then two linear layers without bias."""

    def __init__(self):
        super().__init__()
        layers, inputs = [], 3
        for block in BLOCKS:
            for outputs in block:
                convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
                layers += [convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
                inputs = outputs
            layers.append(nn.MaxPool2d(2))
        head = [nn.Linear(inputs, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU(inplace=True)]
        pool = [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        self.layers = nn.Sequential(*layers, *pool, *head, nn.Linear(64, CLASSES, bias=False))

    def forward(self, x):
        return self.layers(x)


def convolution_cases():
    """Yields name, 10⁹ operations and step of each case, as all of these do."""
    for inputs, outputs, size in CONVOLUTIONS:
        x = random(BATCH, inputs, size, size).requires_grad_()
        weight = random(outputs, inputs, 3, 3).requires_grad_()
        upstream = random(BATCH, outputs, size, size)
        gigaflop = 2 * 9 * BATCH * inputs * outputs * size**2 / 1e9
        name = f"conv2d 3×3 1 × {inputs}→{outputs}@{size}×{size}"

        def forward():
            with torch.no_grad():
                F.conv2d(x, weight, padding=1)

        def both():
            x.grad = weight.grad = None
            F.conv2d(x, weight, padding=1).backward(upstream)

        expected = F.conv2d(x.detach().double(), weight.detach().double(), padding=1)
        expect_close(name, F.conv2d(x, weight, padding=1), expected)
        yield f"{name} forward", gigaflop, forward
        yield f"{name} forward + gradients", 3 * gigaflop, both


def step_work(size):
    """10⁹ operations of a training step of one model."""
    inputs, total = 3, 0
    for block in BLOCKS:
        for outputs in block:
            total += 2 * 9 * inputs * outputs * size**2
            inputs = outputs
        size //= 2
    return 3 * BATCH * total / 1e9


def training_cases():
    labels = torch.arange(BATCH, device=DEVICE) % CLASSES
    for size in (32, 64, 128):
        model = Vgg().to(DEVICE)
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
        x = random(BATCH, 3, size, size)

        def step():
            optimizer.zero_grad()
            F.cross_entropy(model(x), labels).backward()
            optimizer.step()

        yield f"training step of vgg_nb, width 1, batch {BATCH}, 3×{size}×{size}", step_work(size), step


def federation_cases():
    """Both models of each client learn from each other, one client after the other."""
    labels = torch.arange(BATCH, device=DEVICE) % CLASSES
    pairs = [(Vgg().to(DEVICE), Vgg().to(DEVICE)) for _ in range(CLIENTS)]
    optimizers = [[torch.optim.SGD(model.parameters(), lr=1e-2) for model in pair] for pair in pairs]

    def learn(own, other):
        teacher = F.softmax(other.detach(), dim=1)
        divergence = F.kl_div(F.log_softmax(own, dim=1), teacher, reduction="batchmean")
        return F.cross_entropy(own, labels) + divergence

    for size in (32, 64, 128):
        x = random(BATCH, 3, size, size)

        def step():
            for (personal, deputy), both in zip(pairs, optimizers):
                for optimizer in both:
                    optimizer.zero_grad()
                logits = personal(x), deputy(x)
                (learn(*logits) + learn(*reversed(logits))).backward()
                for optimizer in both:
                    optimizer.step()

        suffix = "" if size == 32 else f", 3×{size}×{size}"
        yield f"PRR-FL step of 4 clients, 8 models, width 1{suffix}", 8 * step_work(size), step


def fourier_aggregation(matrices, rate):
    """PFA of one weight of every client, [clients, rows, columns], by the gain of each frequency."""
    height, width = matrices.shape[1:]
    reach = [math.floor(n * rate / 2) for n in (height, width)]
    spectra = torch.fft.fftshift(torch.fft.fft2(matrices), dim=(1, 2))
    rows, columns = (slice(n // 2 - b, n // 2 + b) for n, b in zip((height, width), reach))
    inside = spectra[:, rows, columns]
    amplitudes = inside.abs()
    spectra[:, rows, columns] = torch.polar(amplitudes.mean(0).expand_as(amplitudes), inside.angle())
    return torch.fft.ifft2(torch.fft.ifftshift(spectra, dim=(1, 2))).real


def fourier_cases():
    for size in (768, 96):
        x = torch.view_as_complex(random(4, size, size, 2))
        expect_close("fft2", torch.fft.fft2(x), torch.fft.fft2(x.to(torch.complex128)))
        work = 4 * transform_work(size, size)
        yield f"fft2 [4, {size}, {size}]", work, lambda: torch.fft.fft2(x)

    weights = [random(CLIENTS, *shape).cpu().numpy() for shape in SHAPES]
    folded = [np.stack([matrix_of(weight) for weight in clients]) for clients in weights]
    matrices = [torch.tensor(clients, device=DEVICE) for clients in folded]
    expected = np.stack([matrix_of(weight) for weight in aggregate(list(weights[1]), RATE)])
    expect_close("PFA", fourier_aggregation(matrices[1], RATE), torch.tensor(expected))
    work = sum(2 * CLIENTS * transform_work(*clients.shape[1:]) for clients in folded)

    def communicate():
        for clients in matrices:
            fourier_aggregation(clients, RATE)

    yield "progressiveFourierAggregation of vgg_nb, 4 clients", work, communicate
    yield "PRR-FL communication of 4 clients, width 1", None, communicate


def transform_work(height, width):
    return 5 * height * width * math.log2(height * width) / 1e9


def random(*shape):
    return torch.rand(shape, device=DEVICE) - 0.5


def expect_close(name, actual, expected):
    """A wrong result has no speed."""
    difference = actual.detach().cpu().to(expected.dtype) - expected.cpu()
    error = (difference.norm() / expected.cpu().norm()).item()
    assert error < 1e-5, f"{name} is wrong: relative error {error}"


def synchronize():
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


def milliseconds(step, repetitions, least):
    """The median time of a step; a measurement takes `least` ms at least, after one that warms up."""

    def measure(runs):
        synchronize()
        start = time.perf_counter()
        for _ in range(runs):
            step()
        synchronize()
        return 1000 * (time.perf_counter() - start) / runs

    measure(1)
    runs = max(1, math.ceil(least / measure(1)))
    return statistics.median(measure(runs) for _ in range(repetitions))


def table_line(name, theirs, ours):
    if name not in ours:
        return f"{name:<66} {theirs:10.3f} {'-':>10}"
    return f"{name:<66} {theirs:10.3f} {ours[name]:10.3f} {theirs / ours[name]:8.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", metavar="FILE", help="JSON lines of the benches, to print a table of both")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--least", type=float, default=400, metavar="MS", help="time of a measurement")
    options = parser.parse_args()
    # Products in f32 as WebGPU makes them, not in the ten bits of TF32.
    torch.backends.cudnn.benchmark = True  # the fastest of its kernels for each shape
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    adapter = torch.cuda.get_device_name() if DEVICE.type == "cuda" else platform.machine()
    ours = {}
    if options.against:
        with open(options.against, encoding="utf-8") as lines:
            ours = {line["name"]: line["ms"] for line in map(json.loads, lines)}
        print(f"PyTorch {torch.__version__} on {adapter}; ms, and how many times longer PyTorch takes")
        print(f"{'':<66} {'PyTorch':>10} {'this one':>10} {'ratio':>8}")
    for cases in (convolution_cases, training_cases, federation_cases, fourier_cases):
        for name, gigaflop, step in cases():
            ms = milliseconds(step, options.repetitions, options.least)
            figures = {"name": name, "ms": round(ms, 4)}
            if gigaflop:
                figures["gflops"] = round(gigaflop / ms * 1000, 2)
            figures |= {"adapter": adapter, "runtime": f"PyTorch {torch.__version__}"}
            text = table_line(name, ms, ours) if ours else json.dumps(figures, ensure_ascii=False)
            print(text, flush=True)


if __name__ == "__main__":
    main()
