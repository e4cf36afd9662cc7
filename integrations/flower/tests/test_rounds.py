"""Whole runs of client app and server app, without a network: what goes right, and what goes wrong."""

import contextlib
import io
import json
import tempfile
import unittest
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from fake_site import act
from flwr.app import Message
from flwr.serverapp.exception import AggregationError
from local_grid import FAKE_SITE, RUN_CONFIG, LocalGrid, node_config

from prrfl_flower import site
from prrfl_flower.files import read_tensors, to_record
from prrfl_flower.journal import JournalError
from prrfl_flower.server_app import run

RUN_PROCESS = site._run_process
NAMES = ("clientA", "clientB", "clientC", "clientD")


def without_process(line: Sequence[str]) -> tuple[int, str, str]:
    """Have the fake site act at once; only a kill needs a process."""
    program = line.index(str(FAKE_SITE))
    if any(word.startswith("crash") for word in line):
        return RUN_PROCESS(line)
    return act(list(line[program + 1 :]))


class Stopped(Exception):
    """The server goes away."""


class RoundsTest(unittest.TestCase):
    """Every test has a folder of its own, with the states of four sites and that of the server."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        patch = mock.patch("prrfl_flower.site._run_process", without_process)
        patch.start()
        self.addCleanup(patch.stop)

    def grid(self, of: str = "", **trouble: str) -> LocalGrid:
        """Return four sites; `clientB="nan@1"` is trouble of one of them."""
        nodes = {
            # Numbers of nodes are not in the order of the names.
            10 * (7 - place): node_config(self.folder / f"sites{of}", name, trouble.get(name, ""))
            for place, name in enumerate(NAMES)
        }
        return LocalGrid(nodes)

    def run_server(self, grid: LocalGrid, of: str = "", **config: Any) -> str:
        """Run it to its end and return what it printed."""
        printed = io.StringIO()
        folder = str(self.folder / f"server{of}")
        with contextlib.redirect_stdout(printed):
            run(grid, {**RUN_CONFIG, "folder": folder, **config})
        return printed.getvalue()

    def lines(self, kind: str, of: str = "") -> list[dict[str, Any]]:
        text = (self.folder / f"server{of}" / "rounds.jsonl").read_text()
        entries = [json.loads(line) for line in text.splitlines()]
        return [entry for entry in entries if entry["type"] == kind]

    def mean(self, of: str = "") -> dict[str, np.ndarray]:
        return read_tensors(self.folder / f"server{of}" / "mean.safetensors", "prrfl-mean")[0]

    def round_of(self, name: str, of: str = "") -> int:
        state = json.loads((self.folder / f"sites{of}" / name / "state.json").read_text())
        return int(state["round"])

    def test_a_run_averages_every_round_and_prints_it(self) -> None:
        printed = self.run_server(self.grid())
        self.assertEqual([line["round"] for line in self.lines("averaged")], [0, 1, 2])
        self.assertEqual([line["round"] for line in self.lines("evaluated")], [0, 1, 2])
        self.assertEqual(len(self.lines("trained")), 12)
        self.assertIn("deputy  52.0 →  51.0 (-1.00)", printed)
        self.assertRegex(printed, r"2 +4 +[\d.]+ +\+0\.00 +-1\.00")
        self.assertEqual(self.lines("failed"), [])

    def test_the_mean_does_not_depend_on_who_is_first(self) -> None:
        self.run_server(self.grid())
        other = self.grid("2")
        other.backwards = True
        self.run_server(other, "2")
        for name, tensor in self.mean().items():
            np.testing.assert_array_equal(tensor, self.mean("2")[name])

    def test_nothing_of_a_site_but_its_report_goes_out(self) -> None:
        self.run_server(self.grid())
        noted = (self.folder / "server" / "rounds.jsonl").read_text()
        self.assertNotIn(str(self.folder / "sites"), noted)
        self.assertNotIn("state", self.lines("trained")[0])

    def test_a_NaN_is_left_out_by_name_and_the_others_are_averaged(self) -> None:
        printed = self.run_server(self.grid(clientB="nan@1"))
        self.assertIn(
            "round 1: clientB is left out of train: 1 of the 4 numbers of its fc.bias", printed
        )
        averaged = self.lines("averaged")
        self.assertEqual(averaged[1]["sites"], ["clientA", "clientC", "clientD"])
        self.assertEqual(averaged[2]["sites"], list(NAMES))
        self.assertTrue(all(np.isfinite(tensor).all() for tensor in self.mean().values()))

    def test_tampered_messages_are_left_out(self) -> None:
        printed = self.run_server(self.grid(clientC="shape@1", clientD="agreement@2"))
        self.assertIn(
            "round 1: clientC is left out of train: its tensors have other names", printed
        )
        self.assertIn("round 2: clientD is left out of train: its settings, classes or", printed)

    def test_a_site_that_refuses_is_named_without_its_paths(self) -> None:
        printed = self.run_server(self.grid(clientA="refuse@1"))
        self.assertIn(
            'clientA is left out of train: site train ended with 2: error: cannot read image "…" of …',
            printed,
        )
        self.assertNotIn("Doe", printed)
        self.assertNotIn(str(self.folder / "sites"), printed)
        self.assertEqual(self.round_of("clientA"), 3)

    def test_a_killed_site_comes_back_in_the_next_round(self) -> None:
        printed = self.run_server(self.grid(clientD="crash@1"))
        self.assertIn("round 1: clientD is left out of train: site train ended with -9", printed)
        self.assertEqual(self.lines("averaged")[2]["sites"], list(NAMES))

    def test_a_site_that_prints_something_else_is_left_out(self) -> None:
        printed = self.run_server(self.grid(clientD="garbage@0"))
        self.assertIn("node 40 is left out" if "node 40" in printed else "registered40", printed)
        self.assertIn("site train printed no line of JSON", printed)

    def test_a_site_may_be_away_for_a_round(self) -> None:
        grid = self.grid()
        grid.away = {("train", 1): {70}, ("evaluate", 1): {70}}
        printed = self.run_server(grid)
        self.assertIn("round 1: clientA is left out of train: it did not answer in time", printed)
        self.assertEqual(self.lines("averaged")[1]["sites"], ["clientB", "clientC", "clientD"])
        self.assertEqual(self.lines("averaged")[2]["sites"], list(NAMES))

    def test_a_site_whose_connection_is_lost_is_named(self) -> None:
        grid = self.grid()
        grid.lost = {("train", 1): {60}, ("evaluate", 2): {60}}
        printed = self.run_server(grid)
        self.assertIn("round 1: clientB is left out of train: its connection is lost", printed)
        self.assertIn("round 2: clientB is left out of evaluate: its connection is lost", printed)
        self.assertEqual(len(self.lines("failed")), 2)

    def test_too_few_sites_end_the_run_and_it_goes_on_with_the_same_round(self) -> None:
        grid = self.grid()
        grid.away = {("train", 1): {70, 60, 50}}
        with self.assertRaisesRegex(AggregationError, "round 1: 1 usable messages but at least 2"):
            self.run_server(grid)
        grid.away = {}
        self.assertIn("going on with round 1 of 3", self.run_server(grid))
        self.run_server(self.grid("2"), "2")
        for name, tensor in self.mean("2").items():
            np.testing.assert_array_equal(tensor, self.mean()[name])

    def test_a_server_that_stops_anywhere_goes_on_to_the_same_end(self) -> None:
        self.run_server(self.grid("0"), "0")
        for number, step in enumerate(
            [("train", 1), ("evaluate", 1), ("train", 2), ("evaluate", 2)], 1
        ):
            with self.subTest(step=step):
                grid = self.grid(str(number))
                grid.before = [lambda now, _, step=step: self.stop_at(now, step)]
                with self.assertRaises(Stopped):
                    self.run_server(grid, str(number))
                grid.before = []
                self.run_server(grid, str(number))
                for name, tensor in self.mean("0").items():
                    np.testing.assert_array_equal(tensor, self.mean(str(number))[name])
                done = [line["round"] for line in self.lines("evaluated", str(number))]
                self.assertEqual(done, [0, 1, 2])
                self.assertIn("all 3 rounds are done", self.run_server(grid, str(number)))

    def stop_at(self, now: tuple[str, int], step: tuple[str, int]) -> None:
        if now == step:
            raise Stopped

    def test_a_folder_of_another_run_is_not_gone_on_with(self) -> None:
        self.run_server(self.grid())
        with self.assertRaisesRegex(JournalError, "holds a run of other settings"):
            self.run_server(self.grid(), seed=2)
        with self.assertRaisesRegex(JournalError, "first-round is 1 but the last mean"):
            self.run_server(self.grid(), **{"first-round": 1})
        (self.folder / "server" / "mean.safetensors").write_bytes(b"nothing")
        with self.assertRaisesRegex(JournalError, "cannot be gone on with"):
            self.run_server(self.grid())

    def test_sites_made_with_other_settings_refuse(self) -> None:
        self.run_server(self.grid())
        with self.assertRaisesRegex(AggregationError, "round 0: 0 usable messages"):
            self.run_server(self.grid(), "2", seed=2)
        whys = {line["why"] for line in self.lines("failed", "2")}
        self.assertEqual(whys, {"site init ended with 2: error: … was made with other settings"})

    def test_sites_that_disagree_at_the_start_end_the_run(self) -> None:
        with self.assertRaisesRegex(AggregationError, "do not agree .* clientB has 0123456789ab"):
            self.run_server(self.grid(clientB="agreement@0"))

    def test_two_sites_of_one_name_end_the_run(self) -> None:
        grid = self.grid()
        grid.contexts[70].node_config["client"] = "clientB"
        with self.assertRaisesRegex(AggregationError, "2 sites call their client clientB"):
            self.run_server(grid)

    def test_a_mean_that_was_tampered_with_is_refused_by_the_site(self) -> None:
        grid = self.grid()
        grid.before = [self.tamper]
        printed = self.run_server(grid)
        self.assertIn(
            "round 1: clientA is left out of train: site train ended with 2: error: the mean",
            printed,
        )
        self.assertEqual(self.round_of("clientA"), 3)

    def tamper(self, step: tuple[str, int], messages: list[Message]) -> None:
        if step == ("train", 1):
            content = messages[-1].content.copy()
            content["config"] = content["config"].copy()
            content["config"]["agreement"] = "f" * 64
            messages[-1].content = content

    def test_a_mean_of_no_numbers_stays_outside(self) -> None:
        grid = self.grid()
        grid.before = [self.empty]
        self.assertIn("the server sent no mean of round 0", self.run_server(grid))

    def empty(self, step: tuple[str, int], messages: list[Message]) -> None:
        if step == ("evaluate", 0):
            content = messages[0].content.copy()
            content["arrays"] = to_record({})
            messages[0].content = content


if __name__ == "__main__":
    unittest.main()
