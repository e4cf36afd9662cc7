"""PFA where the server does all of it: whole weights come in, every site gets a model of its own back.

This is the reference that sites' amplitudes, their mean and each site's own phases are compared with. The server
sees whole weights here, which is what the other way avoids.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.serverapp import Grid
from flwr.serverapp.strategy import FedAvg

from .files import Tensors, from_record, to_record


def fourier_rate(round_number: int, rounds: int, initial: float) -> float:
    """Return a round's share of the frequencies: from `initial` towards 0.95."""
    return initial + (round_number / rounds) * (0.95 - initial)


def window(length: int, rate: float) -> slice:
    """Return which positions of a centred axis are averaged: half open around zero frequency."""
    center, half = length // 2, math.floor((length * rate) / 2)
    return slice(center - half, center + half)


def matrix(weight: np.ndarray) -> np.ndarray:
    """Return a convolution's weight `[O, C, kh, kw]` as the matrix `[C·kh, kw·O]`; a linear layer's as it is."""
    if weight.ndim == 2:
        return weight
    outputs, inputs, height, width = weight.shape
    return weight.transpose(1, 2, 3, 0).reshape(inputs * height, width * outputs)


def weight_of(folded: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """Undo `matrix`."""
    if len(shape) == 2:
        return folded
    outputs, inputs, height, width = shape
    return folded.reshape(inputs, height, width, outputs).transpose(3, 0, 1, 2)


def spectrum(weight: np.ndarray) -> np.ndarray:
    """Return a weight's spectrum, zero frequency in the middle, in double precision."""
    return np.fft.fftshift(np.fft.fft2(matrix(weight).astype(np.float64)))


def low_amplitudes(weight: np.ndarray, rate: float) -> np.ndarray:
    """Return what is averaged of a weight; sites send half of it, for frequencies come in pairs."""
    amplitudes = np.abs(spectrum(weight))
    rows, columns = (window(length, rate) for length in amplitudes.shape)
    return amplitudes[rows, columns]


def with_low_amplitudes(weight: np.ndarray, mean: np.ndarray, rate: float) -> np.ndarray:
    """Return what a site makes of the mean: its own phases and high frequencies, the others' amplitudes."""
    bins = spectrum(weight)
    amplitudes, phases = np.abs(bins), np.angle(bins)
    rows, columns = (window(length, rate) for length in bins.shape)
    amplitudes[rows, columns] = mean
    changed = np.fft.ifft2(np.fft.ifftshift(amplitudes * np.exp(1j * phases)))
    return weight_of(changed.real, weight.shape).astype(np.float32, order="C")


def weighted_mean(parts: Sequence[np.ndarray], shares: Sequence[float]) -> np.ndarray:
    """Return a mean in double precision; that of empty windows is empty."""
    total = sum(share * part.astype(np.float64) for share, part in zip(shares, parts, strict=True))
    return np.asarray(total) / sum(shares)


def aggregate(
    weights: Sequence[np.ndarray], rate: float, shares: Sequence[float] | None = None
) -> list[np.ndarray]:
    """Return every client's new weight of one layer."""
    parts = [low_amplitudes(weight, rate) for weight in weights]
    mean = weighted_mean(parts, shares or [1.0] * len(parts))
    return [with_low_amplitudes(weight, mean, rate) for weight in weights]


def is_normalization(name: str) -> bool:
    """Say whether PRR-FL leaves a tensor with its site: batch normalization, running statistics too."""
    return ".bn." in f".{name}."


class ProgressiveFourierAggregation(FedAvg):
    """A Strategy whose clients send whole models, and each receive another one."""

    def __init__(self, rounds: int, l_rate: float, sites: int) -> None:
        """Take the rounds of the run, the share of the first one, and how many sites there are."""
        super().__init__(
            min_train_nodes=sites,
            min_evaluate_nodes=sites,
            min_available_nodes=sites,
            weighted_by_key="weight",
        )
        self._rounds, self._l_rate = rounds, l_rate
        self.models: dict[int, Tensors] = {}

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Send every node the model that is its own."""
        messages = super().configure_train(server_round, arrays, config, grid)
        return [self._own(message) for message in messages]

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Send every node the model that is its own."""
        messages = super().configure_evaluate(server_round, arrays, config, grid)
        return [self._own(message) for message in messages]

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Make every node's new model; the arrays given back are those of the first one."""
        received = sorted(replies, key=lambda message: message.metadata.src_node_id)
        valid, _ = self._check_and_log_replies(received, is_train=True)
        if not valid:
            return None, None
        contents = [message.content for message in valid]
        models = [from_record(next(iter(content.array_records.values()))) for content in contents]
        shares = [_share(content) for content in contents]
        rate = fourier_rate(server_round - 1, self._rounds, self._l_rate)
        new = aggregate_models(models, rate, shares)
        nodes = [message.metadata.src_node_id for message in valid]
        self.models.update(zip(nodes, new, strict=True))
        metrics = self.train_metrics_aggr_fn(contents, self.weighted_by_key)
        return to_record(new[0]), metrics

    def _own(self, message: Message) -> Message:
        model = self.models.get(message.metadata.dst_node_id)
        if model is None:
            return message
        content = RecordDict(dict(message.content))
        content[self.arrayrecord_key] = to_record(model)
        return Message(
            content,
            dst_node_id=message.metadata.dst_node_id,
            message_type=message.metadata.message_type,
        )


def aggregate_models(
    models: Sequence[Mapping[str, np.ndarray]], rate: float, shares: Sequence[float]
) -> list[Tensors]:
    """Return every client's new model: PFA of matrices and kernels, means of biases, its own normalization."""
    new = [dict(model) for model in models]
    for name, first in models[0].items():
        if is_normalization(name):
            continue
        layer = [model[name] for model in models]
        if first.ndim in (2, 4):
            results = aggregate(layer, rate, shares)
        else:
            results = [weighted_mean(layer, shares).astype(np.float32)] * len(new)
        for model, result in zip(new, results, strict=True):
            model[name] = result
    return new


def _share(content: RecordDict) -> float:
    weight = next(iter(content.metric_records.values()))["weight"]
    if isinstance(weight, list):
        raise ValueError(f"the weight is a list of {len(weight)} numbers but one is expected")
    return float(weight)
