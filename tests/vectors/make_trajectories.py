"""Writes trajectories.safetensors and trajectory_METHOD.json: two rounds of six federated methods in PyTorch.

python3 tests/vectors/make_trajectories.py  (PyTorch 2.15.0, NumPy 2.4.6, safetensors 0.8.0)

Each method is written from its definition, client by client, with torch.nn and torch.optim, in float64. A wrong
definition has to show, and rounding must not grow into something alike. So the learning rate is small, batches are not
too small, and the shifts of normalization leave most units active: a ReLU or a maximum that falls the other way by
rounding parts two correct runs all at once. `spread` says how far float32 runs are from the float64 one, each from a
start whose numbers are off by up to one unit in the last place; tolerances belong above it.
"""

import copy
import json
from pathlib import Path

import numpy as np
import safetensors
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax, relu, softmax

SEED = 2
CLASSES = ["nv", "bkl", "mel"]
# Training images: not sorted by number, and no client has whole batches alone.
CLIENTS = {"A": 22, "B": 28, "C": 14}
VALID, TEST = 4, 9
COMMON = {
    "network": "vgg_b",
    "width": 0.125,
    "rounds": 2,
    "localEpochs": 2,
    "batchSize": 16,
    "learningRate": 0.005,
    "learningRateStep": 1,
    "learningRateGamma": 0.5,
    "weightDecay": 0.01,
}
METHODS = {
    # With a μ of 0.01 the term would change losses by 5e-5 only.
    "fedprox": {"proximalMu": 100, "clientWeights": "samples"},
    # η_g is not 1, or the server would end where FedAvg's does.
    "scaffold": {"serverLearningRate": 0.6, "clientWeights": "samples"},
    "silobn": {"clientWeights": "equal"},
    # α is not β, or both models of a client would stay alike until the first communication.
    "fml": {"learningRate": 0.01, "fmlAlpha": 0.3, "fmlBeta": 0.8, "clientWeights": "samples"},
    # Three epochs, because stage 3 comes third. Both models stay alike in the first round, and all divergences 0.
    "det": {"localEpochs": 3, "alpha1": 0.79, "alpha2": 0.95, "clientWeights": "equal"},
    "pfa": {"fourierRate": 0.5, "clientWeights": "samples"},
}
BLOCKS = [[32, 32], [64, 64], [128, 128, 128], [128, 128, 128], [256, 256, 256]]
FLOAT32_RUNS = 6


class ConvNorm(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return relu(self.bn(self.conv(x)))


class LinearNorm(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return relu(self.bn(self.linear(x)))


class Classifier(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.linear = nn.Linear(inputs, len(CLASSES))

    def forward(self, x):
        return self.linear(x)


class Vgg(nn.Module):
    """The network `vgg_b`."""

    def __init__(self, width):
        super().__init__()
        channels = 3
        for number, block in enumerate(BLOCKS, 1):
            layers = []
            for outputs in block:
                layers.append(ConvNorm(channels, round(outputs * width)))
                channels = round(outputs * width)
            self.add_module(f"layer{number}", nn.Sequential(*layers, nn.MaxPool2d(2)))
        self.fc1 = LinearNorm(channels, round(64 * width))
        self.fc2 = Classifier(round(64 * width))

    def forward(self, x):
        for number in range(1, len(BLOCKS) + 1):
            x = self.get_submodule(f"layer{number}")(x)
        return self.fc2(self.fc1(x.mean((2, 3))))


# What clients minimize, by role. The teacher of a divergence is a constant.


def teach(teacher, student):
    """KL(teacher → student), the mean over images."""
    target = softmax(teacher.detach(), 1)
    return kl_div(log_softmax(student, 1), target, reduction="batchmean")


def plain_losses(logits, labels, settings, stage):
    return {"local": cross_entropy(logits["local"], labels)}


def mutual_losses(logits, labels, settings, stage):
    """FML: each model learns from the labels and from the other one."""
    personal, deputy = logits["personal"], logits["deputy"]
    alpha, beta = settings["fmlAlpha"], settings["fmlBeta"]
    return {
        "personal": alpha * cross_entropy(personal, labels) + (1 - alpha) * teach(deputy, personal),
        "deputy": beta * cross_entropy(deputy, labels) + (1 - beta) * teach(personal, deputy),
    }


def staged_losses(logits, labels, settings, stage):
    """DET: 1 the deputy recovers, 2 both exchange, 3 the personal model alone learns from the deputy."""
    personal, deputy = logits["personal"], logits["deputy"]
    losses = {"personal": cross_entropy(personal, labels), "deputy": cross_entropy(deputy, labels)}
    if stage != 1:
        losses["personal"] = losses["personal"] + teach(deputy, personal)
    if stage != 3:
        losses["deputy"] = losses["deputy"] + teach(personal, deputy)
    return losses


LOSSES = {"fml": mutual_losses, "det": staged_losses}


def next_stage(previous, deputy, personal, settings):
    """DET's decision before a local epoch, from both models' F1; `previous` is 0 when a round begins."""
    if previous == 0 or deputy < settings["alpha1"] * personal:
        return 1
    return 2 if previous == 1 or deputy < settings["alpha2"] * personal else 3


# What the server does with one tensor of all clients, `[clients, …]`.


def mean(sent, weights):
    return (sent * weights.reshape(-1, *[1] * (sent.dim() - 1))).sum(0).expand_as(sent)


def fourier(sent, weights, rate):
    """PFA: amplitudes of low frequencies are averaged, all the rest of the spectrum is each client's own."""
    # A convolution becomes a matrix with rows (in, kernel row) and columns (kernel column, out).
    clients, outputs, *rest = sent.shape
    matrices = sent
    if rest[1:]:
        inputs, height, width = rest
        matrices = sent.permute(0, 2, 3, 4, 1).reshape(clients, inputs * height, width * outputs)
    spectrum = torch.fft.fftshift(torch.fft.fft2(matrices), dim=(1, 2))
    amplitude, phase = spectrum.abs(), spectrum.angle()
    window = [low_frequencies(length, rate) for length in matrices.shape[1:]]
    amplitude[:, window[0], window[1]] = mean(amplitude, weights)[:, window[0], window[1]]
    mixed = torch.fft.ifftshift(torch.polar(amplitude, phase), dim=(1, 2))
    result = torch.fft.ifft2(mixed).real
    if rest[1:]:
        result = result.reshape(clients, inputs, height, width, outputs).permute(0, 4, 1, 2, 3)
    return result


def low_frequencies(length, rate):
    """Half open around zero frequency, as in the official code."""
    half = int(length * rate / 2)
    return slice(length // 2 - half, length // 2 + half)


def aggregated(method, name, sent, weights, rate):
    """What each client receives for a tensor; None where it keeps its own."""
    if "num_batches" in name:
        return None
    if method == "silobn" and "running_" in name:
        return None  # but scale and shift are averaged
    if method in ("det", "pfa") and ".bn." in name:
        return None  # scale, shift and running statistics
    if method == "pfa" and sent.dim() > 2:  # all but the classifier's bias
        return fourier(sent, weights, rate)
    return mean(sent, weights)


# The federation.


def batches(split, size):
    images, labels = split
    return [(images[i : i + size], labels[i : i + size]) for i in range(0, len(labels), size)]


def evaluate(model, split, size):
    """Mean over batches of the cross-entropy, and macro F1 in percent over the classes that occur."""
    model.eval()
    with torch.no_grad():
        outputs = [(model(x), y) for x, y in batches(split, size)]
    losses = [cross_entropy(logits, y).item() for logits, y in outputs]
    predictions = torch.cat([logits.argmax(1) for logits, _ in outputs])
    labels = split[1]
    scores = []
    for c in range(len(CLASSES)):
        said, true = predictions == c, labels == c
        if (said | true).any():
            scores.append(200 * (said & true).sum().item() / (said.sum() + true.sum()).item())
    return {"loss": float(np.mean(losses)), "f1": float(np.mean(scores))}, losses


def correct(model, controls):
    """SCAFFOLD: the server's control variate takes the place of the client's own in every gradient."""
    for w, own, server in zip(model.parameters(), controls["own"], controls["server"], strict=True):
        w.grad += server - own


def new_control(model, start, controls, rate_times_steps):
    """Option II: the mean gradient of the client's round. Returns by how much it differs from the one before."""
    change = []
    for w, w0, own, server in zip(
        model.parameters(), start, controls["own"], controls["server"], strict=True
    ):
        change.append((w0 - w.detach()) / rate_times_steps - server)
        own += change[-1]
    return change


def local_epoch(method, settings, models, optimizers, start, split, stage, controls):
    """Trains the models of a client, and tells the cross-entropy of every batch, by role."""
    told = {role: [] for role in models}
    for model in models.values():
        model.train()
    for x, y in batches(split, settings["batchSize"]):
        logits = {role: model(x) for role, model in models.items()}
        for role, loss in LOSSES.get(method, plain_losses)(logits, y, settings, stage).items():
            if method == "fedprox":
                pairs = zip(models[role].parameters(), start[role], strict=True)
                distance = sum(((w - w0) ** 2).sum() for w, w0 in pairs)
                loss = loss + settings["proximalMu"] / 2 * distance
            optimizers[role].zero_grad()
            loss.backward()
            if method == "scaffold":
                correct(models[role], controls)
            told[role].append(cross_entropy(logits[role], y).item())
        for optimizer in optimizers.values():
            optimizer.step()
    return told


def client_weights(settings):
    counts = list(CLIENTS.values()) if settings["clientWeights"] == "samples" else [1] * len(CLIENTS)
    return torch.tensor(counts, dtype=torch.float64) / sum(counts)


def server_step(settings, models, before, controls, changes):
    """SCAFFOLD's server, after the means: its weights go η_g of the way, its control variate all of it."""
    weights = client_weights(settings)
    for k, (old, server) in enumerate(zip(before, controls[0]["server"], strict=True)):
        change = sum(w * own[k] for w, own in zip(weights, changes, strict=True)).to(old.dtype)
        for client, own in zip(models, controls, strict=True):
            parameter = list(client["local"].parameters())[k].data
            parameter.copy_(old + settings["serverLearningRate"] * (parameter - old))
            own["server"][k] = server + change


def communicate(method, settings, models, rate):
    """The shared models of all clients are replaced, tensor by tensor."""
    role = "deputy" if "deputy" in models[0] else "local"
    states = [client[role].state_dict() for client in models]
    for name in states[0]:
        sent = torch.stack([state[name] for state in states])
        received = aggregated(method, name, sent, client_weights(settings).to(sent.dtype), rate)
        if received is not None:
            for state, tensor in zip(states, received, strict=True):
                state[name].copy_(tensor)


def local_training(method, settings, lr, models, data, name, controls):
    """One client's round; what it tells of each epoch."""
    train, test, size = data[f"{name}.train"], data[f"{name}.test"], settings["batchSize"]
    optimizers = {
        role: torch.optim.SGD(model.parameters(), lr, weight_decay=settings["weightDecay"])
        for role, model in models.items()
    }
    start = {role: [w.detach().clone() for w in model.parameters()] for role, model in models.items()}
    stage, told = 0, []
    for _ in range(settings["localEpochs"]):
        decision = None
        if method == "det":
            looks = {role: evaluate(model, train, size) for role, model in models.items()}
            metrics = {role: look[0] for role, look in looks.items()}
            stage = next_stage(stage, metrics["deputy"]["f1"], metrics["personal"]["f1"], settings)
            losses = {role: look[1] for role, look in looks.items()}
            decision = {"stage": stage, "metrics": metrics, "batchLosses": losses}
        losses = local_epoch(
            method, settings, models, optimizers, start, train, stage, controls
        )
        tested = {role: evaluate(model, test, size)[0] for role, model in models.items()}
        told.append({"decision": decision, "batchLosses": losses, "test": tested})
    if method == "scaffold":
        steps = settings["localEpochs"] * len(batches(train, size))
        change = new_control(models["local"], start["local"], controls, lr * steps)
        controls["change"] = change
    return told


def simulate(method, data, initial, dtype):
    """Two rounds; what is told of each."""
    settings = {**COMMON, **METHODS[method]}
    rounds, first_rate = settings["rounds"], settings.get("fourierRate")
    data = {name: ((x.to(dtype) / 255 - 0.5) / 0.5, labels) for name, (x, labels) in data.items()}
    model = Vgg(settings["width"])
    model.load_state_dict(initial)
    model.to(dtype)
    roles = ["personal", "deputy"] if method in LOSSES else ["local"]
    models = [{role: copy.deepcopy(model) for role in roles} for _ in CLIENTS]
    zeros = [torch.zeros_like(w) for w in model.parameters()]
    controls = [
        {name: [w.clone() for w in zeros] for name in ("own", "server")} for _ in CLIENTS
    ]
    log = []
    for r in range(rounds):
        before = [w.detach().clone() for w in models[0][roles[-1]].parameters()]
        lr = settings["learningRate"] * settings["learningRateGamma"] ** (r // settings["learningRateStep"])
        rate = None if first_rate is None else first_rate + r / rounds * (0.95 - first_rate)
        told = [
            local_training(method, settings, lr, client, data, name, own)
            for client, name, own in zip(models, CLIENTS, controls, strict=True)
        ]
        communicate(method, settings, models, rate)
        if method == "scaffold":
            changes = [own["change"] for own in controls]
            server_step(settings, models, before, controls, changes)
        log.append(
            {
                "lr": lr,
                "rate": rate,
                "epochs": [{"clients": list(clients)} for clients in zip(*told, strict=True)],
                "valid": evaluate_all(models, data, "valid", settings["batchSize"]),
                "test": evaluate_all(models, data, "test", settings["batchSize"]),
                "aggregated": [
                    {role: fingerprints(model) for role, model in client.items()} for client in models
                ],
            }
        )
    return log


def evaluate_all(models, data, split, size):
    return [
        {role: evaluate(model, data[f"{name}.{split}"], size)[0] for role, model in client.items()}
        for client, name in zip(models, CLIENTS, strict=True)
    ]


# What is stored.


def fingerprints(model):
    """Sum, sum of squares and the values at ⌊j·n/8⌋ of each tensor; counters as they are."""

    def fingerprint(tensor):
        if not tensor.is_floating_point():
            return tensor.item()
        values = tensor.double().flatten()
        places = sorted({j * len(values) // 8 for j in range(8)})
        return [values.sum().item(), (values**2).sum().item(), values[places].tolist()]

    return {name: fingerprint(tensor) for name, tensor in model.state_dict().items()}


def numbers(value, key):
    """All numbers anywhere under `key`."""
    if isinstance(value, dict):
        return [x for k, v in value.items() for x in (flat(v) if k == key else numbers(v, key))]
    return [x for v in value for x in numbers(v, key)] if isinstance(value, list) else []


def flat(value):
    if isinstance(value, (dict, list)):
        return [x for v in (value.values() if isinstance(value, dict) else value) for x in flat(v)]
    return [value]


def largest_difference(a, b, key):
    return float(np.abs(np.subtract(numbers(a, key), numbers(b, key))).max(initial=0))


def weight_difference(a, b):
    """Of the values in fingerprints, as a share of the root mean square of each tensor."""
    sizes = {name: tensor.numel() for name, tensor in Vgg(COMMON["width"]).state_dict().items()}
    shares = [
        np.abs(np.subtract(fingerprint[2], other[role][name][2])).max() / (fingerprint[1] / sizes[name]) ** 0.5
        for client, other in zip(a["aggregated"], b["aggregated"], strict=True)
        for role, model in client.items()
        for name, fingerprint in model.items()
        if isinstance(fingerprint, list)
    ]
    return float(max(shares))


def spread_of(log, others):
    """How far other computations of the same run are from it, by round."""
    for key in ("f1", "stage"):
        if any(largest_difference(log, other, key) > 1e-9 for other in others):
            raise ValueError(f"The {key} sits on a knife's edge: choose another seed")
    return [
        {
            "loss": max(largest_difference(log[r], other[r], k) for other in others for k in ("loss", "batchLosses")),
            "weights": max(weight_difference(log[r], other[r]) for other in others),
        }
        for r in range(len(log))
    ]


def nudged(state, seed):
    """Numbers off by up to one unit in the last place of float32."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: tensor * (1 + 2**-23 * (2 * torch.rand(tensor.shape, generator=generator) - 1))
        if tensor.is_floating_point()
        else tensor
        for name, tensor in state.items()
    }


def rounded(value):
    """Nine digits, which is what float32 has."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def make_data(rng):
    """Blobs whose colour and size hint at the class, each client's under a light of its own."""
    y, x = np.mgrid[:32, :32]
    data = {}
    for k, (name, count) in enumerate(CLIENTS.items()):
        light = rng.uniform(-40, 40, 3)
        for split, size in (("train", count), ("valid", VALID), ("test", TEST)):
            labels = rng.permutation(np.arange(size) * (k + 2) // (k + 1) % len(CLASSES))
            images = []
            for label in labels:
                center, radius = rng.uniform(10, 22, 2), 5 + 2 * label + rng.uniform(-2, 2)
                blob = np.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / radius**2)
                colour = np.array([-60, -90, -60]) + 40 * np.eye(3)[label] + rng.normal(0, 15, 3)
                image = 170 + light + blob[..., None] * colour + rng.normal(0, 12, (32, 32, 3))
                images.append(image.clip(0, 255).astype(np.uint8))
            data[f"{name}.{split}"] = (np.stack(images), labels.astype(np.int32))
    return data


def make_initial(data):
    """A briefly trained network: its running statistics fit the images, and it tells the classes a little."""
    model = Vgg(COMMON["width"])
    for name, parameter in model.named_parameters():
        if ".bn." in name:
            nn.init.uniform_(parameter, *((0.4, 0.7) if name.endswith("weight") else (0.6, 1.2)))
    optimizer = torch.optim.SGD(model.parameters(), 0.02)
    images, labels = (torch.cat([data[f"{name}.train"][i] for name in CLIENTS]) for i in (0, 1))
    for _ in range(40):
        optimizer.zero_grad()
        cross_entropy(model((images.float() / 255 - 0.5) / 0.5), labels).backward()
        optimizer.step()
    return model.state_dict()


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    folder = Path(__file__).parent
    stored = make_data(np.random.default_rng(SEED))
    data = {
        name: (torch.tensor(images).permute(0, 3, 1, 2), torch.tensor(labels).long())
        for name, (images, labels) in stored.items()
    }
    initial = make_initial(data)
    tensors = {f"initial.{name}": tensor.contiguous() for name, tensor in initial.items()}
    for name, (images, labels) in stored.items():
        tensors[f"{name}.images"] = torch.tensor(images)
        tensors[f"{name}.labels"] = torch.tensor(labels)
    save_file(tensors, folder / "trajectories.safetensors")
    for method, own in METHODS.items():
        log = simulate(method, data, initial, torch.float64)
        starts = [nudged(initial, seed) for seed in range(FLOAT32_RUNS)]
        spread = spread_of(log, [simulate(method, data, start, torch.float32) for start in starts])
        print(method, spread)
        content = {
            "versions": {module.__name__: module.__version__ for module in (torch, np, safetensors)},
            "config": {**COMMON, **own},
            "spread": spread,
            "rounds": rounded(log),
        }
        text = json.dumps(content, separators=(",", ":"))
        (folder / f"trajectory_{method}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
