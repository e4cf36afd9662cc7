"""What a server can make a site do, and what of a site can leave it."""

import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path

from flwr.app import ConfigRecord, Context, Message, RecordDict
from local_grid import RUN_CONFIG, node_config

from prrfl_flower.client_app import app
from prrfl_flower.report import ReportError, train_report
from prrfl_flower.settings import SETTINGS, SettingError, checked_settings, digest, flags
from prrfl_flower.site import Site, SiteError

PROJECT = Path(__file__).parents[1]


class SettingsTest(unittest.TestCase):
    """Settings come from the server."""

    def test_every_setting_becomes_one_flag_of_its_value(self) -> None:
        words = flags(checked_settings(RUN_CONFIG))
        self.assertEqual(len(words), len(SETTINGS) - 3)  # those of FML and FedProx
        self.assertIn("--wk_iters=2", words)
        self.assertIn("--wd=1e-06", words)
        self.assertTrue(all(word.startswith("--") and "=" in word for word in words))

    def test_what_is_no_setting_of_the_method_is_not_said(self) -> None:
        words = flags(checked_settings({**RUN_CONFIG, "method": "fedavg"}))
        self.assertFalse([word for word in words if "alpha" in word or "l_rate" in word])

    def test_values_of_other_types_names_and_ranges_are_refused(self) -> None:
        for name, value in [
            ("network", "/tmp/own.ts"),
            ("method", "--data=/etc"),
            ("rounds", 0),
            ("rounds", True),
            ("rounds", 2.5),
            ("rounds", "3"),
            ("learning-rate", float("nan")),
            ("learning-rate", float("inf")),
            ("width", -1.0),
            ("l-rate", 1.01),
            ("seed", 2**40),
        ]:
            with self.subTest(name=name, value=value), self.assertRaisesRegex(SettingError, name):
                checked_settings({**RUN_CONFIG, name: value})

    def test_a_missing_setting_is_named(self) -> None:
        some = {key: value for key, value in RUN_CONFIG.items() if key != "width"}
        with self.assertRaisesRegex(SettingError, "lacks width"):
            checked_settings(some)

    def test_a_digest_tells_settings_apart(self) -> None:
        settings = checked_settings(RUN_CONFIG)
        self.assertEqual(digest(settings), digest(checked_settings({**RUN_CONFIG, "folder": "x"})))
        self.assertNotEqual(digest(settings), digest({**settings, "alpha1": 0.6}))


class NodeConfigTest(unittest.TestCase):
    """Command and folders are the site's own business."""

    def test_a_message_cannot_choose_command_or_folders(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            context = Context(1, 2, node_config(Path(folder), "clientA"), RecordDict(), {})
            words = {
                **{name: RUN_CONFIG[name] for name in SETTINGS},
                "round": 0,
                "site-command": f"touch {folder}/touched",
                "state": f"{folder}/elsewhere",
                "data": "/etc",
            }
            content = RecordDict({"config": ConfigRecord(words)})
            reply = app(Message(content, dst_node_id=2, message_type="train"), context)
            self.assertFalse(reply.has_error(), reply)
            self.assertEqual({file.name for file in Path(folder).iterdir()}, {"clientA"})

    def test_a_node_config_is_checked(self) -> None:
        for config, words in [
            ({"state": "x"}, "site-command is missing"),
            ({"site-command": "x"}, "state is missing"),
            ({"site-command": "x", "state": "y"}, "data is missing"),
            ({"site-command": "x", "state": "y", "dta": "z"}, "unknown dta"),
            ({"site-command": "x", "state": "y", "data": "z", "place": "1"}, "place is '1'"),
        ]:
            with self.subTest(words=words), self.assertRaisesRegex(SiteError, words):
                Site.from_node_config(config)

    def test_a_command_is_split_into_words_and_never_seen_by_a_shell(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            command = f"{sys.executable} -c 'import sys; print(sys.argv)' ; touch {folder}/touched"
            site = Site.from_node_config({"site-command": command, "state": folder, "data": "demo"})
            with self.assertRaisesRegex(SiteError, "printed no line of JSON"):
                site.init([])
            self.assertEqual(list(Path(folder).iterdir()), [])

    def test_a_data_folder_that_is_gone_is_said_without_its_name(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            config = node_config(Path(folder), "clientA", data="/hospital/Smith, J/images")
            site = Site.from_node_config(config)
            with self.assertRaisesRegex(SiteError, "error: there is no folder …$"):
                site.init(flags(checked_settings(RUN_CONFIG)))

    def test_paths_are_left_out_of_sentences(self) -> None:
        site = Site(("x",), Path("/srv/state"), data="C:\\images of Doe")
        for text, left in [
            ("cannot read /srv/state/config.json (gone)", "cannot read … (gone)"),
            ('no "C:\\images of Doe\\x.png" here', 'no "…" here'),
            ("client of 'ward 3/Doe, J/a b.png' is odd", "client of '…' is odd"),
            ("doe-1975.png has 0 bytes", "… has 0 bytes"),
            ("f1 is 0.5, 3 of 4 rounds", "f1 is 0.5, 3 of 4 rounds"),
        ]:
            with self.subTest(text=text):
                self.assertEqual(site.without_paths(text), left)
        short = Site(("x",), Path("C"), data="demo")
        self.assertEqual(short.without_paths("Cannot read C: C is gone"), "Cannot read …: … is gone")


class ReportTest(unittest.TestCase):
    """A report holds known words and numbers."""

    def test_a_report_is_checked_and_the_rest_of_the_line_dropped(self) -> None:
        event = {
            **{"client": "a", "agreement": "0a", "round": 1, "rate": None, "weight": 1},
            **{"trainImages": 3, "stages": [1], "loss": {"x": 1.5}, "test": {"x": {"f1": None}}},
        }
        self.assertEqual(train_report({**event, "folder": "/srv"}), {**event, "weight": 1.0})
        for key, value in [
            ("client", "a\nb"),
            ("weight", 0),
            ("stages", "4"),
            ("loss", {"x": "y"}),
        ]:
            with self.subTest(key=key), self.assertRaisesRegex(ReportError, key):
                train_report({**event, key: value})


class ProcessTest(unittest.TestCase):
    """A site's process does not outlive the ClientApp that started it."""

    def test_a_signal_ends_the_site_too(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            pid_file = Path(folder, "pid")
            child = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
            program = f"""
                import signal, sys, threading
                sys.path.insert(0, {str(PROJECT)!r})
                from prrfl_flower.site import Site
                signal.signal(signal.SIGINT, lambda *_: sys.exit(1))

                # As Flower does it, when the process above this one is gone.
                def end():
                    sys.stdin.read()
                    signal.raise_signal(signal.SIGINT)

                threading.Thread(target=end, daemon=True).start()
                Site(({sys.executable!r}, "-c", {child!r}), {folder!r}, "demo").init([])
            """
            line = [sys.executable, "-c", textwrap.dedent(program)]
            parent = subprocess.Popen(line, stdin=subprocess.PIPE)
            pid = self.read_when_there(pid_file)
            parent.communicate()
            self.assertEqual(parent.returncode, 1)
            self.assertFalse(Path(f"/proc/{pid}").exists())

    def read_when_there(self, file: Path) -> int:
        for _ in range(600):
            if file.exists() and file.read_text():
                return int(file.read_text())
            time.sleep(0.05)
        self.fail("the site did not start")


if __name__ == "__main__":
    unittest.main()
