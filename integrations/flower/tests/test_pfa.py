"""The server-side formula of PFA, against the official function's numbers and against what sites do."""

import json
import os
import unittest
from pathlib import Path

import numpy as np
from flwr.app import Message, MetricRecord, RecordDict
from safetensors.numpy import load_file

from prrfl_flower.files import from_record, to_record
from prrfl_flower.pfa_strategy import (
    ProgressiveFourierAggregation,
    aggregate,
    fourier_rate,
    low_amplitudes,
    matrix,
    window,
    with_low_amplitudes,
)

GOLDEN = Path(os.environ.get("PRRFL_GOLDEN") or Path(__file__).parents[4] / "shared/golden") / "pfa"
CASES = sorted(GOLDEN.glob("conv_*.json")) + sorted(GOLDEN.glob("linear_*.json"))


@unittest.skipUnless(CASES, "the golden vectors are missing")
class OfficialTest(unittest.TestCase):
    """The official function divides by four, which is what four clients of equal weight do."""

    def test_layers_of_four_clients(self) -> None:
        compared = 0
        for description in CASES:
            tensors = load_file(description.with_suffix(".safetensors"))
            for case in json.loads(description.read_text())["cases"]:
                with self.subTest(file=description.stem, case=case["output_prefix"]):
                    weights = [tensors[name] for name in inputs_of(case, tensors)]
                    results = aggregate(weights, case["L"])
                    for client in case["stored_clients"]:
                        expected = tensors[f"{case['output_prefix']}{client}"]
                        # Both compute in double precision and round once.
                        np.testing.assert_allclose(results[client], expected, rtol=1e-6, atol=1e-7)
                        compared += 1
        self.assertGreater(compared, 50)

    def test_rates_and_windows_of_a_whole_run(self) -> None:
        schedule = json.loads((GOLDEN / "schedule.json").read_text())
        for run in schedule["schedules"]:
            for entry in run["rounds"]:
                rate = fourier_rate(entry["a_iter"], run["iters"], run["l_rate"])
                self.assertEqual(rate, entry["rate"])
                for layer, halves in zip(schedule["layers"], entry["b"], strict=True):
                    for length, half in zip(layer["folded"], halves, strict=True):
                        found = window(length, rate)
                        center = length // 2
                        self.assertEqual((found.start, found.stop), (center - half, center + half))


def inputs_of(case: dict[str, object], tensors: dict[str, np.ndarray]) -> list[str]:
    names = [f"in.c{client}" for client in range(4)]
    if case["variant"] == "client0zero":
        return ["client0zero.in.c0", *names[1:]]
    if case["variant"] == "identical":
        return [names[0]] * 4
    return names


class StrategyTest(unittest.TestCase):
    """What sites send and take gives what a server with whole weights computes."""

    def setUp(self) -> None:
        random = np.random.default_rng(1)
        shapes = {
            "layer1.0.conv.weight": (4, 3, 3, 3),
            "layer1.0.bn.weight": (4,),
            "layer1.0.bn.running_mean": (4,),
            "fc1.linear.weight": (6, 8),
            "fc1.linear.bias": (6,),
        }
        self.models = [
            {name: random.standard_normal(shape, np.float32) for name, shape in shapes.items()}
            for _ in range(3)
        ]
        self.shares = [1.0, 2.0, 5.0]

    def replies(self) -> list[Message]:
        messages = []
        for node, (model, share) in enumerate(zip(self.models, self.shares, strict=True)):
            asked = Message(RecordDict(), dst_node_id=node, message_type="train")
            metrics = MetricRecord({"weight": share})
            content = RecordDict({"arrays": to_record(model), "metrics": metrics})
            messages.append(Message(content, reply_to=asked))
        return messages[::-1]

    def test_amplitudes_mean_and_own_phases_give_the_same_models(self) -> None:
        strategy = ProgressiveFourierAggregation(rounds=10, l_rate=0.5, sites=3)
        strategy.aggregate_train(4, self.replies())
        rate = fourier_rate(3, 10, 0.5)
        self.assertEqual(sorted(strategy.models), [0, 1, 2])
        for name in ("layer1.0.conv.weight", "fc1.linear.weight"):
            sent = [low_amplitudes(model[name], rate) for model in self.models]
            mean = np.average(sent, axis=0, weights=self.shares)
            for node, model in enumerate(self.models):
                taken = with_low_amplitudes(model[name], mean, rate)
                np.testing.assert_allclose(strategy.models[node][name], taken, rtol=0, atol=1e-6)
                self.assertGreater(np.abs(taken - model[name]).max(), 0.01)

    def test_biases_are_averaged_and_normalization_stays(self) -> None:
        strategy = ProgressiveFourierAggregation(rounds=10, l_rate=0.5, sites=3)
        arrays, _ = strategy.aggregate_train(1, self.replies())
        bias = np.average(
            [model["fc1.linear.bias"] for model in self.models], axis=0, weights=self.shares
        )
        for node, model in enumerate(self.models):
            np.testing.assert_allclose(strategy.models[node]["fc1.linear.bias"], bias, rtol=1e-6)
            for name in ("layer1.0.bn.weight", "layer1.0.bn.running_mean"):
                np.testing.assert_array_equal(strategy.models[node][name], model[name])
        self.assertEqual(set(from_record(arrays)), set(self.models[0]))

    def test_a_kernel_is_folded_rows_by_input_and_columns_by_output(self) -> None:
        weight = np.arange(2 * 3 * 2 * 2).reshape(2, 3, 2, 2)
        self.assertEqual(matrix(weight)[2 * 2 + 1, 1 * 2 + 1], weight[1, 2, 1, 1])


if __name__ == "__main__":
    unittest.main()
