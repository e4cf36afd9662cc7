"""What bench/clients.ts measures, in PyTorch, one client after the other: FedAvg of the same small CNN.

python3 bench/clients_pytorch.py [CLIENTS ...]     on the cores or the card that PyTorch finds; random images
"""

import copy
import sys
import time

import torch
from torch import nn

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
IMAGE_SIZE, CLASSES, BATCH, CHANNELS = 32, 3, 16, 32
ROUNDS = 3  # of one local epoch each; the first is left out
IMAGES = {"train": 2560, "valid": 512, "test": 512}  # of all clients together


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False),
            nn.BatchNorm2d(CHANNELS),
            nn.ReLU(),
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False),
            nn.BatchNorm2d(CHANNELS),
        )

    def forward(self, x):
        return torch.relu(x + self.body(x))


def small_network():
    """examples/small_network.ts."""
    return nn.Sequential(
        nn.Conv2d(3, CHANNELS, 5, stride=2, padding=2),
        nn.MaxPool2d(2),
        Residual(),
        Residual(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(CHANNELS, CLASSES),
    ).to(DEVICE)


def split(count):
    images = torch.randint(256, (count, 3, IMAGE_SIZE, IMAGE_SIZE), dtype=torch.uint8, device=DEVICE)
    return images, torch.randint(CLASSES, (count,), device=DEVICE)


def batches(images, labels, order):
    for chosen in order.split(BATCH):
        yield images[chosen].float() / 127.5 - 1, labels[chosen]


def train(model, images, labels):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, weight_decay=1e-6)
    losses = []
    for x, y in batches(images, labels, torch.randperm(len(labels), device=DEVICE)):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses).mean().item()


@torch.no_grad()
def evaluate(model, images, labels):
    model.eval()
    found = [model(x).argmax(1) for x, _ in batches(images, labels, torch.arange(len(labels), device=DEVICE))]
    return (torch.cat(found) == labels).float().mean().item()


@torch.no_grad()
def average(models):
    states = [model.state_dict() for model in models]
    mean = {
        name: torch.stack([state[name] for state in states]).mean(0) if value.is_floating_point() else value
        for name, value in states[0].items()
    }
    for model in models:
        model.load_state_dict(mean)


def seconds_per_round(clients):
    data = [{name: split(count // clients) for name, count in IMAGES.items()} for _ in range(clients)]
    models = [small_network()]
    models += [copy.deepcopy(models[0]) for _ in range(clients - 1)]
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for model, own in zip(models, data):
            train(model, *own["train"])
            evaluate(model, *own["test"])
        average(models)
        for model, own in zip(models, data):
            evaluate(model, *own["valid"])
            evaluate(model, *own["test"])
        times.append(time.perf_counter() - start)
    return min(times[1:])  # other programs can only slow it down


def main():
    print(f"PyTorch {torch.__version__} on {DEVICE}, {torch.get_num_threads()} threads")
    print("clients  s per round")
    for clients in [int(word) for word in sys.argv[1:]] or [4, 16, 64, 256]:
        print(f"{clients:7}  {seconds_per_round(clients):11.2f}", flush=True)


if __name__ == "__main__":
    main()
